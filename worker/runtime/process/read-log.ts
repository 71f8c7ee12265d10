import { open, type FileHandle } from "node:fs/promises";
import { onAbort } from "../../../lib/abort.ts";
import { isErrnoException } from "../../../lib/errno.ts";
import type { LogLine, LogRead } from "../runtime.ts";
import type { LogMark, StreamName } from "./log-marks.ts";
import type { TaskLog } from "./task-log.ts";

const CHUNK_BYTES = 65_536;
/** A longer line is given in pieces. */
const LINE_BYTES_MAX = 65_536;
const NEWLINE = 10;
/** Marks that a follower has gone past are dropped in bunches of so many. */
const MARKS_DONE_MAX = 1_024;

interface TimedLine {
  readonly timeMs: number;
  readonly data: Uint8Array;
}

/** Reads the lines of one stream in order, each with the time of the mark that covers its end. */
class LineCursor {
  readonly stream: StreamName;
  /** Those to come; the newest are added at the end while the log grows. */
  readonly marks: LogMark[];
  readonly #file: FileHandle;
  readonly #log: TaskLog;
  #mark = 0;
  #position: number;
  #pending = Buffer.alloc(0);
  #peeked: TimedLine | null = null;
  #skipPartial: boolean;

  constructor(file: FileHandle, log: TaskLog, stream: StreamName, position: number) {
    this.#file = file;
    this.#log = log;
    this.stream = stream;
    this.marks = log.marks().filter((mark) => mark.stream === stream);
    this.#position = position;
    this.#skipPartial = position > 0 && position === log.start(stream);
  }

  /** The next whole line that ends at or before `limit`; with `final` also an unfinished one. */
  peek(limit: number, final: boolean): TimedLine | null | Promise<TimedLine | null> {
    while (!this.#peeked) {
      this.#followTrim();
      const length = this.#lineLength(limit, final);
      if (length > 0) this.#take(length);
      else if (this.#position + this.#pending.length >= limit) return null;
      else return this.#peekFurther(limit, final);
    }
    return this.#peeked;
  }

  async #peekFurther(limit: number, final: boolean): Promise<TimedLine | null> {
    return (await this.#read(limit)) ? this.peek(limit, final) : null;
  }

  /** Goes past the line that `peek` gave. */
  advance(): void {
    this.#peeked = null;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #lineLength(limit: number, final: boolean): number {
    const newline = this.#pending.indexOf(NEWLINE);
    if (newline >= 0) return newline + 1;
    if (this.#pending.length >= LINE_BYTES_MAX) return LINE_BYTES_MAX;
    const atEnd = this.#position + this.#pending.length >= limit;
    return atEnd && final ? this.#pending.length : 0;
  }

  #take(length: number): void {
    const raw = this.#pending.subarray(0, length);
    this.#pending = this.#pending.subarray(length);
    this.#position += length;
    const skip = this.#skipPartial;
    this.#skipPartial = false;
    if (skip) return;
    const data = raw[length - 1] === NEWLINE ? raw.subarray(0, length - 1) : raw;
    this.#peeked = { timeMs: this.#timeAt(this.#position), data };
  }

  #timeAt(offset: number): number {
    while (
      (this.marks[this.#mark]?.offset ?? offset) < offset &&
      this.#mark + 1 < this.marks.length
    )
      this.#mark++;
    const { timeMs } = this.marks[this.#mark] ?? { timeMs: 0 };
    if (this.#mark >= MARKS_DONE_MAX) this.marks.splice(0, this.#mark);
    this.#mark %= MARKS_DONE_MAX;
    return timeMs;
  }

  async #read(limit: number): Promise<boolean> {
    const at = this.#position + this.#pending.length;
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, limit - at));
    const { bytesRead } = await this.#file.read(chunk, 0, chunk.length, at);
    this.#pending = Buffer.concat([this.#pending, chunk.subarray(0, bytesRead)]);
    return bytesRead > 0;
  }

  /** What this reader has not read yet may have been cut off meanwhile. */
  #followTrim(): void {
    const start = this.#log.start(this.stream);
    if (this.#position + this.#pending.length >= start) return;
    this.#pending = Buffer.alloc(0);
    this.#position = start;
    this.#skipPartial = true;
  }
}

/** Where the last `lines` lines of a file start. */
async function tailOffset(
  file: FileHandle,
  start: number,
  end: number,
  lines: number,
): Promise<number> {
  if (lines === 0) return end;
  let left = lines;
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let at = end; at > start;) {
    const from = Math.max(start, at - CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, at - from, from);
    // The newline at the very end closes the last line; it starts none.
    let index = bytesRead - (at === end ? 2 : 1);
    for (; index >= 0; index--) {
      if (chunk[index] === NEWLINE && --left === 0) return from + index + 1;
    }
    at = from;
  }
  return start;
}

type Limits = Readonly<Record<StreamName, number>>;

/** Lines of all cursors up to the limits, oldest first. */
async function* merge(
  cursors: readonly LineCursor[],
  limits: Limits,
  final: boolean,
): AsyncIterable<TimedLine & { readonly stream: StreamName }> {
  for (;;) {
    let first: LineCursor | null = null;
    let line: TimedLine | null = null;
    for (const cursor of cursors) {
      // Most lines are there already: waiting for them would take longer than reading them.
      const found = cursor.peek(limits[cursor.stream], final);
      const next = found instanceof Promise ? await found : found;
      if (!next || (line && line.timeMs <= next.timeMs)) continue;
      first = cursor;
      line = next;
    }
    if (!first || !line) return;
    first.advance();
    yield { ...line, stream: first.stream };
  }
}

function limitsOf(log: TaskLog): Limits {
  return { stdout: log.size("stdout"), stderr: log.size("stderr") };
}

/** The file of a stream; null when the log is deleted meanwhile. */
async function openStream(log: TaskLog, stream: StreamName): Promise<FileHandle | null> {
  try {
    return await open(log.path(stream), "r");
  } catch (error) {
    if (log.removed && isErrnoException(error, "ENOENT")) return null;
    throw error;
  }
}

/** Adds a cursor for each stream that is asked for to `cursors`, for the caller to close. */
async function openCursors(
  cursors: LineCursor[],
  log: TaskLog,
  read: LogRead,
  limits: Limits,
): Promise<void> {
  if (!log.removed) log.make();
  for (const stream of ["stdout", "stderr"] as const) {
    if (!read[stream]) continue;
    const file = await openStream(log, stream);
    if (!file) return;
    const start = log.start(stream);
    const position =
      read.tail === null ? start : await tailOffset(file, start, limits[stream], read.tail);
    cursors.push(new LineCursor(file, log, stream, position));
  }
}

/** How many of the lines that the cursors' tails hold are older than the last `tail` of them. */
async function surplus(
  log: TaskLog,
  read: LogRead,
  limits: Limits,
  final: boolean,
): Promise<number> {
  if (read.tail === null) return 0;
  const cursors: LineCursor[] = [];
  let count = 0;
  try {
    await openCursors(cursors, log, read, limits);
    for await (const _ of merge(cursors, limits, final)) count++;
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
  return Math.max(0, count - read.tail);
}

/** Waits until the log has something new or its task has ended. */
class Growth {
  #wake: () => void = () => {};
  #news = false;

  notify(): void {
    this.#news = true;
    this.#wake();
  }

  async next(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#news) {
      await new Promise<void>((resolve) => {
        const release = onAbort(signal, resolve);
        this.#wake = () => {
          release();
          resolve();
        };
      });
    }
    this.#news = false;
    signal.throwIfAborted();
  }
}

/**
 * Reads a task's log as `read` asks. With `follow` it goes on until `isRunning` says no more, then
 * ends.
 */
export async function* readLog(
  log: TaskLog,
  read: LogRead,
  isRunning: () => boolean,
  signal: AbortSignal,
): AsyncIterable<LogLine> {
  const growth = new Growth();
  const cursors: LineCursor[] = [];
  // Many lines share the time of their mark.
  let stamp = { ms: NaN, text: "" };
  // From here on no mark and no end is missed; a cursor reads the marks there are when it is made.
  const release = log.listen((mark) => {
    if (mark) cursors.find((cursor) => cursor.stream === mark.stream)?.marks.push(mark);
    growth.notify();
  });
  try {
    let last = !read.follow || log.removed || !isRunning();
    log.observe();
    let limits = limitsOf(log);
    let skip = await surplus(log, read, limits, last);
    await openCursors(cursors, log, read, limits);
    for (;;) {
      for await (const { timeMs, stream, data } of merge(cursors, limits, last)) {
        signal.throwIfAborted();
        if (skip-- > 0 || timeMs < read.sinceMs) continue;
        if (timeMs !== stamp.ms) stamp = { ms: timeMs, text: new Date(timeMs).toISOString() };
        yield { timestamp: stamp.text, stream, data };
      }
      if (last) return;
      await growth.next(signal);
      last = log.removed || !isRunning();
      log.observe();
      limits = limitsOf(log);
    }
  } finally {
    release();
    for (const cursor of cursors) await cursor.close();
  }
}
