import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  NodeMembership,
  NodeRole,
  NodeState,
  Reachability,
  TaskState,
  type Node,
  type NodeSpec,
} from "../../../proto/generated.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";
import { aMember, ControlHarness, refused } from "./harness.ts";

const manager = (fields: Fields<Node> = {}): Fields<Node> => ({
  role: NodeRole.MANAGER,
  spec: nodeSpec({ desiredRole: NodeRole.MANAGER }),
  ...fields,
});
const nodeSpec = (fields: Fields<NodeSpec> = {}) =>
  make("NodeSpec", {
    annotations: make("Annotations"),
    membership: NodeMembership.ACCEPTED,
    ...fields,
  });

describe("control: nodes", () => {
  let harness: ControlHarness;
  beforeEach(() => {
    harness = new ControlHarness();
  });

  const update = (id: string, spec: NodeSpec) =>
    harness.api.updateNode(
      make("UpdateNodeRequest", {
        id,
        version: harness.stored("node", id).meta?.version ?? null,
        spec,
      }),
      harness.call,
    );
  const demote = (id: string) => update(id, nodeSpec({ desiredRole: NodeRole.WORKER }));
  const remove = (ref: string, force = false) =>
    harness.api.removeNode(make("RemoveNodeRequest", { ref, force }), harness.call);

  async function managers(count: number, unreachable: readonly number[] = []): Promise<void> {
    const members = [];
    for (let i = 1; i <= count; i++) {
      await harness.put("node", aNode(`m${i}`, manager()));
      members.push(aMember(i, `m${i}`, { reachable: !unreachable.includes(i) }));
    }
    harness.members = members;
  }

  it("shows of each manager what Raft knows, and stores none of it", async () => {
    await managers(2, [2]);
    await harness.put("node", aNode("w1"));
    const { nodes } = await harness.api.listNodes(make("ListNodesRequest"), harness.call);
    assert.deepEqual(
      nodes.map(({ managerStatus }) => managerStatus),
      [
        { raftId: 1, addr: "m1:2377", leader: true, reachability: Reachability.REACHABLE },
        { raftId: 2, addr: "m2:2377", leader: false, reachability: Reachability.UNREACHABLE },
        null,
      ],
    );
    assert.equal(harness.stored("node", "m1").managerStatus, null);
  });

  it("changes a node's spec from the version that was read", async () => {
    await harness.put("node", aNode("w1"));
    const { version = null } = harness.stored("node", "w1").meta ?? {};
    const spec = nodeSpec({ availability: NodeAvailability.DRAIN });
    const request = make("UpdateNodeRequest", { id: "w1", version, spec });
    const { node } = await harness.api.updateNode(request, harness.call);
    assert.equal(node?.spec?.availability, NodeAvailability.DRAIN);
    assert.equal(node.description?.hostname, "w1");
    await refused(
      harness.api.updateNode(request, harness.call),
      "out-of-sequence",
      "update out of sequence",
    );
    await refused(
      harness.api.updateNode({ ...request, version: null }, harness.call),
      "invalid",
      /version/,
    );
  });

  it("refuses roles and availabilities that do not exist", async () => {
    await harness.put("node", aNode("w1"));
    await refused(update("w1", nodeSpec({ desiredRole: 7 as NodeRole })), "invalid", /Role/);
    const availability = 9 as NodeAvailability;
    await refused(update("w1", nodeSpec({ availability })), "invalid", /Availability/);
  });

  describe("demotion", () => {
    it("spares the last manager", async () => {
      await managers(1);
      await refused(
        demote("m1"),
        "failed-precondition",
        "attempting to demote the last manager of the swarm",
      );
    });

    it("is refused when too few of the others answer", async () => {
      await managers(3, [3]);
      await refused(
        demote("m2"),
        "failed-precondition",
        "can't remove member from the raft: this would result in a loss of quorum",
      );
      await demote("m3");
    });

    it("counts managers that are on their way out as gone", async () => {
      await managers(5, [5]);
      await demote("m1");
      await demote("m2");
      await refused(demote("m3"), "failed-precondition", /loss of quorum/);
    });

    it("of both of two managers at once takes one of them only", async () => {
      await managers(2);
      const outcomes = await Promise.allSettled([demote("m1"), demote("m2")]);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ["fulfilled", "rejected"],
      );
    });

    it("needs the node to be a member of Raft", async () => {
      await managers(2);
      await harness.put("node", aNode("m3", manager()));
      await refused(demote("m3"), "not-found", "can't find manager in raft memberlist");
    });
  });

  describe("removal", () => {
    const down = { status: make("NodeStatus", { state: NodeState.DOWN }) };
    const cluster = () => harness.put("cluster", make("Cluster", { id: "c1" }));

    it("is refused for a member of Raft, even by force", async () => {
      await managers(2);
      for (const force of [false, true]) {
        await refused(
          remove("m2", force),
          "failed-precondition",
          "node m2 is a cluster manager and is a member of the raft cluster. " +
            "It must be demoted to worker before removal",
        );
      }
    });

    it("is refused for a node that is ready, unless by force", async () => {
      await harness.put("node", aNode("w1"));
      await refused(
        remove("w1"),
        "failed-precondition",
        "node w1 is not down and can't be removed",
      );
      await remove("w1", true);
      assert.equal(harness.store.view.node.size, 0);
    });

    it("orphans the tasks that have not ended, with the reason, and no others", async () => {
      const service = aService("s1");
      await harness.put("node", aNode("w1", down));
      await harness.put("service", service);
      const running = make("TaskStatus", { state: TaskState.RUNNING });
      await harness.put("task", aTask("t1", service, { nodeId: "w1", status: running }));
      const failed = make("TaskStatus", { state: TaskState.FAILED, err: "exit 1" });
      await harness.put("task", aTask("t2", service, { nodeId: "w1", status: failed }));
      await harness.put("task", aTask("t3", service, { nodeId: "w2", status: running }));
      await remove("w1");
      const states = ["t1", "t2", "t3"].map((id) => harness.stored("task", id).status?.state);
      assert.deepEqual(states, [TaskState.ORPHANED, TaskState.FAILED, TaskState.RUNNING]);
      assert.match(harness.stored("task", "t1").status?.err ?? "", /removed/);
    });

    it("of a node with more tasks than one transaction holds orphans every one", async () => {
      const env = ["X=" + "x".repeat(300_000)];
      const service = aService("s1", {
        spec: {
          task: make("TaskSpec", {
            runtime: "container",
            container: make("ContainerSpec", { image: "busybox", env }),
          }),
        },
      });
      await harness.put("node", aNode("w1", down));
      await harness.put("service", service);
      for (let i = 0; i < 20; i++)
        await harness.put("task", aTask(`t${i}`, service, { nodeId: "w1", slot: i + 1 }));
      const before = harness.store.version;
      await remove("w1");
      for (const task of harness.store.view.task.all())
        assert.equal(task.status?.state, TaskState.ORPHANED);
      assert(harness.store.version - before > 1, "several transactions");
      assert.equal(harness.store.view.node.size, 0);
    });

    it("refuses the node's certificate from then on and forgets long expired ones", async () => {
      await cluster();
      const day = 24 * 3600_000;
      const now = systemClock.now();
      await harness.store.update((tx) => {
        const stored = harness.stored("cluster", "c1");
        const blacklistedCertificates = {
          old: { expiryMs: now - 8 * day },
          recent: { expiryMs: now - 6 * day },
        };
        tx.update("cluster", { ...stored, blacklistedCertificates });
      });
      await harness.put("node", aNode("w1", down));
      await remove("w1");
      const { blacklistedCertificates: entries } = harness.stored("cluster", "c1");
      assert.deepEqual(Object.keys(entries).sort(), ["recent", "w1"]);
      assert((entries["w1"]?.expiryMs ?? 0) > now);
    });
  });
});
