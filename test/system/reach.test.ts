import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { useCluster } from "./cluster.ts";
import { SWARM, type SwarmProcess } from "./swarm-process.ts";

const SLEEP = "exec sleep 3600";

describe("reach into running tasks", function () {
  this.timeout(60_000);
  const cluster = useCluster(3, 1);

  /** Runs `swarm ARGS` against a node with something to read. */
  async function feed(node: SwarmProcess, input: string, ...args: string[]) {
    const child = spawn(process.execPath, [SWARM, "-H", `unix://${node.socket}`, ...args]);
    const out: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stdin.end(input);
    const [code] = (await once(child, "close")) as [number | null];
    return { code, out: Buffer.concat(out).toString() };
  }

  before(async () => {
    const env = ["COLOUR=green"];
    await cluster.create("web", { script: SLEEP, mode: { Global: {} }, env });
    await cluster.running("web", 4);
  });

  it("runs a command in a task of any node, asked of any manager", async () => {
    const follower = await cluster.manager(await cluster.leader());
    for (const name of ["w1", follower.name]) {
      const { ID } = await cluster.object(cluster.node(name));
      const script = 'echo "$COLOUR $SKEP_TASK_ID"; echo wrong >&2; exit 7';
      const run = await follower.swarm("service", "exec", "--node", ID, "web", "sh", "-c", script);
      const [task] = (await cluster.tasks("web")).filter((one) => one.NodeID === ID);
      assert.equal(run.out, `green ${task?.ID}\n`);
      assert.equal(run.err, "wrong\n");
      assert.equal(run.code, 7);
    }
  });

  it("passes input and a megabyte of output through", async () => {
    const leader = await cluster.leader();
    const text = "0123456789abcdef".repeat(64 * 1024);
    const run = await feed(leader, text, "service", "exec", "-i", "web", "--", "cat");
    assert.equal(run.code, 0);
    assert.equal(run.out.length, text.length);
    assert.equal(run.out, text);
  });

  it("tells by the exit status that there is no such command, or that it is none", async () => {
    const leader = await cluster.leader();
    assert.equal((await leader.swarm("service", "exec", "web", "nosuch")).code, 127);
    assert.equal((await leader.swarm("service", "exec", "web", "/etc/passwd")).code, 126);
    const missing = await leader.swarm("service", "exec", "nosuch", "true");
    assert.deepEqual([missing.code, missing.err], [1, "swarm: no such task or service: nosuch\n"]);
  });

  it("notes it in a file that only the swarmd's user reads", async () => {
    const leader = await cluster.leader();
    const args = ["service", "exec", "-e", "PASSWORD=hunter2", "web", "sh", "-c", "exit 3"];
    await leader.swarm(...args);
    const file = path.join(leader.dir, "audit.log");
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    const text = fs.readFileSync(file, "utf8");
    const last = JSON.parse(text.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
    assert.deepEqual([last["event"], last["action"], last["exitCode"]], ["end", "exec", 3]);
    assert.ok(!text.includes("hunter2"));
  });
});
