import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { onAbort } from "../../../lib/abort.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { LogLine, LogRead } from "../runtime.ts";
import { engineCall } from "./engine-error.ts";

const HEADER_BYTES = 8;
const STDERR = 2;
const NEWLINE = 10;
const RETURN = 13;
const SPACE = 32;
/** A longer line is given in pieces, so that one without an end takes no more memory than this. */
const LINE_BYTES_MAX = 65_536;

/** What the log driver adds to the lines of this container, in the engine's escaped form. */
class Attributes {
  #known: { readonly text: string; readonly attrs: LogLine["attrs"] } = { text: "", attrs: {} };

  /** Reads `key=value,key=value`; the same object for every line that has the same. */
  of(text: string): LogLine["attrs"] {
    if (text === this.#known.text) return this.#known.attrs;
    const attrs = Object.fromEntries(new URLSearchParams(text.replaceAll(",", "&")));
    this.#known = { text, attrs };
    return attrs;
  }
}

type Prefix = Pick<LogLine, "timestamp" | "attrs">;

/** Takes `<timestamp> <attributes> ` off the front; attributes may be empty. */
function cutPrefix(raw: Buffer, attributes: Attributes): readonly [Prefix, Buffer] {
  const first = raw.indexOf(SPACE);
  const second = first < 0 ? -1 : raw.indexOf(SPACE, first + 1);
  if (second < 0) throw new SwarmError("internal", "the engine's log has a line without its time");
  const timestamp = raw.toString("latin1", 0, first);
  const attrs = attributes.of(raw.toString("latin1", first + 1, second));
  return [{ timestamp, attrs }, raw.subarray(second + 1)];
}

/** Puts the pieces of one stream's line together; pieces are what the log driver has cut it into. */
class LineParts {
  readonly #stream: LogLine["stream"];
  #prefix: Prefix | null = null;
  #parts: Buffer[] = [];
  #bytes = 0;

  constructor(stream: LogLine["stream"]) {
    this.#stream = stream;
  }

  /** Adds a piece; returns the line when this was its last, or it has become too long. */
  add(prefix: Prefix, data: Buffer): LogLine | null {
    this.#prefix ??= prefix;
    const isWhole = data.at(-1) === NEWLINE;
    this.#parts.push(isWhole ? data.subarray(0, -1) : data);
    this.#bytes += data.length;
    return isWhole || this.#bytes >= LINE_BYTES_MAX ? this.end() : null;
  }

  /** What there is of an unfinished line. */
  end(): LogLine | null {
    if (!this.#prefix) return null;
    const [only] = this.#parts;
    const data = this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts);
    const line = { ...this.#prefix, stream: this.#stream, data };
    this.#prefix = null;
    this.#parts = [];
    this.#bytes = 0;
    return line;
  }
}

/** The engine's multiplexed stream: a frame holds a line or, without a newline, a part of one. */
async function* framedLines(source: AsyncIterable<Buffer>): AsyncIterable<LogLine> {
  const attributes = new Attributes();
  const streams = { stdout: new LineParts("stdout"), stderr: new LineParts("stderr") };
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + pending.readUInt32BE(4);
      if (pending.length < end) break;
      const stream = pending[0] === STDERR ? "stderr" : "stdout";
      const line = streams[stream].add(
        ...cutPrefix(pending.subarray(HEADER_BYTES, end), attributes),
      );
      if (line) yield line;
      pending = pending.subarray(end);
    }
  }
  for (const stream of [streams.stdout, streams.stderr]) {
    const line = stream.end();
    if (line) yield line;
  }
}

/** A container with a terminal has one plain stream, whose lines end as a terminal's do. */
async function* plainLines(source: AsyncIterable<Buffer>): AsyncIterable<LogLine> {
  const attributes = new Attributes();
  let before: Prefix | null = null;
  const toLine = (raw: Buffer): LogLine => {
    // The rest of a line that was too long has no time of its own.
    const [prefix, text] = before ? [before, raw] : cutPrefix(raw, attributes);
    const data = text.at(-1) === RETURN ? text.subarray(0, -1) : text;
    return { ...prefix, stream: "stdout", data };
  };
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (;;) {
      const newline = pending.indexOf(NEWLINE);
      if (newline < 0 && pending.length < LINE_BYTES_MAX) break;
      const line = toLine(newline < 0 ? pending : pending.subarray(0, newline));
      before = newline < 0 ? { timestamp: line.timestamp, attrs: line.attrs } : null;
      pending = newline < 0 ? Buffer.alloc(0) : pending.subarray(newline + 1);
      yield line;
    }
  }
  if (pending.length > 0) yield toLine(pending);
}

/** The lines of a log as the engine sends it, with times and attributes; `tty` as it was made. */
export function engineLines(
  source: AsyncIterable<Buffer>,
  { tty }: { readonly tty: boolean },
): AsyncIterable<LogLine> {
  return tty ? plainLines(source) : framedLines(source);
}

/** Always a stream: the client's own call would keep the whole log in memory. */
function openLog(docker: Docker, id: string, read: LogRead): Promise<Readable> {
  const options = {
    follow: read.follow,
    stdout: read.stdout,
    stderr: read.stderr,
    timestamps: true,
    details: true,
    tail: read.tail ?? "all",
    since: (read.sinceMs / 1000).toFixed(3),
  };
  const request = {
    path: `/containers/${id}/logs?`,
    method: "GET",
    isStream: true,
    options,
    statusCodes: { 200: true, 404: "no such container", 500: "server error" },
  };
  return new Promise((resolve, reject) => {
    docker.modem.dial(request, (error: unknown, stream: unknown) =>
      error ? reject(error) : resolve(stream as Readable),
    );
  });
}

/** The log of a container; `tty` as the container was created. */
export async function* readEngineLog(
  docker: Docker,
  container: { readonly id: string; readonly tty: boolean },
  read: LogRead,
  signal: AbortSignal,
): AsyncIterable<LogLine> {
  const stream = await engineCall(() => openLog(docker, container.id, read), signal);
  const release = onAbort(signal, () => stream.destroy());
  try {
    yield* engineLines(stream, container);
  } finally {
    release();
    stream.destroy();
  }
}
