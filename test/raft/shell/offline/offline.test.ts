import assert from "node:assert/strict";
import { cp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { forceNewCluster } from "../../../../raft/shell/offline/force-new-cluster.ts";
import { inspectRaft, type EntryLine } from "../../../../raft/shell/offline/inspect.ts";
import { RaftGroup } from "../../../fakes/raft-group.ts";

describe("the offline tools", () => {
  let group: RaftGroup;
  afterEach(() => group.close());

  it("show a whole log: members, entries, snapshot", async () => {
    group = await RaftGroup.start(2, { snapshots: { intervalEntries: 10, keepEntries: 1000 } });
    for (let i = 0; i < 15; i++) await group.propose(`line ${i}`);
    await Promise.all(group.members.map(({ node }) => node.stop()));
    const lines: EntryLine[] = [];
    const report = await inspectRaft(group.stateDir("node1"), null, (line) => lines.push(line));
    assert.equal(report.damage, null);
    assert.equal(report.nodeId, "node1");
    assert.equal(lines.length, report.lastIndex);
    assert.match(lines[0]?.change ?? "", /add-voter \d+ \(node1 at 127\.0\.0\.1:\d+\)/);
    assert.equal(lines.filter(({ bytes, type }) => type === "normal" && bytes > 0).length, 15);
    assert.ok((report.snapshot?.index ?? 0) >= 10);
  });

  it("show what a killed member left in its journal", async () => {
    group = await RaftGroup.start(1);
    for (let i = 0; i < 15; i++) await group.propose(`line ${i}`);
    const killed = `${group.stateDir("node1")}-killed`;
    await cp(group.stateDir("node1"), killed, { recursive: true });
    const lines: EntryLine[] = [];
    const report = await inspectRaft(killed, null, (line) => lines.push(line));
    assert.equal(report.damage, null);
    assert.equal(lines.filter(({ bytes, type }) => type === "normal" && bytes > 0).length, 15);
    assert.deepEqual(await inspectRaft(killed, null), report);
  });

  it("say that nothing is there, or that a key is needed", async () => {
    group = await RaftGroup.start(1);
    const [member] = group.members;
    assert.ok(member);
    await assert.rejects(inspectRaft(group.stateDir("nobody"), null), { code: "not-found" });
    member.node.setLock(Buffer.alloc(32, 1));
    await member.node.stop();
    await assert.rejects(inspectRaft(group.stateDir("node1"), null), {
      details: { locked: "true" },
    });
    assert.equal((await inspectRaft(group.stateDir("node1"), Buffer.alloc(32, 1))).damage, null);
  });

  it("make a survivor the only member, with everything it had", async () => {
    group = await RaftGroup.start(3);
    const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`);
    for (const line of lines) await group.propose(line);
    await group.agree(lines);
    await Promise.all(group.members.map(({ node }) => node.stop()));
    const [survivor, ...others] = group.members;
    assert.ok(survivor);
    const forced = await forceNewCluster(group.stateDir(survivor.name), null);
    assert.deepEqual(new Set(forced.removed), new Set(others.map(({ node }) => node.id)));
    await group.restart(survivor);
    await group.propose("after");
    await group.agree([...lines, "after"], [survivor]);
    assert.deepEqual(
      survivor.node.status().members.map(({ nodeId }) => nodeId),
      [survivor.name],
    );
  });

  it("keep what can be read of a damaged log", async () => {
    group = await RaftGroup.start(1);
    const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`);
    for (const line of lines) await group.propose(line);
    const [member] = group.members;
    assert.ok(member);
    // As a killed process leaves it: with all of this in the journal.
    const directory = group.stateDir("node1");
    await cp(directory, `${directory}-killed`, { recursive: true });
    await member.node.stop();
    await rm(directory, { recursive: true });
    await rename(`${directory}-killed`, directory);
    const path = join(directory, "journal");
    const bytes = await readFile(path);
    const at = Math.floor(bytes.findLastIndex((byte) => byte !== 0) * 0.6);
    bytes.fill(0, at, at + 64);
    await writeFile(path, bytes);
    const { damage } = await inspectRaft(group.stateDir("node1"), null);
    assert.ok(damage, "the damage is found");
    await assert.rejects(group.restart(member), /damaged/);
    const forced = await forceNewCluster(group.stateDir("node1"), null);
    assert.equal(forced.damage, damage);
    await group.restart(member);
    await group.propose("after");
    const kept = member.machine.lines.slice(0, -1);
    assert.ok(kept.length > 5 && kept.length < 50, `${kept.length} lines were kept`);
    assert.deepEqual(kept, lines.slice(0, kept.length));
  });
});
