import { LogStream, type LogMessage } from "../../proto/generated.ts";

/** First byte of a frame: which stream its line belongs to. */
const FRAME_STREAMS: Readonly<Record<LogStream, number>> = {
  [LogStream.UNKNOWN]: 1,
  [LogStream.STDOUT]: 1,
  [LogStream.STDERR]: 2,
};
/** Stream of errors that end a log, for people. */
const SYSTEM_ERROR_STREAM = 3;
const FRAME_HEADER_BYTES = 8;

const NEWLINE = "\n".charCodeAt(0);

/** What a client asked to see before each line, and how. */
export interface LogFormat {
  readonly timestamps: boolean;
  readonly details: boolean;
  /** Raw lines: the task has a terminal, whose streams are one. */
  readonly raw: boolean;
}

/** Exactly nine digits of fraction: clients sort by text. */
function timestampText(timestamp: string): string {
  const match = /^([^.Z+]+?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(timestamp);
  if (!match) return timestamp;
  return `${match[1]}.${(match[2] ?? "").padEnd(9, "0").slice(0, 9)}${match[3]}`;
}

/** Escapes like Go's url.QueryEscape. */
function queryEscape(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1).replaceAll("*", "%2A");
}

/** `key=value` pairs by key: where the line comes from, among the attributes of its log driver. */
function detailsText({ context, attrs }: LogMessage): string {
  const all: Readonly<Record<string, string>> = {
    ...attrs,
    "com.docker.swarm.node.id": context?.nodeId ?? "",
    "com.docker.swarm.service.id": context?.serviceId ?? "",
    "com.docker.swarm.task.id": context?.taskId ?? "",
  };
  const keys = Object.keys(all).sort();
  return keys.map((key) => `${queryEscape(key)}=${queryEscape(all[key] ?? "")}`).join(",");
}

/** Writes a frame of `bytes` bytes at `at`; returns where its content goes. */
function frameAt(buffer: Buffer, at: number, stream: number, bytes: number): number {
  buffer[at] = stream;
  buffer.writeUInt32BE(bytes, at + 4);
  return at + FRAME_HEADER_BYTES;
}

function prefixOf(message: LogMessage, { timestamps, details }: LogFormat): string {
  const time = timestamps ? `${timestampText(message.timestamp)} ` : "";
  return details ? `${time}${detailsText(message)} ` : time;
}

/**
 * Lines of a log as they go over the wire; a frame holds exactly one line. A hot path: all lines are
 * written to one buffer.
 */
export function logLines(messages: readonly LogMessage[], format: LogFormat): Buffer {
  const header = format.raw ? 0 : FRAME_HEADER_BYTES;
  // Without either there is no prefix to make for each line.
  const hasPrefix = format.timestamps || format.details;
  const prefixes = hasPrefix ? messages.map((message) => prefixOf(message, format)) : [];
  let bytes = 0;
  for (const { data } of messages) bytes += header + data.length + 1;
  for (const prefix of prefixes) bytes += Buffer.byteLength(prefix);
  const lines = Buffer.alloc(bytes);
  let at = 0;
  for (const [i, { stream, data }] of messages.entries()) {
    const prefix = prefixes[i] ?? "";
    const length = Buffer.byteLength(prefix) + data.length + 1;
    if (!format.raw) at = frameAt(lines, at, FRAME_STREAMS[stream], length);
    if (prefix !== "") lines.write(prefix, at);
    lines.set(data, at + length - data.length - 1);
    at += length;
    lines[at - 1] = NEWLINE;
  }
  return lines;
}

/** An error in the middle of a log, told in the log itself. */
export function logError(text: string, format: LogFormat): Buffer {
  const line = Buffer.from(`${text}\n`);
  if (format.raw) return line;
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  frameAt(header, 0, SYSTEM_ERROR_STREAM, line.length);
  return Buffer.concat([header, line]);
}
