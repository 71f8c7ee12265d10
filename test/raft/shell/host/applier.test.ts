import assert from "node:assert/strict";
import { SwarmError } from "../../../../lib/errors.ts";
import type { ToDriver } from "../../../../raft/shell/driver/port.ts";
import { Applier } from "../../../../raft/shell/host/applier.ts";
import type { SnapshotStore } from "../../../../raft/shell/snapshots/snapshot-store.ts";
import { RecordingMachine } from "../../../fakes/recording-machine.ts";
import { SimClock } from "../../../fakes/sim-clock.ts";

describe("an applier that takes a snapshot", () => {
  /** What it tells the driver, and whether it cleans up, when writing fails with `code`. */
  async function attempt(code: "exhausted" | "internal"): Promise<{
    readonly told: readonly ToDriver[];
    readonly discarded: boolean;
    readonly error: unknown;
  }> {
    const told: ToDriver[] = [];
    let discarded = false;
    const writer = {
      size: 0,
      write: () => Promise.reject(new SwarmError(code, "no")),
      finish: () => assert.fail("nothing is finished"),
      discard: () => Promise.resolve(void (discarded = true)),
    };
    const stateMachine = new RecordingMachine();
    stateMachine.lines.push("x");
    const applier = new Applier({
      port: { post: (message) => told.push(message), flush: () => {}, onMessages: () => {} },
      stateMachine,
      snapshots: { create: () => Promise.resolve(writer) } as unknown as SnapshotStore,
      clock: new SimClock(),
      defer: (task) => task(),
      confirm: () => {},
    });
    const error = await applier.takeSnapshot().then(
      () => undefined,
      (caught: unknown) => caught,
    );
    return { told, discarded, error };
  }

  it("tells when there was no room for it, and leaves nothing behind", async () => {
    const { told, discarded, error } = await attempt("exhausted");
    assert.deepEqual(told, [
      { kind: "captured", key: { index: 0, term: 0 } },
      { kind: "not-saved", reason: "no" },
    ]);
    assert.equal(discarded, true);
    assert.equal(error, undefined);
  });

  it("fails when the disk does", async () => {
    const { told, discarded, error } = await attempt("internal");
    assert.equal(told.length, 1);
    assert.equal(discarded, true);
    assert.ok(error instanceof SwarmError);
  });
});

describe("an applier of many entries", () => {
  it("applies few large ones in one go, and one at least", async () => {
    const slices: number[] = [];
    const stateMachine = new RecordingMachine();
    stateMachine.apply = (entries) => void slices.push(entries.length);
    const applier = new Applier({
      port: { post: () => {}, flush: () => {}, onMessages: () => {} },
      stateMachine,
      snapshots: {} as SnapshotStore,
      clock: new SimClock(),
      defer: (task) => task(),
      confirm: () => {},
    });
    const sizes = [100, 20 << 10, 20 << 10, 64 << 10, 1, 1];
    const entries = sizes.map((size, i) => ({ index: i + 1, term: 1, data: new Uint8Array(size) }));
    await applier.apply({
      kind: "apply",
      entries,
      proposals: sizes.map(() => 0),
      through: { index: sizes.length, term: 1 },
      prompt: true,
    });
    assert.deepEqual(slices, [3, 1, 2]);
    assert.equal(applier.applied.index, sizes.length);
  });
});
