import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { ApiVersion } from "../api-version.ts";

/** A request of ours to the local engine. */
export interface LocalCall {
  readonly method: string;
  /** With query; with or without version. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** What the local engine answered. */
export interface LocalReply {
  readonly status: number;
  /** Parsed; undefined where there was none. */
  readonly body: unknown;
}

/**
 * The local container engine. What is not the swarm's goes to it, byte for byte; what both have a
 * part in is put together from its answers. Every call throws a `RequestError` with the next step
 * while no engine answers.
 */
export interface Passthrough {
  /** Newest API version the engine speaks; undefined until it has said so. */
  readonly apiVersion: ApiVersion | undefined;
  /** Learns the engine's version where it is not known yet and the engine answers; never throws. */
  greet(signal: AbortSignal): Promise<void>;
  /** Answers one request of a client, whose body is still unread. */
  request(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void>;
  /** Takes over a connection that asked for an upgrade (attach, exec, session). */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Asks the engine and reads its whole answer, JSON or nothing. */
  call(request: LocalCall, signal: AbortSignal): Promise<LocalReply>;
  /** Asks the engine for a stream; ends when `signal` aborts. */
  stream(request: LocalCall, signal: AbortSignal): AsyncIterable<Buffer>;
}
