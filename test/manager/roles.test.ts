import assert from "node:assert/strict";
import { systemClock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { SeededRandom } from "../../lib/random.ts";
import { runRoles } from "../../manager/roles.ts";
import { Store } from "../../manager/store/store.ts";
import { make } from "../../proto/codec.ts";
import { NodeRole } from "../../proto/generated.ts";
import { LocalRaft } from "../fakes/local-raft.ts";
import { eventually } from "../fakes/eventually.ts";
import { aNode } from "../fakes/objects.ts";

const { MANAGER, WORKER } = NodeRole;

describe("role reconciler", () => {
  let store: Store;
  let raft: LocalRaft;
  let removed: number[];
  let stop: () => Promise<void>;

  /** Starts the loop over nodes with a role and a desired one, all of them members of Raft. */
  const open = async (nodes: Readonly<Record<string, readonly [NodeRole, NodeRole]>>) => {
    store = new Store({ clock: systemClock, random: new SeededRandom("store") });
    raft = new LocalRaft(store);
    store.attach(raft);
    removed = [];
    raft.members = Object.keys(nodes).map((nodeId, at) => {
      const addrs = { addr: `${nodeId}:2378`, controlAddr: `${nodeId}:2377` };
      return { id: at + 1, nodeId, ...addrs, learner: false, reachable: true };
    });
    await store.update((tx) => {
      for (const [id, [role, desiredRole]] of Object.entries(nodes))
        tx.create("node", aNode(id, { role, spec: make("NodeSpec", { desiredRole }) }));
    });
    const abort = new AbortController();
    const group = {
      status: () => raft.status(),
      removeMember: (id: number) => {
        removed.push(id);
        raft.members = raft.members.filter((member) => member.id !== id);
        return Promise.resolve();
      },
    };
    const modules = { store, raft: group, clock: systemClock, log: silentLog };
    const running = runRoles(modules, abort.signal);
    stop = async () => {
      abort.abort();
      await running;
    };
  };
  afterEach(() => stop());

  const roleOf = (id: string) => store.view.node.get(id)?.role;

  it("takes a demoted manager out of Raft, and gives it its role then", async () => {
    await open({ m1: [MANAGER, MANAGER], m2: [MANAGER, WORKER] });
    await eventually("it is a worker", () => roleOf("m2") === WORKER);
    assert.deepEqual(removed, [2]);
  });

  it("takes a member out whose node is a worker already", async () => {
    await open({ m1: [MANAGER, MANAGER], m2: [WORKER, WORKER] });
    await eventually("it is taken out", () => removed.length > 0);
    assert.deepEqual(removed, [2]);
  });

  it("leaves a node that is promoted in Raft", async () => {
    await open({ m1: [WORKER, MANAGER] });
    await eventually("it is a manager", () => roleOf("m1") === MANAGER);
    assert.deepEqual(removed, []);
  });
});
