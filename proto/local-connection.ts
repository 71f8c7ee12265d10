import { Metadata } from "@grpc/grpc-js";
import { abortable, cancelled, linked, onAbort, type Linked } from "../lib/abort.ts";
import { isSwarmError, messageOf, SwarmError } from "../lib/errors.ts";
import type { Call } from "./call.ts";
import type { Method, RpcService } from "./method.ts";
import type { Incoming, ServeHooks } from "./rpc-server.ts";

type Handler = (request: unknown, call: Call) => Promise<unknown> | AsyncIterable<unknown>;

/** What each call of a connection shows of its caller, as TLS would have it. */
export type LocalPeer = Pick<Incoming, "certificate" | "addr">;

export interface LocalConnectionModules {
  /** The same as those of the server on the network. */
  readonly hooks: ServeHooks;
  /** The implementation of a service; throws `unavailable` while there is none. */
  readonly find: <Api>(service: RpcService<Api>) => Api;
}

/**
 * A connection to the services of this very process, with the face of an `RpcConnection`. Every call
 * passes the server's own check and ends with its caller or with the connection, as over the network;
 * messages are handed over as they are, so neither side may change them.
 */
export class LocalConnection {
  readonly #peer: LocalPeer;
  readonly #modules: LocalConnectionModules;
  readonly #life: Linked;

  /** Ends when `signal` aborts, or by {@link close}. */
  constructor(peer: LocalPeer, modules: LocalConnectionModules, signal: AbortSignal) {
    this.#peer = peer;
    this.#modules = modules;
    this.#life = linked(signal);
  }

  /** The typed API of a generated service. */
  api<Api>(service: RpcService<Api>): Api {
    const api: Record<string, Handler> = {};
    for (const [name, method] of Object.entries(service.methods)) {
      const handler: Handler = (request, call) => {
        const target = this.#modules.find(service) as Record<string, Handler>;
        return target[name]?.(request, call) as ReturnType<Handler>;
      };
      api[name] = (request, call) =>
        method.responseStream
          ? this.#stream(method, handler, request, call)
          : this.#single(method, handler, request, call);
    }
    return api as Api;
  }

  /** Ends every call of the connection. */
  close(): void {
    this.#life.abort(cancelled("the connection was closed"));
    this.#life[Symbol.dispose]();
  }

  async #single(method: Method, handler: Handler, request: unknown, call: Call): Promise<unknown> {
    using link = linked(call.signal);
    const release = onAbort(this.#life.signal, () => link.abort(this.#life.signal.reason));
    try {
      const { context, input } = this.#enter(method, request, link.signal);
      return await abortable(handler(input, context) as Promise<unknown>, link.signal);
    } catch (error) {
      throw this.#told(error, method, link.signal);
    } finally {
      release();
    }
  }

  async *#stream(
    method: Method,
    handler: Handler,
    request: unknown,
    call: Call,
  ): AsyncIterable<unknown> {
    using link = linked(call.signal);
    const release = onAbort(this.#life.signal, () => link.abort(this.#life.signal.reason));
    try {
      const { context, input } = this.#enter(method, request, link.signal);
      yield* this.#until(handler(input, context) as AsyncIterable<unknown>, method, link.signal);
    } catch (error) {
      throw this.#told(error, method, link.signal);
    } finally {
      link.abort(cancelled("the caller went away"));
      release();
    }
  }

  /** Has the call checked; throws what the check does. */
  #enter({ path, requestStream }: Method, request: unknown, signal: AbortSignal) {
    const incoming = { ...this.#peer, metadata: new Metadata(), path };
    const context: Call = { caller: this.#modules.hooks.authorize(incoming), signal };
    const input = requestStream
      ? this.#until(request as AsyncIterable<unknown>, { path }, signal)
      : request;
    return { context, input };
  }

  /** Hands on what comes until the signal aborts; rejects then, whatever its source waits for. */
  async *#until(
    items: AsyncIterable<unknown>,
    { path }: Pick<Method, "path">,
    signal: AbortSignal,
  ): AsyncIterable<unknown> {
    const iterator = items[Symbol.asyncIterator]();
    let isOpen = true;
    try {
      for (;;) {
        const { done, value } = await abortable(iterator.next(), signal);
        isOpen = !done;
        if (done) return;
        yield value;
      }
    } finally {
      // Not awaited: it comes to its end when what it waits for has heard of the signal.
      if (isOpen) void this.#leave(iterator, path);
    }
  }

  async #leave(iterator: AsyncIterator<unknown>, path: string): Promise<void> {
    try {
      await iterator.return?.();
    } catch (error) {
      if (!isSwarmError(error)) this.#modules.hooks.onError(error, path);
    }
  }

  /** The error as a caller over the network has it: a bug of the other side has no code of its own. */
  #told(error: unknown, { path }: Method, signal: AbortSignal): unknown {
    if (isSwarmError(error) || signal.aborted) return error;
    this.#modules.hooks.onError(error, path);
    return new SwarmError("internal", messageOf(error), { cause: error });
  }
}
