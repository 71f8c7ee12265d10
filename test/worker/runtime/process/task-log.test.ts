import assert from "node:assert/strict";
import fc from "fast-check";
import { appendFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { cancelled } from "../../../../lib/abort.ts";
import { isSwarmError } from "../../../../lib/errors.ts";
import { silentLog } from "../../../../lib/log.ts";
import type { LogRead } from "../../../../worker/runtime/runtime.ts";
import { thinMarks } from "../../../../worker/runtime/process/log-marks.ts";
import { readLog } from "../../../../worker/runtime/process/read-log.ts";
import { TaskLog } from "../../../../worker/runtime/process/task-log.ts";
import { SimClock } from "../../../fakes/sim-clock.ts";
import { eventually } from "../wait.ts";

const EPOCH = 1_700_000_000_000;
const signal = new AbortController().signal;
const ALL: LogRead = { follow: false, tail: null, sinceMs: 0, stdout: true, stderr: true };

describe("task log", () => {
  let dir: string;
  let clock: SimClock;
  let log: TaskLog;

  const open = (bytesMax = 1 << 20): TaskLog =>
    new TaskLog({ dir, taskId: "t1", bytesMax }, { clock, log: silentLog });

  /** What the task writes at a time after the start, and a look at it just then. */
  async function write(text: string, atMs: number, stream: "stdout" | "stderr" = "stdout") {
    await clock.advance(EPOCH + atMs - clock.now());
    appendFileSync(log.path(stream), text);
    log.observe();
  }

  async function read(options: Partial<LogRead> = {}): Promise<string[]> {
    const lines: string[] = [];
    for await (const line of readLog(log, { ...ALL, ...options }, () => false, signal))
      lines.push(`${Date.parse(line.timestamp) - EPOCH} ${line.stream} ${String(line.data)}`);
    return lines;
  }

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-log-"));
    clock = new SimClock(EPOCH);
    log = open();
  });

  afterEach(async () => {
    log.close();
    await rm(dir, { recursive: true });
  });

  it("gives each line the time at which it was seen, in the order of both streams", async () => {
    await write("a\nb\n", 10);
    await write("x\n", 20, "stderr");
    await write("c\nunfinished", 30);
    assert.deepEqual(await read(), [
      "10 stdout a",
      "10 stdout b",
      "20 stderr x",
      "30 stdout c",
      "30 stdout unfinished",
    ]);
  });

  it("gives the last lines, counted over the chosen streams", async () => {
    for (let i = 0; i < 10; i++) {
      await write(`o${i}\n`, i * 10);
      await write(`e${i}\n`, i * 10 + 5, "stderr");
    }
    assert.deepEqual(await read({ tail: 3 }), ["85 stderr e8", "90 stdout o9", "95 stderr e9"]);
    assert.deepEqual(await read({ tail: 1, stderr: false }), ["90 stdout o9"]);
    assert.deepEqual(await read({ tail: 0 }), []);
    assert.equal((await read({ tail: 100 })).length, 20);
  });

  it("gives the last lines of a log of many marks their times", async () => {
    const lines = 2_500;
    for (let i = 0; i < lines; i++) await write(`o${i}\n`, i);
    for (const tail of [1, 2, 1_500]) {
      const expected = Array.from({ length: tail }, (_, i) => lines - tail + i);
      assert.deepEqual(
        await read({ tail }),
        expected.map((i) => `${i} stdout o${i}`),
      );
    }
  });

  it("gives nothing older than asked for", async () => {
    await write("a\n", 10);
    await write("b\n", 20);
    await write("c\n", 30);
    assert.deepEqual(await read({ sinceMs: EPOCH + 20 }), ["20 stdout b", "30 stdout c"]);
  });

  it("finds the end of a log of many chunks", async () => {
    const line = "x".repeat(999);
    await write(`${line}\n`.repeat(500), 10);
    await write("last\n", 20);
    assert.deepEqual(await read({ tail: 1 }), ["20 stdout last"]);
    assert.equal((await read({ tail: 400 })).length, 400);
    assert.equal((await read()).length, 501);
  });

  it("gives a line without an end in pieces", async () => {
    await write("y".repeat(150_000), 10);
    const pieces = await read();
    assert.equal(pieces.length, 3);
    assert.equal(pieces.map((piece) => piece.slice("10 stdout ".length)).join("").length, 150_000);
  });

  it("knows the times again after a restart; what came meanwhile is new", async () => {
    await write("a\n", 10);
    appendFileSync(log.path("stdout"), "b\n");
    log.close();
    await clock.advance(EPOCH + 50 - clock.now());
    log = open();
    assert.deepEqual(await read(), ["10 stdout a", "50 stdout b"]);
  });

  it("cuts the oldest off when there is too much, and keeps whole lines", async () => {
    log.close();
    log = open(8_192);
    for (let i = 0; i < 40; i++)
      await write(`${String(i).padStart(4, "0")}${"z".repeat(995)}\n`, i);
    await eventually(() => log.size("stdout") - log.start("stdout") <= 2 * 8_192);
    const lines = await read();
    assert.ok(lines.length >= 8 && lines.length < 40, `${lines.length} lines are left`);
    for (const line of lines) assert.match(line, /^\d+ stdout \d{4}z{995}$/);
    assert.match(lines.at(-1) ?? "", /^39 stdout 0039/);
    assert.ok(statSync(log.path("stdout")).blocks * 512 <= 20_480, "the disk space is given back");
    const start = log.start("stdout");
    log.close();
    log = open(8_192);
    assert.equal(log.start("stdout"), start);
    assert.deepEqual(await read(), lines);
  });

  it("is followed until its task ends", async () => {
    await write("a\n", 10);
    let running = true;
    const lines: string[] = [];
    const done = (async () => {
      const options = { ...ALL, follow: true };
      for await (const { data } of readLog(log, options, () => running, signal))
        lines.push(String(data));
    })();
    await eventually(() => lines.length === 1);
    await write("half", 20);
    await write(" line\n", 30);
    await eventually(() => lines.length === 2);
    appendFileSync(log.path("stdout"), "end");
    running = false;
    log.finish();
    await done;
    assert.deepEqual(lines, ["a", "half line", "end"]);
  });

  it("lets a follower go when it leaves", async () => {
    const leave = new AbortController();
    const done = (async () => {
      for await (const _ of readLog(log, { ...ALL, follow: true }, () => true, leave.signal))
        assert.fail("there is nothing to read");
    })();
    await setImmediate();
    leave.abort(cancelled("gone"));
    await assert.rejects(done, (error) => isSwarmError(error, "cancelled"));
  });

  it("halves the marks but keeps both ends of each stream", () => {
    const stream = fc.constantFrom("stdout" as const, "stderr" as const);
    fc.assert(
      fc.property(fc.array(stream, { maxLength: 50 }), (streams) => {
        const marks = streams.map((name, i) => ({ stream: name, offset: i, timeMs: i }));
        const thin = thinMarks(marks);
        for (const name of ["stdout", "stderr"] as const) {
          const before = marks.filter((mark) => mark.stream === name);
          const after = thin.filter((mark) => mark.stream === name);
          assert.deepEqual([after[0], after.at(-1)], [before[0], before.at(-1)]);
          assert.ok(after.length <= before.length / 2 + 1);
        }
        assert.deepEqual(
          thin,
          marks.filter((mark) => thin.includes(mark)),
        );
      }),
    );
  });

  it("marks a busy log at most once in its window", async () => {
    let marks = 0;
    log.listen(() => marks++);
    for (let i = 0; i < 50; i++) {
      await clock.advance(1);
      appendFileSync(log.path("stdout"), "line\n");
      log.touched();
    }
    assert.equal(marks, 1);
    await clock.advance(500);
    assert.equal(marks, 2);
    assert.equal((await read()).length, 50);
  });
});
