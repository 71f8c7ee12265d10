import type { Writable } from "node:stream";
import {
  Client,
  Metadata,
  type CallOptions,
  type ChannelCredentials,
  type ChannelOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
} from "@grpc/grpc-js";
import type { Call, Caller } from "./call.ts";
import type { Method, RpcService } from "./method.ts";
import { fromStatus } from "./rpc-error.ts";
import { onAbort } from "../lib/abort.ts";
import { SwarmError } from "../lib/errors.ts";

/** Longest a unary call may take when its caller sets no shorter bound. */
const UNARY_DEADLINE_MS = 30_000;

/** Metadata keys under which a manager names the caller it forwards for. */
export const FORWARDED = {
  nodeId: "skep-forwarded-node",
  role: "skep-forwarded-role",
  clusterId: "skep-forwarded-cluster",
  addr: "skep-forwarded-addr",
} as const;

export interface ClientOptions {
  /** `host:port`, or `unix:///path` */
  readonly addr: string;
  readonly credentials: ChannelCredentials;
  /** Name the server's certificate must carry. @default "swarm-manager" */
  readonly serverName?: string;
  /** Name the original caller to the server. Only managers are believed. @default false */
  readonly forward?: boolean;
  /** Longest a unary call may take, milliseconds. @default 30000 */
  readonly deadlineMs?: number;
  /** HTTP/2 ping period, milliseconds; finds a dead peer. 0 = no pings. @default 5000 */
  readonly keepaliveMs?: number;
  readonly now: () => number;
}

function channelOptions(options: ClientOptions): ChannelOptions {
  return {
    "grpc.ssl_target_name_override": options.serverName ?? "swarm-manager",
    "grpc.default_authority": options.serverName ?? "swarm-manager",
    "grpc.keepalive_time_ms": options.keepaliveMs ?? 5_000,
    "grpc.keepalive_timeout_ms": 3_000,
    "grpc.keepalive_permit_without_calls": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.min_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
    "grpc.max_receive_message_length": 16 << 20,
    "grpc.max_send_message_length": 16 << 20,
    // Each client has a connection of its own, with its own credentials and life.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_retries": 0,
  };
}

function metadataOf(caller: Caller, forward: boolean): Metadata {
  const metadata = new Metadata();
  if (forward) {
    metadata.set(FORWARDED.nodeId, caller.nodeId);
    metadata.set(FORWARDED.role, caller.role);
    metadata.set(FORWARDED.clusterId, caller.clusterId);
    metadata.set(FORWARDED.addr, caller.addr);
  }
  return metadata;
}

/** Resolves when `stream` takes more, or has ended. */
function writable(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const events = ["drain", "close", "error"] as const;
    const done = (): void => {
      for (const event of events) stream.off(event, done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
  });
}

/** Copies requests into the call, respecting back-pressure; then half-closes. */
async function feed(
  stream: ClientWritableStream<unknown> | ClientDuplexStream<unknown, unknown>,
  requests: AsyncIterable<unknown>,
): Promise<void> {
  for await (const request of requests) {
    if (stream.destroyed) return;
    if (!stream.write(request)) await writable(stream);
  }
  stream.end();
}

/** Yields what the server sends; errors become SwarmErrors; leaving the loop cancels the call. */
async function* drain(
  stream: ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>,
  signal: AbortSignal,
): AsyncIterable<unknown> {
  const release = onAbort(signal, () => stream.cancel());
  try {
    for await (const message of stream) yield message;
  } catch (error) {
    signal.throwIfAborted();
    throw fromStatus(error as Error);
  } finally {
    release();
    stream.cancel();
    stream.on("error", () => {});
  }
}

/**
 * The error of a call that found no connection to go out on: `details.sent` is "no", so that its
 * caller may try it elsewhere without fear of doing something twice.
 */
function unsent(error: Error): SwarmError {
  const { code, message, details } = fromStatus(error);
  return new SwarmError(code, message, { details: { ...details, sent: "no" }, cause: error });
}

/** A connection to one manager. */
export class RpcConnection {
  readonly addr: string;
  readonly #client: Client;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.addr = options.addr;
    this.#options = options;
    this.#client = new Client(options.addr, options.credentials, channelOptions(options));
  }

  /** The typed API of a generated service over this connection. */
  api<Api>(service: RpcService<Api>): Api {
    const api: Record<string, unknown> = {};
    for (const [key, method] of Object.entries(service.methods)) api[key] = this.#bind(method);
    return api as Api;
  }

  /** Ends every call of the connection. */
  close(): void {
    this.#client.close();
  }

  /** What a call names as its peer for as long as no connection took it. */
  get #target(): string {
    return this.#client.getChannel().getTarget();
  }

  #bind(method: Method): (request: unknown, call: Call) => unknown {
    if (method.responseStream) return (request, call) => this.#stream(method, request, call);
    return (request, call) => this.#single(method, request, call);
  }

  #single(method: Method, request: unknown, call: Call): Promise<unknown> {
    const { path, requestSerialize, responseDeserialize } = method;
    const metadata = metadataOf(call.caller, this.#options.forward ?? false);
    const limit = this.#options.deadlineMs ?? UNARY_DEADLINE_MS;
    const options: CallOptions = method.requestStream
      ? {}
      : { deadline: this.#options.now() + limit };
    return new Promise((resolve, reject) => {
      let release: () => void = () => {};
      const done = (error: Error | null, value?: unknown): void => {
        release();
        if (!error) resolve(value);
        else if (call.signal.aborted) reject(call.signal.reason);
        else reject(make.getPeer() === this.#target ? unsent(error) : fromStatus(error));
      };
      const make = method.requestStream
        ? this.#client.makeClientStreamRequest(
            path,
            requestSerialize,
            responseDeserialize,
            metadata,
            options,
            done,
          )
        : this.#client.makeUnaryRequest(
            path,
            requestSerialize,
            responseDeserialize,
            request,
            metadata,
            options,
            done,
          );
      release = onAbort(call.signal, () => make.cancel());
      if (method.requestStream) {
        const stream = make as ClientWritableStream<unknown>;
        feed(stream, request as AsyncIterable<unknown>).catch(() => stream.cancel());
      }
    });
  }

  #stream(method: Method, request: unknown, call: Call): AsyncIterable<unknown> {
    const { path, requestSerialize, responseDeserialize } = method;
    const metadata = metadataOf(call.caller, this.#options.forward ?? false);
    if (!method.requestStream) {
      const stream = this.#client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
      );
      return drain(stream, call.signal);
    }
    const stream = this.#client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
    );
    feed(stream, request as AsyncIterable<unknown>).catch(() => stream.cancel());
    return drain(stream, call.signal);
  }
}
