import assert from "node:assert/strict";
import fc from "fast-check";
import { majorityReached, quorumReached, voteResult } from "../../../raft/core/quorum.ts";
import type { Id } from "../../../raft/core/types.ts";

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 9 });
const acks = fc
  .dictionary(fc.integer({ min: 1, max: 12 }).map(String), fc.integer({ min: 0, max: 20 }))
  .map((record) => new Map(Object.entries(record).map(([id, index]) => [Number(id), index])));
const votes = fc
  .dictionary(fc.integer({ min: 1, max: 12 }).map(String), fc.boolean())
  .map((record) => new Map(Object.entries(record).map(([id, vote]) => [Number(id), vote])));

const by = (map: ReadonlyMap<Id, number>) => ({ acked: (id: Id) => map.get(id) ?? 0 });

describe("the arithmetic of agreement", () => {
  it("finds the largest index that more than half of the voters reached", () => {
    fc.assert(
      fc.property(ids, acks, (voters, acked) => {
        let expected = voters.length === 0 ? Infinity : 0;
        for (const index of voters.length === 0 ? [] : acked.values()) {
          const count = voters.filter((id) => (acked.get(id) ?? 0) >= index).length;
          if (count > voters.length / 2) expected = Math.max(expected, index);
        }
        assert.equal(majorityReached(voters, by(acked)), expected);
      }),
    );
  });

  it("asks both halves of a joint configuration, in either order", () => {
    fc.assert(
      fc.property(ids, ids, acks, (incoming, outgoing, acked) => {
        const joint = quorumReached(incoming, outgoing, by(acked));
        const halves = [incoming, outgoing].map((half) => majorityReached(half, by(acked)));
        assert.equal(joint, Math.min(...halves));
        assert.equal(joint, quorumReached(outgoing, incoming, by(acked)));
      }),
    );
  });

  it("calls a vote won, lost or open by what the missing answers could still do", () => {
    fc.assert(
      fc.property(ids, votes, (voters, answers) => {
        const missing = voters.filter((id) => !answers.has(id));
        const outcome = (extra: boolean) => {
          const granted = voters.filter((id) => answers.get(id) ?? extra).length;
          return granted > voters.length / 2 || voters.length === 0;
        };
        const best = outcome(true);
        const worst = missing.length === 0 ? best : outcome(false);
        const expected = worst ? "won" : best ? "pending" : "lost";
        assert.equal(voteResult(voters, [], answers), expected);
      }),
    );
  });

  it("lets a joint vote be lost by either half and won by both only", () => {
    fc.assert(
      fc.property(ids, ids, votes, (incoming, outgoing, answers) => {
        const halves = [incoming, outgoing].map((half) => voteResult(half, [], answers));
        const expected = halves.includes("lost")
          ? "lost"
          : halves.includes("pending")
            ? "pending"
            : "won";
        assert.equal(voteResult(incoming, outgoing, answers), expected);
        assert.equal(voteResult(outgoing, incoming, answers), expected);
      }),
    );
  });
});
