import http from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isErrnoException } from "../../lib/errno.ts";
import type { Logger } from "../../lib/log.ts";
import { parseVersion, withVersion, type ApiVersion } from "../api-version.ts";
import { RequestError, toHttpError } from "../request-error.ts";
import { noEngine } from "./local-paths.ts";
import type { LocalCall, LocalReply, Passthrough } from "./passthrough.ts";

/** Largest reply that is read whole; lists of containers and networks are far below. */
const REPLY_BYTES_MAX = 32 * 1024 * 1024;

/** Headers that concern one connection only (RFC 9110 §7.6.1), or that Node has dealt with. */
const HOP_HEADERS = new Set(["connection", "keep-alive", "transfer-encoding", "expect"]);

/**
 * The engine must not close a connection as soon as it has answered: Node may still be about to
 * end the request, and would take the broken pipe for the answer. We close it.
 */
const KEEP_ALIVE = "keep-alive";

function forwardable(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2)
    if (!HOP_HEADERS.has((raw[i] ?? "").toLowerCase())) kept.push(raw[i] ?? "", raw[i + 1] ?? "");
  return kept;
}

/** The container engine behind a unix socket, reached anew for every request. */
export class LocalEngine implements Passthrough {
  readonly #host: string;
  readonly #path: string;
  readonly #log: Logger;
  #version: ApiVersion | undefined;

  /** @param host `unix:///path` */
  constructor(host: string, { log }: { readonly log: Logger }) {
    this.#host = host;
    this.#path = host.replace(/^unix:\/\//, "");
    this.#log = log;
  }

  get apiVersion(): ApiVersion | undefined {
    return this.#version;
  }

  async greet(signal: AbortSignal): Promise<void> {
    if (this.#version !== undefined) return;
    try {
      (await this.#exchange({ method: "HEAD", path: "/_ping" }, signal)).resume();
    } catch (error) {
      this.#log.debug({ err: error, host: this.#host }, "no container engine answers");
    }
  }

  async call(request: LocalCall, signal: AbortSignal): Promise<LocalReply> {
    return readReply(await this.#exchange(request, signal));
  }

  async *stream(request: LocalCall, signal: AbortSignal): AsyncGenerator<Buffer> {
    const response = await this.#exchange(request, signal);
    if (response.statusCode !== 200) throw refusalOf(await readReply(response));
    yield* response as AsyncIterable<Buffer>;
  }

  async request(
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    await this.greet(signal);
    const upstream = http.request({
      socketPath: this.#path,
      method: request.method ?? "GET",
      path: this.#target(request.url ?? "/"),
      headers: [...forwardable(request.rawHeaders), "Connection", KEEP_ALIVE],
      agent: false,
      signal,
    });
    const answered = this.#response(upstream, request.url ?? "/");
    request.pipe(upstream);
    const reply = await answered;
    const headers = forwardable(reply.rawHeaders);
    response.writeHead(reply.statusCode ?? 502, reply.statusMessage ?? "", headers);
    response.flushHeaders();
    try {
      await pipeline(reply, response);
    } catch (error) {
      // Either side went away in the middle; the other side's connection is closed by now.
      this.#log.debug({ err: error, path: request.url }, "passing through was cut short");
    }
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const upstream = connect({ path: this.#path, allowHalfOpen: true });
    const end = (): void => {
      socket.destroy();
      upstream.destroy();
    };
    upstream.once("error", (error) => {
      if (upstream.connecting || upstream.bytesRead === 0)
        refuse(socket, this.#refusal(error, request.url ?? "/"));
      else end();
    });
    socket.once("error", end);
    socket.once("close", () => upstream.destroy());
    upstream.once("close", () => socket.destroy());
    upstream.once("connect", () => {
      const { method = "GET", url = "/", rawHeaders } = request;
      const lines = [`${method} ${this.#target(url)} HTTP/1.1`];
      for (let i = 0; i + 1 < rawHeaders.length; i += 2)
        lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
      upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
      upstream.write(head);
      socket.pipe(upstream);
      upstream.pipe(socket);
    });
  }

  /** The path as the engine takes it: never of a version newer than its own. */
  #target(url: string): string {
    return this.#version === undefined ? url : withVersion(url, this.#version);
  }

  #exchange({ method, path, body }: LocalCall, signal: AbortSignal): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const type: http.OutgoingHttpHeaders = text ? { "Content-Type": "application/json" } : {};
    const upstream = http.request({
      socketPath: this.#path,
      method,
      path: this.#target(path),
      headers: { Host: "docker", Connection: KEEP_ALIVE, ...type },
      agent: false,
      signal,
    });
    upstream.end(text);
    return this.#response(upstream, path);
  }

  #response(upstream: http.ClientRequest, url: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      upstream.once("response", (response) => {
        // Every reply says it; an engine may have been replaced by a newer one meanwhile.
        const said = parseVersion(String(response.headers["api-version"] ?? ""));
        this.#version = said ?? this.#version;
        resolve(response);
      });
      upstream.once("error", (error) => reject(this.#refusal(error, url)));
    });
  }

  /** Why a connection failed, with the next step; other errors as they are. */
  #refusal(error: Error, url: string): Error {
    if (!isErrnoException(error, "ENOENT", "ECONNREFUSED", "EACCES", "ENOTSOCK")) return error;
    const what = error.code === "EACCES" ? "swarmd may not open" : "nothing answers on";
    const path = url.replace(/^\/v[\d.]+(?=\/)|\?.*$/g, "");
    const steps = "Start Docker there, or start swarmd with --docker-host";
    return noEngine(path, `${what} the Docker Engine's socket ${this.#host}. ${steps}`);
  }
}

async function readReply(response: IncomingMessage): Promise<LocalReply> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > REPLY_BYTES_MAX) throw new RequestError(502, "the local engine's reply is too long");
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  const body: unknown = text === "" ? undefined : JSON.parse(text);
  return { status: response.statusCode ?? 502, body };
}

/** The refusal that a reply is. */
export function refusalOf({ status, body }: LocalReply): RequestError {
  const message = (body as { readonly message?: unknown } | undefined)?.message;
  return new RequestError(status, typeof message === "string" ? message : "refused");
}

/** Answers on a connection that Node no longer speaks HTTP on. */
function refuse(socket: Duplex, error: Error): void {
  const { status, message } = toHttpError(error);
  const body = `${JSON.stringify({ message })}\n`;
  socket.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ""}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
