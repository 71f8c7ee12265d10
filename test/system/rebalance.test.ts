import assert from "node:assert/strict";
import { until, useCluster } from "./cluster.ts";
import type { SwarmProcess } from "./swarm-process.ts";

const SLEEP = "exec sleep 3600";
const ON_WORKERS = { Placement: { Constraints: ["node.role==worker"] } };

interface Moves {
  readonly Moves: readonly { readonly State: string; readonly Reason: string }[];
}

describe("rebalancing a cluster", function () {
  const cluster = useCluster(3, 2);

  const onNode = async (node: SwarmProcess, service: string): Promise<number> => {
    const { ID } = await cluster.object(node);
    const wanted = await cluster.tasks(service, { "desired-state": ["running"] });
    return wanted.filter((task) => task.NodeID === ID && task.Status.State === "running").length;
  };

  /** A service whose four processes are all on w1 when w2 takes tasks again. */
  const lopsided = async (name: string, delayNs = 0): Promise<void> => {
    const w2 = cluster.node("w2");
    await cluster.changeNode(w2, { Availability: "pause" });
    const spec = { UpdateConfig: { Parallelism: 1, Delay: delayNs } };
    await cluster.create(name, { script: SLEEP, replicas: 4, template: ON_WORKERS, spec });
    await cluster.running(name, 4);
    await cluster.changeNode(w2, { Availability: "active" });
  };
  const states = async (): Promise<readonly string[]> => {
    const { Moves } = await (await cluster.manager()).get<Moves>("/skep/v1/moves");
    return Moves.map(({ State, Reason }) => `${State} ${Reason}`.trim());
  };
  const remove = async (name: string): Promise<void> => {
    await cluster.removeService(name);
    await cluster.noProcesses();
  };

  it("moves tasks to a node that came back, and never runs fewer", async () => {
    await lopsided("web");
    const dry = await (await cluster.manager()).swarm("service", "rebalance", "--dry-run");
    assert.equal(dry.code, 0, dry.err);
    assert.equal(dry.out.match(/^web\.\d +w1 +w2 +waiting/gm)?.length, 2, dry.out);
    assert.deepEqual(await states(), []);

    let isOver = false;
    let least = Infinity;
    const moving = (await cluster.manager()).swarm("service", "rebalance", "web");
    void moving.finally(() => (isOver = true));
    await until("the command has ended", async () => {
      const running = await cluster.tasks("web", { "desired-state": ["running"] });
      const count = running.filter((task) => task.Status.State === "running").length;
      least = Math.min(least, count);
      return isOver || undefined;
    });
    const { code, out, err } = await moving;
    assert.equal(code, 0, err);
    assert.match(out, /2 of 2 tasks moved/);
    assert.equal(least, 4, "tasks that run all the time");
    assert.equal(await onNode(cluster.node("w2"), "web"), 2);
    await cluster.running("web", 4);
    const again = await (await cluster.manager()).swarm("service", "rebalance");
    assert.match(again.out, /Nothing to move/);
    await remove("web");
  });

  it("goes on when the leader is killed on the way", async () => {
    await lopsided("slow", 3e9);
    const leader = await cluster.leader();
    const asked = await leader.post<Moves>("/skep/v1/services/rebalance", {});
    assert.equal(asked.Moves.length, 2);
    await leader.stop("SIGKILL");
    await until("the tasks are moved", async () => {
      assert.deepEqual(await states(), ["done", "done"]);
      return true;
    });
    assert.equal(await onNode(cluster.node("w2"), "slow"), 2);
    leader.start();
    await cluster.allReady();
    await remove("slow");
  });
});
