import assert from "node:assert/strict";
import path from "node:path";
import { RunningCommand } from "./swarm-process.ts";
import { until, useCluster } from "./cluster.ts";

const EXAMPLE = path.join(import.meta.dirname, "../../docs/examples/external-scheduler.ts");
const SLEEP = "exec sleep 3600";

describe("an external scheduler", function () {
  const cluster = useCluster(3, 1);
  let example: RunningCommand | undefined;
  afterEach(async function () {
    if (this.currentTest?.state === "failed") console.error(example?.text());
    await example?.stop();
  });

  /** Processes that wait for the scheduler of docs/examples, which wants three of them at once. */
  const gang = (name: string, replicas: number) =>
    cluster.create(name, {
      script: SLEEP,
      replicas,
      spec: { Labels: { "skep.runtime": "process", "skep.scheduler": "gang", "gang.size": "3" } },
    });
  const waiting = (name: string, count: number) =>
    until(`${count} tasks of ${name} wait for their scheduler`, async () => {
      const tasks = await cluster.tasks(name, { "desired-state": ["running"] });
      const reasons = tasks.map(({ NodeID, Status }) => (NodeID ? "" : Status.Err));
      assert.deepEqual(reasons, Array(count).fill('waiting for the scheduler "gang"'));
      return true;
    });

  it("places what is left to it, across a change of leader", async () => {
    await gang("web", 3);
    await waiting("web", 3);
    // Not the leader's: it is told where the leader is.
    const leader = await cluster.leader();
    const manager = cluster.nodes.find((node) => node !== leader && node.name.startsWith("m"));
    assert.ok(manager);
    example = new RunningCommand(["--import=tsx", EXAMPLE, manager.dir, "gang"]);
    await cluster.running("web", 3);
    assert.match(example.text(), /: placed/);

    await gang("few", 2);
    await waiting("few", 2);
    await leader.stop("SIGTERM");
    await cluster.running("web", 3);
    await gang("more", 3);
    await cluster.running("more", 3);
    await waiting("few", 2);
    leader.start();
    await cluster.allReady();
  });
});
