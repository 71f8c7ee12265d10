import type { EventEmitter } from "node:events";
import type {
  Metadata,
  Server,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  UntypedServiceImplementation,
} from "@grpc/grpc-js";
import type { Call, Caller } from "./call.ts";
import type { Method, RpcService } from "./method.ts";
import { toStatus } from "./rpc-error.ts";
import { cancelled } from "../lib/abort.ts";
import { isSwarmError } from "../lib/errors.ts";

/** What the server knows of an incoming call before it is handled. */
export interface Incoming {
  /** DER of the peer's leaf certificate that TLS verified, or undefined. */
  readonly certificate: Buffer | undefined;
  readonly metadata: Metadata;
  readonly addr: string;
  /** `/skep.v1.Control/GetNode` */
  readonly path: string;
}

export interface ServeHooks {
  /** Proves who calls and that they may; throws `unauthenticated` or `denied`. */
  authorize(incoming: Incoming): Caller;
  /** Told of errors that are not the caller's doing. */
  onError(error: unknown, path: string): void;
}

type AnyCall =
  | ServerUnaryCall<unknown, unknown>
  | ServerReadableStream<unknown, unknown>
  | ServerWritableStream<unknown, unknown>
  | ServerDuplexStream<unknown, unknown>;
type AnyHandler = (request: unknown, call: Call) => Promise<unknown> | AsyncIterable<unknown>;

/** `1.2.3.4:5` or `[::1]:5` without the port. */
export function hostOf(peer: string): string {
  return peer.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}

function incomingOf(call: AnyCall, path: string): Incoming {
  const certificate = call.getAuthContext()?.sslPeerCertificate?.raw;
  return { certificate, metadata: call.metadata, addr: hostOf(call.getPeer()), path };
}

/** Writes every item, waiting whenever the peer reads slower than we write. */
async function pump(
  stream: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
  items: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<void> {
  for await (const item of items) {
    if (signal.aborted) return;
    if (stream.write(item)) continue;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stream.off("drain", done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      stream.once("drain", done);
      signal.addEventListener("abort", done, { once: true });
    });
  }
}

/**
 * Runs a handler with a Call whose signal follows the connection. `reply` takes the result or the
 * error exactly once.
 */
async function handle(
  call: AnyCall,
  path: string,
  hooks: ServeHooks,
  run: (context: Call) => Promise<void>,
  fail: (error: ReturnType<typeof toStatus>) => void,
): Promise<void> {
  const controller = new AbortController();
  (call as EventEmitter).on("cancelled", () => controller.abort(cancelled("the caller went away")));
  try {
    const caller = hooks.authorize(incomingOf(call, path));
    await run({ signal: controller.signal, caller });
  } catch (error) {
    if (!isSwarmError(error)) hooks.onError(error, path);
    fail(toStatus(error));
  }
}

function adapt(
  method: Method,
  handler: AnyHandler,
  hooks: ServeHooks,
): UntypedServiceImplementation[string] {
  const { path } = method;
  if (method.responseStream) {
    return (stream: ServerDuplexStream<unknown, unknown> & { request?: unknown }) => {
      // The caller's last word does not end our side of the stream.
      const input = method.requestStream
        ? stream.iterator({ destroyOnReturn: false })
        : stream.request;
      const run = async (context: Call): Promise<void> => {
        await pump(stream, handler(input, context) as AsyncIterable<unknown>, context.signal);
        stream.end();
      };
      void handle(stream, path, hooks, run, (status) => stream.emit("error", status));
    };
  }
  return (
    call: (ServerUnaryCall<unknown, unknown> | ServerReadableStream<unknown, unknown>) & {
      request?: unknown;
    },
    reply: (error: ReturnType<typeof toStatus> | null, value?: unknown) => void,
  ) => {
    const input = method.requestStream ? call : call.request;
    const run = async (context: Call): Promise<void> => {
      reply(null, await handler(input, context));
    };
    void handle(call, path, hooks, run, (status) => reply(status));
  };
}

/**
 * Adds an implementation of a generated service to a gRPC server. Every call is authorised first;
 * errors travel with their code.
 */
export function serve<Api extends object>(
  server: Server,
  service: RpcService<Api>,
  implementation: Api,
  hooks: ServeHooks,
): void {
  const handlers: UntypedServiceImplementation = {};
  const definition: Record<string, unknown> = {};
  for (const [key, method] of Object.entries(service.methods)) {
    const handler = (implementation[key as keyof Api] as AnyHandler).bind(implementation);
    definition[key] = method;
    handlers[key] = adapt(method, handler, hooks);
  }
  server.addService(definition as unknown as ServiceDefinition, handlers);
}
