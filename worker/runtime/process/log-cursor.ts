import type { FileHandle } from "node:fs/promises";
import type { LogMark, StreamName } from "./log-marks.ts";
import type { TaskLog } from "./task-log.ts";

/** Bytes read at a time. */
export const CHUNK_BYTES = 65_536;
/** A longer line is given in pieces. */
const LINE_BYTES_MAX = 65_536;
/** Ends a line. */
export const NEWLINE = 10;
/** Marks that a follower has gone past are dropped in bunches of so many. */
const MARKS_DONE_MAX = 1_024;

/** Offsets up to which streams are read. */
export type Limits = Readonly<Record<StreamName, number>>;

interface TimedLine {
  readonly timeMs: number;
  readonly data: Uint8Array;
}

/** Reads the lines of one stream in order, each with the time of the mark that covers its end. */
export class LineCursor {
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
    if (this.#mark >= MARKS_DONE_MAX) {
      this.marks.splice(0, this.#mark);
      this.#mark = 0;
    }
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

/** A line, and which stream it comes from. */
export type FoundLine = TimedLine & { readonly stream: StreamName };

/**
 * The oldest line that any cursor has up to its limit, or null. Most lines are there already, and
 * waiting for them would take longer than reading them: a promise only where one is not.
 */
export function nextLine(
  cursors: readonly LineCursor[],
  limits: Limits,
  final: boolean,
): FoundLine | null | Promise<FoundLine | null> {
  let first: LineCursor | null = null;
  let line: TimedLine | null = null;
  for (const cursor of cursors) {
    const next = cursor.peek(limits[cursor.stream], final);
    if (next instanceof Promise) return next.then(() => awaitLine(cursors, limits, final));
    if (!next || (line && line.timeMs <= next.timeMs)) continue;
    first = cursor;
    line = next;
  }
  return first && line ? found(first, line) : null;
}

async function awaitLine(
  cursors: readonly LineCursor[],
  limits: Limits,
  final: boolean,
): Promise<FoundLine | null> {
  let first: LineCursor | null = null;
  let line: TimedLine | null = null;
  for (const cursor of cursors) {
    const next = await cursor.peek(limits[cursor.stream], final);
    if (!next || (line && line.timeMs <= next.timeMs)) continue;
    first = cursor;
    line = next;
  }
  return first && line ? found(first, line) : null;
}

function found(cursor: LineCursor, { timeMs, data }: TimedLine): FoundLine {
  cursor.advance();
  return { timeMs, data, stream: cursor.stream };
}
