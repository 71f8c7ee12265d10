import assert from "node:assert/strict";
import fc from "fast-check";
import { InvariantError } from "../../../lib/assert.ts";
import { decodeConfChange, encodeConfChange } from "../../../raft/core/conf-change-codec.ts";
import {
  changeConf,
  ConfChangeError,
  enterJoint,
  leaveJoint,
  simpleChange,
} from "../../../raft/core/conf-change.ts";
import { Tracker } from "../../../raft/core/tracker.ts";
import type { ConfChange, ConfChangeStep, ConfState } from "../../../raft/core/types.ts";
import { conf } from "./member.ts";

const limits = { maxInflightMessages: 10, maxInflightBytes: 1000 };
const step: fc.Arbitrary<ConfChangeStep> = fc.record({
  type: fc.constantFrom("add-voter", "add-learner", "remove", "update"),
  id: fc.integer({ min: 0, max: 7 }),
});
const steps = fc.array(step, { maxLength: 8 });

/** A configuration reached by changes from a single voter, together with its tracker. */
const reachable = fc.array(steps, { maxLength: 4 }).map((rounds) => {
  const tracker = new Tracker(limits);
  tracker.adopt(conf([1]), 1);
  rounds.forEach((round, i) => {
    try {
      for (const result of [() => enterJoint(tracker.config, false, round)].map((f) => f())) {
        tracker.adopt(result.config, i + 2, result.restarted);
      }
      const left = leaveJoint(tracker.config);
      tracker.adopt(left.config, i + 2, left.restarted);
    } catch (error) {
      assert.ok(error instanceof ConfChangeError);
    }
  });
  return tracker;
});

function assertSound(config: ConfState): void {
  const { voters, votersOutgoing, learners, learnersNext } = config;
  assert.ok(voters.length > 0, "somebody votes");
  for (const list of [voters, votersOutgoing, learners, learnersNext]) {
    assert.deepEqual(
      list,
      [...new Set(list)].toSorted((a, b) => a - b),
    );
  }
  for (const id of learners) {
    assert.ok(!voters.includes(id) && !votersOutgoing.includes(id), "no learner votes");
  }
  for (const id of learnersNext) {
    assert.ok(votersOutgoing.includes(id) && !voters.includes(id), "they wait in the old half");
  }
}

describe("configuration changes", () => {
  it("reach by one joint change what simple changes reach one after the other", () => {
    fc.assert(
      fc.property(reachable, steps, (tracker, list) => {
        let simple = tracker.config;
        try {
          for (const one of list) simple = simpleChange(simple, [one]).config;
          const joint = enterJoint(tracker.config, true, list).config;
          assert.deepEqual(leaveJoint(joint).config, simple);
        } catch (error) {
          // On the way the last voter may go, which ends the one or the other.
          assert.ok(error instanceof ConfChangeError);
        }
      }),
    );
  });

  it("keep voters and learners apart, in and out of joint configurations", () => {
    fc.assert(
      fc.property(reachable, steps, fc.boolean(), (tracker, list, autoLeave) => {
        assertSound(tracker.config);
        try {
          const { config } = enterJoint(tracker.config, autoLeave, list);
          assertSound(config);
          assert.deepEqual(config.votersOutgoing, tracker.config.voters);
          assert.equal(config.autoLeave, autoLeave);
          assertSound(leaveJoint(config).config);
        } catch (error) {
          assert.ok(error instanceof ConfChangeError);
        }
      }),
    );
  });

  it("track exactly the members, in ascending order, each known as what it is", () => {
    fc.assert(
      fc.property(reachable, steps, (tracker, list) => {
        try {
          const { config, restarted } = enterJoint(tracker.config, true, list);
          tracker.adopt(config, 9, restarted);
        } catch (error) {
          assert.ok(error instanceof ConfChangeError);
        }
        const { voters, votersOutgoing, learners } = tracker.config;
        const members = new Set([...voters, ...votersOutgoing, ...learners]);
        const tracked = tracker.peers.map((peer) => peer.id);
        assert.deepEqual(
          tracked,
          [...members].toSorted((a, b) => a - b),
        );
        for (const peer of tracker.peers) {
          assert.equal(peer.isLearner, learners.includes(peer.id));
          assert.equal(tracker.progress(peer.id), peer);
        }
      }),
    );
  });

  it("change one voter at a time by the simple path, and any number of learners", () => {
    const config = conf([1, 2, 3]);
    const add = (...list: number[]) => list.map((id) => ({ type: "add-voter", id }) as const);
    assert.deepEqual(simpleChange(config, add(4)).config.voters, [1, 2, 3, 4]);
    assert.throws(() => simpleChange(config, add(4, 5)), ConfChangeError);
    const learners = [4, 5].map((id) => ({ type: "add-learner", id }) as const);
    assert.deepEqual(simpleChange(config, learners).config.learners, [4, 5]);
    const swap = [...add(4), { type: "remove", id: 1 } as const];
    assert.throws(() => simpleChange(config, swap), ConfChangeError);
    assert.throws(() => simpleChange(conf([1]), [{ type: "remove", id: 1 }]), ConfChangeError);
  });

  it("keep a demoted voter's say until the old half is left", () => {
    const joint = enterJoint(conf([1, 2]), true, [{ type: "add-learner", id: 2 }]).config;
    assert.deepEqual([joint.voters, joint.votersOutgoing], [[1], [1, 2]]);
    assert.deepEqual([joint.learners, joint.learnersNext], [[], [2]]);
    const left = leaveJoint(joint).config;
    assert.deepEqual([left.voters, left.learners, left.learnersNext], [[1], [2], []]);
  });

  it("start a member that left and came back within a change from nothing", () => {
    const tracker = new Tracker(limits);
    tracker.adopt(conf([1], { learners: [2] }), 5);
    tracker.progress(2)!.acknowledged(5);
    const back: ConfChangeStep[] = [
      { type: "remove", id: 2 },
      { type: "add-learner", id: 2 },
    ];
    const { config, restarted } = simpleChange(tracker.config, back);
    tracker.adopt(config, 9, restarted);
    assert.deepEqual([tracker.progress(2)!.match, tracker.progress(2)!.next], [0, 9]);
  });

  it("take the path that their transition and size ask for", () => {
    const config = conf([1]);
    const change = (transition: ConfChange["transition"], ...list: number[]) =>
      changeConf(config, {
        transition,
        steps: list.map((id) => ({ type: "add-voter", id })),
        context: new Uint8Array(0),
      }).config;
    assert.deepEqual(change("auto", 2).votersOutgoing, []);
    assert.deepEqual(change("auto", 2, 3).votersOutgoing, [1]);
    assert.equal(change("auto", 2, 3).autoLeave, true);
    assert.equal(change("implicit", 2).autoLeave, true);
    assert.deepEqual(change("explicit", 2).votersOutgoing, [1]);
    assert.equal(change("explicit", 2).autoLeave, false);
    assert.throws(() => change("auto"), ConfChangeError);
  });

  it("come back from their encoding as they were", () => {
    const change = fc.record(
      {
        transition: fc.constantFrom("auto", "implicit", "explicit"),
        steps: fc.array(
          fc.record(
            {
              type: fc.constantFrom("add-voter", "add-learner", "remove", "update"),
              id: fc.maxSafeNat(),
            },
            { noNullPrototype: true },
          ),
          { maxLength: 20 },
        ),
        context: fc.uint8Array({ maxLength: 50 }),
      },
      { noNullPrototype: true },
    ) as fc.Arbitrary<ConfChange>;
    fc.assert(
      fc.property(change, (original) => {
        assert.deepEqual(decodeConfChange(encodeConfChange(original)), original);
      }),
    );
    assert.equal(
      encodeConfChange({ transition: "auto", steps: [], context: new Uint8Array(0) }).length,
      0,
    );
    assert.throws(() => decodeConfChange(Uint8Array.of(9, 0, 0)), InvariantError);
    assert.throws(() => decodeConfChange(Uint8Array.of(0, 0, 5)), InvariantError);
  });
});
