import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { onAbort } from "../../../lib/abort.ts";
import type { LogLine, LogRead } from "../runtime.ts";
import { engineCall } from "./engine-error.ts";

const HEADER_BYTES = 8;
const STDERR = 2;
const NEWLINE = 10;
const SPACE = 32;

interface Piece {
  readonly stream: LogLine["stream"];
  readonly data: Buffer;
}

/** Splits the engine's multiplexed stream into its frames. */
async function* frames(source: AsyncIterable<Buffer>): AsyncIterable<Piece> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + pending.readUInt32BE(4);
      if (pending.length < end) break;
      const stream = pending[0] === STDERR ? "stderr" : "stdout";
      yield { stream, data: pending.subarray(HEADER_BYTES, end) };
      pending = pending.subarray(end);
    }
  }
}

/** A container with a terminal has one plain stream. */
async function* plain(source: AsyncIterable<Buffer>): AsyncIterable<Piece> {
  for await (const data of source) yield { stream: "stdout", data };
}

/** Takes `<timestamp> <text>` apart. */
function toLine(stream: LogLine["stream"], raw: Buffer): LogLine {
  const space = raw.indexOf(SPACE);
  const end = raw.at(-1) === 13 ? raw.length - 1 : raw.length;
  if (space < 0) return { timestamp: raw.toString("latin1"), stream, data: Buffer.alloc(0) };
  return {
    timestamp: raw.toString("latin1", 0, space),
    stream,
    data: raw.subarray(space + 1, end),
  };
}

/** Puts pieces together to lines, per stream. */
async function* lines(pieces: AsyncIterable<Piece>): AsyncIterable<LogLine> {
  const rest: Record<LogLine["stream"], Buffer> = {
    stdout: Buffer.alloc(0),
    stderr: Buffer.alloc(0),
  };
  for await (const { stream, data } of pieces) {
    let pending = rest[stream].length === 0 ? data : Buffer.concat([rest[stream], data]);
    for (let at = pending.indexOf(NEWLINE); at >= 0; at = pending.indexOf(NEWLINE)) {
      yield toLine(stream, pending.subarray(0, at));
      pending = pending.subarray(at + 1);
    }
    rest[stream] = pending;
  }
  for (const stream of ["stdout", "stderr"] as const)
    if (rest[stream].length > 0) yield toLine(stream, rest[stream]);
}

/** Always a stream: the client's own call would keep the whole log in memory. */
function openLog(docker: Docker, id: string, read: LogRead): Promise<Readable> {
  const options = {
    follow: read.follow,
    stdout: read.stdout,
    stderr: read.stderr,
    timestamps: true,
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
    yield* lines(container.tty ? plain(stream) : frames(stream));
  } finally {
    release();
    stream.destroy();
  }
}
