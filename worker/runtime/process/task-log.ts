import { execFile } from "node:child_process";
import { closeSync, openSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import type { Cancel, Clock } from "../../../lib/clock.ts";
import { isErrnoException } from "../../../lib/errno.ts";
import type { Logger } from "../../../lib/log.ts";
import { appendMarks, readMarks, replaceMarks, STREAMS, thinMarks } from "./log-marks.ts";
import type { LogMark, StreamName } from "./log-marks.ts";

/** Shortest time between two marks of a busy task: the resolution of its lines' timestamps. */
const MARK_WINDOW_MS = 100;
/** Marks kept, 16 bytes each; a task of many short lines gets coarser times for the older ones. */
const MARKS_MAX = 65_536;
/** Disk blocks are given back in whole pages. */
const PAGE_BYTES = 4096;

export interface TaskLogOptions {
  readonly dir: string;
  readonly taskId: string;
  /** Bytes kept per stream; up to twice as many may be on disk at a time. */
  readonly bytesMax: number;
}

/**
 * A task's output. The task itself appends to one plain file per stream, so it never waits for
 * swarmd, runs on while swarmd is away, and loses nothing. Beside them lies a list of marks, "by
 * this time the file was this long", from which readers learn each line's time. What is over the
 * bound is cut off the front by punching a hole, which leaves offsets as they are.
 */
export class TaskLog {
  readonly #options: TaskLogOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #listeners = new Set<(mark: LogMark | null) => void>();
  readonly #sizes = { stdout: 0, stderr: 0 };
  readonly #starts = { stdout: 0, stderr: 0 };
  /** How many marks there are. */
  #marks: number;
  #window: Cancel | null = null;
  #trimming = false;
  #removed = false;

  constructor(
    options: TaskLogOptions,
    { clock, log }: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    const marks = readMarks(this.#marksPath);
    // The first mark of a stream tells where its content starts.
    for (const mark of marks.toReversed()) this.#starts[mark.stream] = mark.offset;
    for (const mark of marks) this.#sizes[mark.stream] = mark.offset;
    this.#marks = marks.length;
  }

  /** Whether the log was deleted: nothing more will come. */
  get removed(): boolean {
    return this.#removed;
  }

  /** Path of a stream's file. */
  path(stream: StreamName): string {
    const suffix = stream === "stdout" ? "out" : "err";
    return join(this.#options.dir, `${this.#options.taskId}.${suffix}`);
  }

  /** Makes the files of a task that has not been started yet, for whoever reads them. */
  make(): void {
    for (const stream of STREAMS) closeSync(openSync(this.path(stream), "a", 0o600));
  }

  /** Offset of the oldest byte that is kept. */
  start(stream: StreamName): number {
    return this.#starts[stream];
  }

  /** Length of the stream, as far as it has a mark. */
  size(stream: StreamName): number {
    return this.#sizes[stream];
  }

  /** The marks of both streams so far. */
  marks(): readonly LogMark[] {
    return readMarks(this.#marksPath);
  }

  /** Told of every new mark, and with null when the task has ended; returns the unsubscriber. */
  listen(listener: (mark: LogMark | null) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One of the files was written to: marks it now, then at most once per window. */
  touched(): void {
    if (this.#window) return;
    this.observe();
    this.#window = this.#clock.after(MARK_WINDOW_MS, () => {
      this.#window = null;
      if (this.observe()) this.touched();
    });
  }

  /** Marks what is new; returns whether there was anything. */
  observe(): boolean {
    const marks: LogMark[] = [];
    for (const stream of STREAMS) {
      const size = statSync(this.path(stream), { throwIfNoEntry: false })?.size ?? 0;
      if (size > this.#sizes[stream]) marks.push(this.#mark(stream, size));
    }
    this.#append(marks);
    if (marks.length > 0) this.#trim();
    return marks.length > 0;
  }

  /** The task has ended: marks the rest and lets followers finish. */
  finish(): void {
    this.observe();
    for (const listener of this.#listeners) listener(null);
  }

  /** Stops marking. */
  close(): void {
    this.#window?.();
    this.#window = null;
  }

  /** Deletes the log and lets followers finish. */
  remove(): void {
    this.#removed = true;
    this.finish();
    this.close();
    for (const stream of STREAMS) rmSync(this.path(stream), { force: true });
    rmSync(this.#marksPath, { force: true });
  }

  get #marksPath(): string {
    return join(this.#options.dir, `${this.#options.taskId}.marks`);
  }

  #mark(stream: StreamName, offset: number): LogMark {
    return { stream, offset, timeMs: this.#clock.now() };
  }

  #append(marks: readonly LogMark[]): void {
    if (marks.length === 0) return;
    // Most tasks say little: their marks begin with their output, not with them.
    const first = this.#marks === 0 ? STREAMS.map((stream) => this.#mark(stream, 0)) : [];
    this.#guard(() => appendMarks(this.#marksPath, [...first, ...marks]));
    this.#marks += first.length + marks.length;
    if (this.#marks > MARKS_MAX) this.#replaceMarks(thinMarks(readMarks(this.#marksPath)));
    for (const mark of marks) {
      this.#sizes[mark.stream] = mark.offset;
      for (const listener of this.#listeners) listener(mark);
    }
  }

  #isOver(stream: StreamName): boolean {
    return this.#sizes[stream] - this.#starts[stream] > 2 * this.#options.bytesMax;
  }

  #trim(): void {
    if (this.#trimming || !STREAMS.some((stream) => this.#isOver(stream))) return;
    this.#trimming = true;
    let left = STREAMS.length;
    const done = (): void => {
      if (--left > 0) return;
      this.#trimming = false;
      this.#dropMarks();
      this.#trim();
    };
    for (const stream of STREAMS) {
      const over = this.#sizes[stream] - this.#options.bytesMax;
      const start = Math.max(this.#starts[stream], Math.floor(over / PAGE_BYTES) * PAGE_BYTES);
      if (start === this.#starts[stream]) done();
      else this.#punch(stream, start, done);
    }
  }

  #punch(stream: StreamName, start: number, done: () => void): void {
    const path = this.path(stream);
    const args = ["--punch-hole", "--offset", "0", "--length", String(start), path];
    execFile("fallocate", args, (error) => {
      this.#starts[stream] = start;
      if (error && statSync(path, { throwIfNoEntry: false })) {
        // A file system without holes: the bound matters more than the newest lines.
        this.#log.warn({ taskId: this.#options.taskId, err: error }, "task log emptied");
        this.#guard(() => truncateSync(path, 0));
        this.#starts[stream] = 0;
        this.#sizes[stream] = 0;
      }
      done();
    });
  }

  /** A full disk costs timestamps, not the worker. */
  #guard(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!isErrnoException(error)) throw error;
      this.#log.warn({ taskId: this.#options.taskId, err: error }, "log marks were not written");
    }
  }

  #dropMarks(): void {
    if (!statSync(this.#marksPath, { throwIfNoEntry: false })) return;
    const marks = readMarks(this.#marksPath);
    const kept = STREAMS.flatMap((stream) => {
      const start = this.#starts[stream];
      const own = marks.filter((mark) => mark.stream === stream && mark.offset > start);
      const current = own.filter((mark) => mark.offset <= this.#sizes[stream]);
      const timeMs = current[0]?.timeMs ?? this.#clock.now();
      return [{ stream, offset: start, timeMs }, ...current];
    });
    this.#replaceMarks(kept.sort((a, b) => a.timeMs - b.timeMs));
  }

  #replaceMarks(marks: readonly LogMark[]): void {
    this.#guard(() => replaceMarks(this.#marksPath, marks));
    this.#marks = marks.length;
  }
}
