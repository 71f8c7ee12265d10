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

const NEWLINE = Buffer.from("\n");

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

function frame(stream: number, line: Buffer): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(line.byteLength, 4);
  return Buffer.concat([header, line]);
}

/** One line of a log as it goes over the wire; a frame holds exactly one line. */
export function logLine(message: LogMessage, format: LogFormat): Buffer {
  const prefix = [
    format.timestamps ? `${timestampText(message.timestamp)} ` : "",
    format.details ? `${detailsText(message)} ` : "",
  ].join("");
  const line = Buffer.concat([Buffer.from(prefix), message.data, NEWLINE]);
  return format.raw ? line : frame(FRAME_STREAMS[message.stream], line);
}

/** An error in the middle of a log, told in the log itself. */
export function logError(text: string, format: LogFormat): Buffer {
  const line = Buffer.from(`${text}\n`);
  return format.raw ? line : frame(SYSTEM_ERROR_STREAM, line);
}
