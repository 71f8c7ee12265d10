import assert from "node:assert/strict";
import { systemClock } from "../../lib/clock.ts";
import { isSwarmError } from "../../lib/errors.ts";
import { SeededRandom } from "../../lib/random.ts";
import { Membership } from "../../manager/membership.ts";
import { Store } from "../../manager/store/store.ts";
import { make } from "../../proto/codec.ts";
import { NodeRole } from "../../proto/generated.ts";
import type { RaftNode } from "../../raft/index.ts";
import { LocalRaft } from "../fakes/local-raft.ts";
import { aNode } from "../fakes/objects.ts";

const { MANAGER, WORKER } = NodeRole;

/** A group that admits everybody, and tells who was taken out. */
class Group implements Pick<RaftNode, "addMember" | "removeMember" | "status"> {
  readonly removed: number[] = [];
  readonly #raft: LocalRaft;
  /** What happens while the change is on its way. */
  meanwhile: () => Promise<unknown> = () => Promise.resolve();

  constructor(raft: LocalRaft) {
    this.#raft = raft;
  }

  async addMember(member: Parameters<RaftNode["addMember"]>[0]) {
    await this.meanwhile();
    return { id: 7, members: [{ ...member, id: 7, learner: true }] };
  }

  removeMember(id: number): Promise<void> {
    this.removed.push(id);
    return Promise.resolve();
  }

  status() {
    return this.#raft.status();
  }
}

async function open(role: NodeRole, desiredRole: NodeRole) {
  const store = new Store({ clock: systemClock, random: new SeededRandom("store") });
  const raft = new LocalRaft(store);
  store.attach(raft);
  await store.update((tx) =>
    tx.create("node", aNode("m2", { role, spec: make("NodeSpec", { desiredRole }) })),
  );
  const group = new Group(raft);
  const membership = new Membership({ store, raft: group });
  const signal = new AbortController().signal;
  const caller = { nodeId: "m2", role: "manager", clusterId: "c", addr: "10.0.0.7" } as const;
  const join = () =>
    membership.joinRaft({ addr: "0.0.0.0:2378", controlAddr: "m2:2377" }, { caller, signal });
  return { store, group, join };
}

describe("membership", () => {
  const refusal = (error: unknown) => isSwarmError(error, "failed-precondition");

  it("admits a manager, at the address it was seen at when it names none", async () => {
    const { group, join } = await open(MANAGER, MANAGER);
    const { raftId, members } = await join();
    assert.equal(raftId, 7);
    assert.deepEqual(
      members.map(({ addr, controlAddr }) => [addr, controlAddr]),
      [["10.0.0.7:2378", "m2:2377"]],
    );
    assert.deepEqual(group.removed, []);
  });

  it("refuses a worker, and a manager that is being demoted", async () => {
    for (const role of [WORKER, MANAGER]) {
      const { join } = await open(role, WORKER);
      await assert.rejects(join(), refusal);
    }
  });

  it("takes a manager out again that was demoted while it was admitted", async () => {
    const { store, group, join } = await open(MANAGER, MANAGER);
    group.meanwhile = () =>
      store.update((tx) => {
        const node = tx.view.node.get("m2");
        if (node?.spec) tx.update("node", { ...node, spec: { ...node.spec, desiredRole: WORKER } });
      });
    await assert.rejects(join(), refusal);
    assert.deepEqual(group.removed, [7]);
  });
});
