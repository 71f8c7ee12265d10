import assert from "node:assert/strict";
import { until, useCluster, type SystemTask } from "./cluster.ts";

describe("a replica with sticky volumes", function () {
  this.timeout(240_000);
  const cluster = useCluster(1, 2);

  const wanted = async (): Promise<SystemTask | undefined> => {
    const [task] = await cluster.tasks("db", { "desired-state": ["running", "ready"] });
    return task;
  };
  const nodeOf = async (name: string): Promise<string> =>
    (await cluster.object(cluster.node(name))).ID;
  const runsOn = (name: string): Promise<void> =>
    until(`the replica runs on ${name}`, async () => {
      const [task] = await cluster.running("db", 1);
      assert.equal(task?.NodeID, await nodeOf(name));
      return true;
    }).then(() => {});
  /** The replica waits for its node, and `task why` says so. */
  const waits = async (reason: string, change: string): Promise<void> => {
    const task = await until("the replica waits", async () => {
      const found = await wanted();
      assert.equal(found?.Status.State, "pending", found?.Status.State);
      assert.match(found.Status.Err ?? "", /volumes of the replica are not on 1 node/);
      assert.ok(found.Status.Err?.includes(reason), found.Status.Err);
      return found;
    });
    const { code, out } = await (await cluster.manager()).swarm("task", "why", task.ID);
    assert.equal(code, 0, out);
    assert.match(out, /volumes on another node/);
    assert.match(out, new RegExp(`It would fit if you: ${change}`));
  };

  it("waits for the node that holds them, and is free when that is removed", async () => {
    await cluster.create("db", {
      script: "exec sleep 3600",
      spec: { Labels: { "skep.runtime": "process", "skep.volume": "sticky" } },
      template: { Placement: { Constraints: ["node.role==worker"] } },
    });
    const [first] = await cluster.running("db", 1);
    const [home, other] = first?.NodeID === (await nodeOf("w1")) ? ["w1", "w2"] : ["w2", "w1"];

    await cluster.changeNode(cluster.node(home), { Availability: "drain" });
    await waits("1 node not available", `activate node ${home}`);
    await cluster.changeNode(cluster.node(home), { Availability: "active" });
    await runsOn(home);

    const { ID } = await cluster.object(cluster.node(home));
    await cluster.node(home).stop("SIGKILL");
    await waits("1 node not available", `bring node ${home} up`);
    const manager = await cluster.manager();
    await manager.delete(`/nodes/${ID}?force=1`);
    await runsOn(other);
  });
});
