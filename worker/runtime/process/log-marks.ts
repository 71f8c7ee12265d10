import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";

/** The two streams of a task, by their number in a mark. */
export const STREAMS = ["stdout", "stderr"] as const;
export type StreamName = (typeof STREAMS)[number];

/** By the time `timeMs`, the stream had grown to `offset` bytes. */
export interface LogMark {
  readonly stream: StreamName;
  readonly offset: number;
  readonly timeMs: number;
}

const MARK_BYTES = 16;

function encode(mark: LogMark): Buffer {
  const bytes = Buffer.alloc(MARK_BYTES);
  bytes.writeDoubleLE(mark.timeMs, 0);
  bytes.writeUIntLE(mark.offset, 8, 6);
  bytes.writeUInt8(STREAMS.indexOf(mark.stream), 14);
  return bytes;
}

/** Adds marks to the file at `path`; made for its owner only. */
export function appendMarks(path: string, marks: readonly LogMark[]): void {
  if (marks.length > 0) appendFileSync(path, Buffer.concat(marks.map(encode)), { mode: 0o600 });
}

/** All marks in the order of their making; a torn last one is left out. */
export function readMarks(path: string): LogMark[] {
  if (!existsSync(path)) return [];
  const bytes = readFileSync(path);
  const marks: LogMark[] = [];
  for (let at = 0; at + MARK_BYTES <= bytes.length; at += MARK_BYTES) {
    marks.push({
      stream: STREAMS[bytes.readUInt8(at + 14)] ?? "stdout",
      offset: bytes.readUIntLE(at + 8, 6),
      timeMs: bytes.readDoubleLE(at),
    });
  }
  return marks;
}

/**
 * Half as many marks, at the cost of coarser times: of each stream the first one stays, which tells
 * where it starts, and of the others every second one and the last.
 */
export function thinMarks(marks: readonly LogMark[]): readonly LogMark[] {
  const seen = { stdout: 0, stderr: 0 };
  const last = { stdout: -1, stderr: -1 };
  for (const [index, { stream }] of marks.entries()) last[stream] = index;
  return marks.filter(({ stream }, index) => {
    const nth = seen[stream]++;
    return nth % 2 === 0 || index === last[stream];
  });
}

/** Replaces the file's content in one step. */
export function replaceMarks(path: string, marks: readonly LogMark[]): void {
  writeFileSync(`${path}.new`, Buffer.concat(marks.map(encode)), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
