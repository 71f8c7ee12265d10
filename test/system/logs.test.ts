import assert from "node:assert/strict";
import { until, useCluster } from "./cluster.ts";

const TICKS = "i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.2; done";
const NODES = ["m1", "w1", "w2"];
/** `web.NODE.TASK@HOST | tick N`, as the follower shows it. */
const LINE = /^web\.\w+\.(\w+)@(\w+) +\| tick (\d+)$/gm;

/** Which ticks of each task were shown, and where it ran. */
function ticksOf(text: string): Map<string, { readonly host: string; readonly ticks: number[] }> {
  const found = new Map<string, { readonly host: string; readonly ticks: number[] }>();
  for (const [, task = "", host = "", tick] of text.matchAll(LINE)) {
    const known = found.get(task) ?? { host, ticks: [] };
    known.ticks.push(Number(tick));
    found.set(task, known);
  }
  return found;
}

const hostsIn = (text: string): string[] =>
  [...new Set([...ticksOf(text).values()].map(({ host }) => host))].sort();

describe("logs of a service on several nodes", function () {
  const cluster = useCluster(1, 2);

  before(async () => {
    await cluster.create("web", { script: TICKS, mode: { Global: {} } });
    await cluster.running("web", NODES.length);
  });

  it("come from every node, or of one task by the name that people see", async () => {
    const manager = await cluster.manager();
    await until("every task has said something", async () => {
      const all = await manager.swarm("service", "logs", "web");
      assert.deepEqual([all.code, all.err], [0, ""]);
      return hostsIn(all.out).length === NODES.length ? true : undefined;
    });
    const { ID } = await cluster.object(cluster.node("w2"));
    const one = await manager.swarm("task", "logs", "--tail", "2", `web.${ID}`);
    assert.equal(one.code, 0, one.err);
    assert.deepEqual(hostsIn(one.out), ["w2"]);
    assert.equal(one.out.split("\n").length, 3, one.out);
  });

  it("are what there is, with a warning, while a node is away", async () => {
    const manager = await cluster.manager();
    const away = cluster.node("w1");
    const { ID } = await cluster.object(away);
    away.freeze();
    try {
      const partial = await manager.swarm("service", "logs", "web");
      assert.equal(partial.code, 1);
      assert.match(partial.err, new RegExp(`^swarm: warning: incomplete log stream.*node ${ID} `));
      const hosts = hostsIn(partial.out);
      assert.ok(hosts.includes("m1") && hosts.includes("w2"), partial.out);
    } finally {
      away.thaw();
    }
  });

  it("tell a follower that a node went away, and go on when it is back, each line once", async () => {
    const manager = await cluster.manager();
    const away = cluster.node("w1");
    const { ID } = await cluster.object(away);
    const linesOfW1 = (text: string): number =>
      [...ticksOf(text).values()]
        .filter(({ host }) => host === "w1")
        .reduce((sum, { ticks }) => sum + ticks.length, 0);
    const command = manager.follow("service", "logs", "-f", "--tail", "1", "web");
    try {
      await until("lines of every node come", async () =>
        hostsIn(command.text()).length === NODES.length ? true : undefined,
      );
      away.freeze();
      await until("the follower is warned", async () =>
        command.text().includes(`for the following reasons: node ${ID} `) ? true : undefined,
      );
      const before = linesOfW1(command.text());
      away.thaw();
      await until("lines of the node come again", async () =>
        linesOfW1(command.text()) > before + 3 ? true : undefined,
      );
    } finally {
      away.thaw();
      await command.stop();
    }
    for (const [task, { ticks }] of ticksOf(command.text())) {
      const [first = 0] = ticks;
      assert.deepEqual(
        ticks,
        ticks.map((_, i) => first + i),
        `every tick of task ${task} once and in order`,
      );
    }
  });
});
