import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isSwarmError, messageOf } from "../../../lib/errors.ts";
import { eventually } from "../../fakes/eventually.ts";
import { RaftGroup } from "../../fakes/raft-group.ts";

function numbered(count: number, word = "line"): string[] {
  return Array.from({ length: count }, (_, i) => `${word} ${i}`);
}

describe("a Raft group", () => {
  let group: RaftGroup;
  afterEach(() => group.close());

  it("of one member leads at once, confirms proposals in order and keeps them over a restart", async () => {
    group = await RaftGroup.start(1);
    const { node, machine } = await group.leader();
    const lines = numbered(100);
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
    for (const line of numbered(20)) await group.propose(line);
    for (const { node, machine } of group.members) {
      await node.readBarrier(group.signal);
      assert.equal(machine.lines.length, 20);
    }
    const { node } = await group.leader();
    const members = node.status().members.map(({ nodeId, learner }) => [nodeId, learner] as const);
    assert.deepEqual(new Map(members), new Map([1, 2, 3].map((n) => [`node${n}`, false])));
  });

  it("refuses proposals on a follower and names the leader", async () => {
    group = await RaftGroup.start(2);
    const leader = await group.leader();
    const follower = group.members.find((member) => member !== leader);
    assert.ok(follower);
    await eventually("it knows the leader", () => follower.node.status().leaderId);
    await assert.rejects(follower.node.propose(Buffer.from("x")), {
      code: "not-leader",
      details: { leader: `${leader.name}:2377` },
    });
  });

  it("goes on when its leader stops, and takes it back", async () => {
    group = await RaftGroup.start(3);
    await group.propose("before");
    const leader = await group.leader();
    await leader.node.stop();
    await group.propose("meanwhile");
    await group.restart(leader);
    await group.propose("after");
    await group.agree(["before", "meanwhile", "after"]);
  });

  it("hands leadership to the member that is asked for", async () => {
    group = await RaftGroup.start(3);
    const leader = await group.leader();
    const other = group.members.find((member) => member !== leader);
    assert.ok(other);
    await leader.node.transferLeadership(group.signal, other.node.id);
    assert.equal((await group.leader()).name, other.name);
  });

  it("brings a member that was away too long back by a snapshot", async () => {
    group = await RaftGroup.start(3, { snapshots: { intervalEntries: 50, keepEntries: 5 } });
    const leader = await group.leader();
    const away = group.members.find((member) => member !== leader);
    assert.ok(away);
    await away.node.stop();
    const lines = numbered(120);
    for (const line of lines) await group.propose(line);
    await group.restart(away);
    await group.agree(lines);
    assert.ok(away.machine.restoredAt > 50, `restored at ${away.machine.restoredAt}`);
    // And it starts from that snapshot by itself.
    await away.node.stop();
    await group.restart(away);
    await group.agree(lines);
  });

  it("gives a new member what a snapshot and the log hold", async () => {
    group = await RaftGroup.start(1, { snapshots: { intervalEntries: 50, keepEntries: 5 } });
    const lines = numbered(120);
    for (const line of lines) await group.propose(line);
    await group.add();
    await group.agree(lines);
  });

  it("takes a member out and lets it know", async () => {
    group = await RaftGroup.start(3);
    const leader = await group.leader();
    const other = group.members.find((member) => member !== leader);
    assert.ok(other);
    await leader.node.removeMember(other.node.id, group.signal);
    await eventually("it knows that it was removed", () => other.node.status().removed);
    await group.propose("without it");
    const rest = group.members.filter((member) => member !== other);
    await group.agree(["without it"], rest);
    assert.equal(leader.node.status().members.length, 2);
    // Told again when it was away.
    await other.node.stop();
    await group.restart(other);
    await eventually("it is told again", () => other.node.status().removed);
  });

  it("hands leadership over when the leader is to go, for the next one to take it out", async () => {
    group = await RaftGroup.start(3);
    const leader = await group.leader();
    const refused = (): Promise<string> =>
      leader.node.removeMember(leader.node.id, group.signal).then(
        () => "not refused",
        (error: unknown) => (isSwarmError(error) ? error.code : messageOf(error)),
      );
    // On a busy machine a transfer may run out of time: the caller is told to try again.
    let code = await refused();
    while (code === "aborted") code = await refused();
    assert.equal(code, "not-leader");
    const next = await group.leader();
    assert.notEqual(next, leader);
    await next.node.removeMember(leader.node.id, group.signal);
    await eventually("it knows that it was removed", () => leader.node.status().removed);
    await leader.node.stop();
    await group.propose("after");
  });

  it("refuses a removal that would cost the quorum, with the arithmetic", async () => {
    group = await RaftGroup.start(3);
    const leader = await group.leader();
    const [down, up] = group.members.filter((member) => member !== leader);
    assert.ok(down && up);
    await down.node.stop();
    await eventually("it is seen to be down", () =>
      leader.node.status().members.some(({ id, reachable }) => id === down.node.id && !reachable),
    );
    await assert.rejects(leader.node.removeMember(up.node.id, group.signal), {
      code: "failed-precondition",
      message: /of the 2 voting managers that would remain only 1 can be reached and 2 are needed/,
    });
    await leader.node.removeMember(down.node.id, group.signal);
    await assert.rejects(leader.node.removeMember(99, group.signal), { code: "not-found" });
  });

  it("finds a member again that came back at another address, and corrects the list", async () => {
    group = await RaftGroup.start(3);
    const leader = await group.leader();
    const moved = group.members.find((member) => member !== leader);
    assert.ok(moved);
    const before = moved.node.addr;
    await moved.node.stop();
    await group.restart(moved);
    assert.notEqual(moved.node.addr, before);
    await eventually("the list has the new address", () =>
      leader.node.status().members.some(({ addr }) => addr === moved.node.addr),
    );
  });

  it("leaves nothing readable on the disk, and locked nothing without the key", async () => {
    group = await RaftGroup.start(1, { snapshots: { intervalEntries: 20, keepEntries: 5 } });
    const [member] = group.members;
    assert.ok(member);
    const lines = numbered(50, "a secret of the cluster");
    for (const line of lines) await group.propose(line);
    const kek = Buffer.alloc(32, 7);
    member.node.setLock(kek);
    await group.propose("one more");
    await member.node.stop();
    const directory = group.stateDir(member.name);
    // The host may still be writing the last one.
    const names = await eventually("no snapshot is half written", async () => {
      const all = await readdir(directory, { recursive: true });
      return all.every((name) => !name.endsWith(".partial")) && all;
    });
    for (const name of names) {
      const path = join(directory, name);
      if ((await stat(path)).isDirectory()) continue;
      assert.ok(!(await readFile(path)).includes("secret of the cluster"), `${name} shows it`);
    }
    await assert.rejects(group.restart(member), { details: { locked: "true" } });
    await assert.rejects(group.restart(member, { kek: Buffer.alloc(32, 8) }), {
      code: "unauthenticated",
    });
    await group.restart(member, { kek });
    await group.agree([...lines, "one more"]);
    member.node.setLock(null);
    await member.node.stop();
    await group.restart(member);
    member.node.rotateDataKey();
    await group.propose("the last");
    await group.agree([...lines, "one more", "the last"]);
  });

  it("erases a data key when nothing is under it any more", async () => {
    group = await RaftGroup.start(1, { snapshots: { intervalEntries: 10, keepEntries: 0 } });
    const [member] = group.members;
    assert.ok(member);
    const path = join(group.stateDir(member.name), "keyring.json");
    const keyIds = async (): Promise<number[]> =>
      JSON.parse(await readFile(path, "utf8")).keys.map(({ id }: { id: number }) => id);
    const lines = numbered(40);
    for (const line of lines.slice(0, 20)) await group.propose(line);
    member.node.rotateDataKey();
    assert.deepEqual(await keyIds(), [1, 2]);
    for (const line of lines.slice(20)) await group.propose(line);
    await member.node.stop();
    await group.restart(member);
    await group.agree(lines);
    assert.deepEqual(await keyIds(), [2]);
  });
});
