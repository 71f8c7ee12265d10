import assert from "node:assert/strict";
import { RaftGroup } from "../../fakes/raft-group.ts";

describe("a Raft group", () => {
  let group: RaftGroup;
  afterEach(() => group.close());

  it("of one member leads at once, confirms proposals in order and keeps them over a restart", async () => {
    group = await RaftGroup.start(1);
    const { node, machine } = await group.leader();
    const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`);
    const proposed = await Promise.all(lines.map((line) => node.propose(Buffer.from(line))));
    assert.deepEqual(machine.lines, lines);
    const indexes = proposed.map(({ index }) => index);
    assert.deepEqual(
      indexes,
      indexes.toSorted((a, b) => a - b),
    );
    await node.stop();
    const [member] = group.members;
    assert.ok(member);
    await group.restart(member);
    await group.agree(lines);
    await group.propose("after");
    await group.agree([...lines, "after"]);
  });

  it("of three replicates to all and answers reads everywhere", async () => {
    group = await RaftGroup.start(3);
    for (let i = 0; i < 20; i++) await group.propose(`line ${i}`);
    for (const { node, machine } of group.members) {
      await node.readBarrier(group.signal);
      assert.equal(machine.lines.length, 20);
    }
    const { node } = await group.leader();
    const members = node.status().members.map(({ nodeId, learner }) => [nodeId, learner] as const);
    assert.deepEqual(new Map(members), new Map([1, 2, 3].map((n) => [`node${n}`, false])));
  });
});
