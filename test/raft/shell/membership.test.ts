import assert from "node:assert/strict";
import {
  applyChange,
  decodeMember,
  encodeMember,
  isLearner,
  membershipFields,
  membershipFrom,
  NO_MEMBERSHIP,
  removalProblem,
  type Membership,
  type MemberRecord,
} from "../../../raft/shell/membership.ts";

function record(id: number): MemberRecord {
  return { id, nodeId: `n${id}`, addr: `10.0.0.${id}:2378`, controlAddr: `10.0.0.${id}:2377` };
}

function group(voters: readonly number[], learners: readonly number[] = []): Membership {
  const members = new Map([...voters, ...learners].map((id) => [id, record(id)]));
  const confState = { ...NO_MEMBERSHIP.confState, voters, learners };
  return { confState, members, removed: [] };
}

describe("membership", () => {
  it("follows additions, address changes and removals, and never forgets who was removed", () => {
    const add = { type: "add-learner", id: 3 } as const;
    const transition = "auto";
    const joined = applyChange(
      group([1]),
      { transition, steps: [add], context: encodeMember(record(3)) },
      group([1], [3]).confState,
    );
    assert.ok(isLearner(joined, 3));
    const moved = { ...record(3), addr: "10.9.9.9:1" };
    const updated = applyChange(
      joined,
      { transition, steps: [{ type: "update", id: 3 }], context: encodeMember(moved) },
      joined.confState,
    );
    assert.equal(updated.members.get(3)?.addr, "10.9.9.9:1");
    const removed = applyChange(
      updated,
      { transition, steps: [{ type: "remove", id: 3 }], context: encodeMember(null) },
      group([1]).confState,
    );
    assert.deepEqual([...removed.members.keys()], [1]);
    assert.deepEqual(removed.removed, [3]);
    assert.equal(joined.members.get(3)?.addr, "10.0.0.3:2378", "earlier ones are untouched");
  });

  it("survives encoding", () => {
    const big = { ...record(1), id: Number.MAX_SAFE_INTEGER - 1 };
    assert.deepEqual(decodeMember(encodeMember(big)), big);
    assert.equal(decodeMember(encodeMember(null)), null);
    const membership = { ...group([1, 2], [4]), removed: [3, 9] };
    const back = membershipFrom(membershipFields(membership), membership.confState);
    assert.deepEqual(back, membership);
  });
});

describe("removing a member", () => {
  const up = (...ids: number[]) => {
    const set = new Set(ids);
    return (id: number): boolean => set.has(id);
  };

  it("is fine while a quorum of the rest can be reached", () => {
    assert.equal(removalProblem(group([1, 2, 3]), 3, up(1, 2)), null);
    assert.equal(removalProblem(group([1, 2]), 2, up(1)), null);
    assert.equal(removalProblem(group([1, 2, 3, 4, 5]), 5, up(1, 2, 3)), null);
  });

  it("is refused with the arithmetic when it would lose the quorum", () => {
    assert.match(
      removalProblem(group([1, 2, 3, 4]), 4, up(1, 4)) ?? "",
      /of the 3 voting managers that would remain only 1 can be reached and 2 are needed: bring back n2, n3/,
    );
  });

  it("is refused for the last voter, and never for a learner", () => {
    assert.match(removalProblem(group([1], [2]), 1, up(1)) ?? "", /only voting manager/);
    assert.equal(removalProblem(group([1, 3], [2]), 2, up()), null);
  });

  it("counts both halves of a joint configuration", () => {
    const joint = group([1, 2]);
    const confState = { ...joint.confState, votersOutgoing: [1, 3, 4] };
    assert.ok(removalProblem({ ...joint, confState }, 2, up(1)));
  });
});
