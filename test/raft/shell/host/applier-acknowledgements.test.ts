import assert from "node:assert/strict";
import type { FromDriver, ToDriver } from "../../../../raft/shell/driver/port.ts";
import { Applier } from "../../../../raft/shell/host/applier.ts";
import { deferToNextTurn } from "../../../../raft/shell/raft-options.ts";
import { MemorySnapshotStore } from "../../../../raft/shell/snapshots/memory-snapshot-store.ts";
import { RecordingMachine } from "../../../fakes/recording-machine.ts";
import { SimClock } from "../../../fakes/sim-clock.ts";

/** A batch of the entries `from` to `to`. */
function batch(from: number, to: number, prompt = false): Extract<FromDriver, { kind: "apply" }> {
  const entries = Array.from({ length: to - from + 1 }, (_, i) => ({
    index: from + i,
    term: 1,
    data: new Uint8Array([i]),
  }));
  const through = { index: to, term: 1 };
  return { kind: "apply", entries, proposals: entries.map(() => 0), through, prompt };
}

describe("an applier that acknowledges", () => {
  let clock: SimClock;
  let posted: ToDriver[];
  let snapshots: MemorySnapshotStore;
  let applier: Applier;

  beforeEach(() => {
    clock = new SimClock();
    posted = [];
    snapshots = new MemorySnapshotStore();
    applier = new Applier({
      port: { post: (message) => posted.push(message), flush: () => {}, onMessages: () => {} },
      stateMachine: new RecordingMachine(),
      snapshots,
      clock,
      defer: deferToNextTurn,
      confirm: () => {},
    });
  });

  it("acknowledges several batches at once, in a moment", async () => {
    void applier.apply(batch(1, 2));
    void applier.apply(batch(3, 3));
    assert.deepEqual(posted, []);
    await clock.advance(20);
    assert.deepEqual(posted, [{ kind: "applied", through: 3 }]);
  });

  it("acknowledges at once what somebody waits for, and nothing twice", async () => {
    void applier.apply(batch(1, 2));
    void applier.apply(batch(3, 3, true));
    applier.acknowledge();
    await clock.advance(20);
    assert.deepEqual(posted, [{ kind: "applied", through: 3 }]);
  });

  it("acknowledges what was applied before a snapshot takes its place", async () => {
    const key = { index: 9, term: 1 };
    const writer = await snapshots.create(key);
    await writer.write(Buffer.from("[]"));
    const content = await writer.finish();
    void applier.apply(batch(1, 2));
    await applier.restore(key, content);
    await clock.advance(20);
    assert.deepEqual(posted, [
      { kind: "applied", through: 2 },
      { kind: "restored", key },
    ]);
  });

  it("acknowledges what a snapshot of its own contains before it says so", async () => {
    void applier.apply(batch(1, 2));
    await applier.takeSnapshot();
    assert.deepEqual(
      posted.map(({ kind }) => kind),
      ["applied", "captured", "saved"],
    );
  });
});
