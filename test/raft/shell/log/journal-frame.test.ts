import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeFrame, scanJournal } from "../../../../raft/shell/log/journal-frame.ts";
import { EMPTY_HEAD, encodeHead } from "../../../../raft/shell/log/log-head.ts";
import { HEAD_KEY, type LogOperation } from "../../../../raft/shell/log/log-pack.ts";

const bytes = (maxLength: number, minLength = 0) => fc.uint8Array({ minLength, maxLength });

const operation: fc.Arbitrary<LogOperation> = fc.oneof(
  fc.tuple(bytes(12, 1), bytes(40)).map(([key, value]) => ({ type: "put" as const, key, value })),
  bytes(12, 1).map((key) => ({ type: "del" as const, key })),
);

const writes = fc.array(fc.array(operation, { maxLength: 3 }), { minLength: 1, maxLength: 8 });

const headOf = (sequence: number): Uint8Array => encodeHead({ ...EMPTY_HEAD, sequence });

/** Frames of writes `first` and following, one after the other. */
function framesOf(made: readonly (readonly LogOperation[])[], first: number): Uint8Array[] {
  return made.map((operations, i) => encodeFrame(first + i, headOf(first + i), operations));
}

describe("the frames of a journal", () => {
  it("are read back as they were written, behind what the database has", () => {
    fc.assert(
      fc.property(writes, fc.nat(9), fc.nat(9), (made, before, had) => {
        const stored = before + Math.min(had, made.length);
        const file = Buffer.concat([...framesOf(made, before + 1), new Uint8Array(100)]);
        const { frames, damage } = scanJournal(file, stored);
        assert.equal(damage, null);
        assert.deepEqual(
          frames,
          made.slice(stored - before).map((operations, i) => {
            const sequence = stored + 1 + i;
            const value = headOf(sequence);
            return { sequence, operations: [...operations, { type: "put", key: HEAD_KEY, value }] };
          }),
        );
      }),
    );
  });

  it("end before a torn one, with an earlier round of the file behind it", () => {
    fc.assert(
      fc.property(writes, writes, fc.nat(), (earlier, made, cut) => {
        const older = Buffer.concat(framesOf(earlier, 1));
        const newer = framesOf(made, earlier.length + 1);
        const torn = newer.at(-1)!;
        const file = Buffer.concat([...newer, older]);
        older.copy(file);
        // As much of the newest as reached the disk; at least one byte did not.
        const whole = Buffer.concat(newer);
        const kept = whole.length - torn.length + (cut % torn.length);
        whole.copy(file, 0, 0, kept);
        fc.pre(!whole.equals(file.subarray(0, whole.length)));
        const { frames, damage } = scanJournal(file, earlier.length);
        assert.equal(damage, null);
        assert.equal(frames.length, made.length - 1);
      }),
    );
  });

  it("tell of any byte that changes before the newest", () => {
    fc.assert(
      fc.property(writes, fc.nat(), fc.integer({ min: 1, max: 255 }), (made, at, flip) => {
        const newest = encodeFrame(made.length + 1, headOf(made.length + 1), []);
        const before = Buffer.concat(framesOf(made, 1));
        before[at % before.length] = (before[at % before.length] ?? 0) ^ flip;
        const { frames, damage } = scanJournal(Buffer.concat([before, newest]), 0);
        assert.match(damage ?? "", new RegExp(`write ${frames.length + 1} is missing`));
      }),
    );
  });
});
