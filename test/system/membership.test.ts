import assert from "node:assert/strict";
import { until, useCluster, type NodeInfo } from "./cluster.ts";
import type { SwarmProcess } from "./swarm-process.ts";

const WORKER_TEXT = /This node is not a swarm manager/;

describe("members of a swarm", function () {
  const cluster = useCluster(3, 1);

  const info = async (node: SwarmProcess): Promise<NodeInfo["Swarm"]> =>
    (await node.get<NodeInfo>("/info")).Swarm;

  /** Resolves when the node answers for the swarm, or does no more. */
  const controls = (node: SwarmProcess, wanted: boolean): Promise<boolean> =>
    until(`${node.name} is ${wanted ? "a" : "no"} manager`, async () => {
      const found = await info(node);
      assert.equal(found.LocalNodeState, "active");
      return found.ControlAvailable === wanted ? true : undefined;
    });

  const write = async (name: string): Promise<void> => {
    const body = { Name: name, Labels: {}, Data: Buffer.from(name).toString("base64") };
    await (await cluster.manager()).post("/configs/create", body);
  };

  before(async () => {
    await cluster.create("web", { script: "exec sleep 3600", mode: { Global: {} } });
    await cluster.running("web", 4);
  });

  it("a worker that is promoted becomes a manager, its tasks go on", async () => {
    const worker = cluster.node("w1");
    const before = await cluster.running("web", 4);
    const run = await (await cluster.leader()).swarm("node", "promote", "w1");
    assert.equal(run.code, 0, run.err);
    await controls(worker, true);
    await cluster.allReady(4);
    assert.equal((await worker.get<unknown[]>("/nodes")).length, 4);
    const after = await cluster.running("web", 4);
    assert.deepEqual(after.map((t) => t.ID).sort(), before.map((t) => t.ID).sort());
  });

  it("a manager that is demoted becomes a worker and refuses managers' work", async () => {
    const worker = cluster.node("w1");
    const run = await (await cluster.leader()).swarm("node", "demote", "w1");
    assert.equal(run.code, 0, run.err);
    await controls(worker, false);
    await assert.rejects(worker.get("/services"), WORKER_TEXT);
    await cluster.allReady(3);
    await cluster.running("web", 4);
  });

  it("the leader itself can be demoted, and promoted again", async () => {
    const leader = await cluster.leader();
    await cluster.changeNode(leader, { Role: "worker" });
    await controls(leader, false);
    await cluster.allReady(2);
    await write("after-the-leader-was-demoted");
    await cluster.changeNode(leader, { Role: "manager" });
    await controls(leader, true);
    await cluster.allReady(3);
    await write("after-it-was-promoted");
  });

  it("a token that was rotated admits nobody, the new one does", async () => {
    const old = cluster.tokens.Worker;
    const leader = await cluster.leader();
    const rotated = await leader.swarm("join-token", "--rotate", "--quiet", "worker");
    assert.equal(rotated.code, 0, rotated.err);
    const node = await cluster.add("w2");
    const join = ["join", ...cluster.loopback, "--token"];
    const refused = await node.swarm(...join, old, cluster.addr);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /token/);
    assert.equal((await info(node)).LocalNodeState, "inactive", "nothing is half done");
    const joined = await node.swarm(...join, rotated.out.trim(), cluster.addr);
    assert.equal(joined.code, 0, joined.err);
    await cluster.allReady(3);
    await cluster.running("web", 5);
  });

  it("a worker that leaves takes its tasks along and can be removed", async () => {
    const node = cluster.node("w2");
    const { ID } = await cluster.object(node);
    const left = await node.swarm("leave");
    assert.equal(left.code, 0, left.err);
    assert.equal((await info(node)).LocalNodeState, "inactive");
    await cluster.processCount(4);
    await until("it is Down", async () => {
      const found = (await cluster.list()).find((one) => one.ID === ID);
      return found?.Status.State === "down" ? true : undefined;
    });
    const removed = await (await cluster.leader()).swarm("node", "rm", ID);
    assert.equal(removed.code, 0, removed.err);
    assert.ok(!(await cluster.list()).some((one) => one.ID === ID));
    await node.stop("SIGTERM");
  });

  it("a node that is up is not removed without force", async () => {
    const { ID } = await cluster.object(cluster.node("w1"));
    const run = await (await cluster.leader()).swarm("node", "rm", ID);
    assert.equal(run.code, 1);
    assert.match(run.err, /is not down and can't be removed/);
  });

  it("a node removed by force ends its tasks, says why, and is not let in again", async () => {
    const node = cluster.node("w1");
    const { ID } = await cluster.object(node);
    const run = await (await cluster.leader()).swarm("node", "rm", "--force", ID);
    assert.equal(run.code, 0, run.err);
    const removed = async (): Promise<void> => {
      await until("the node says why", async () => {
        const { LocalNodeState, Error: text } = await info(node);
        assert.equal(LocalNodeState, "error", text);
        assert.match(text ?? "", /removed from the swarm/);
        return true;
      });
    };
    await removed();
    await cluster.processCount(3);
    await node.stop("SIGTERM");
    node.start();
    await cluster.answering(node);
    await removed();
    const left = await node.swarm("leave", "--force");
    assert.equal(left.code, 0, left.err);
    assert.equal((await info(node)).LocalNodeState, "inactive");
    await node.stop("SIGTERM");
  });

  it("a manager that leaves by force takes no quorum along", async () => {
    const leader = await cluster.leader();
    const node = cluster.node(leader.name === "m3" ? "m2" : "m3");
    const { ID } = await cluster.object(node);
    const warned = await node.swarm("leave");
    assert.equal(warned.code, 1);
    assert.match(warned.err, /participating as a manager/);
    const left = await node.swarm("leave", "--force");
    assert.equal(left.code, 0, left.err);
    await write("after-a-manager-left");
    await until("it can be removed", async () => {
      const removed = await (await cluster.manager()).swarm("node", "rm", "--force", ID);
      assert.equal(removed.code, 0, removed.err);
      return true;
    });
    const members = await cluster.list();
    assert.equal(members.filter((one) => one.ManagerStatus).length, 2);
  });
});
