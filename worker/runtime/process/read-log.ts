import { open, type FileHandle } from "node:fs/promises";
import { onAbort } from "../../../lib/abort.ts";
import { isErrnoException } from "../../../lib/errno.ts";
import { NO_ATTRS, type LogLine, type LogRead } from "../runtime.ts";
import { CHUNK_BYTES, LineCursor, NEWLINE, nextLine, type Limits } from "./log-cursor.ts";
import type { StreamName } from "./log-marks.ts";
import type { TaskLog } from "./task-log.ts";

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
    while (await nextLine(cursors, limits, final)) count++;
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
      for (;;) {
        const next = nextLine(cursors, limits, last);
        const line = next instanceof Promise ? await next : next;
        if (!line) break;
        signal.throwIfAborted();
        const { timeMs, stream, data } = line;
        if (skip-- > 0 || timeMs < read.sinceMs) continue;
        if (timeMs !== stamp.ms) stamp = { ms: timeMs, text: new Date(timeMs).toISOString() };
        yield { timestamp: stamp.text, stream, data, attrs: NO_ATTRS };
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
