import { setMaxListeners } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { abortable, cancelled, linked, onAbort, type Linked } from "../lib/abort.ts";
import type { Cancel } from "../lib/clock.ts";
import { SwarmError } from "../lib/errors.ts";
import { ReadConsistency } from "../proto/generated.ts";
import { formatVersion, pageNotFound, splitVersion } from "./api-version.ts";
import { EventLog } from "./event-log.ts";
import { JsonObject } from "./json-object.ts";
import { openListener, type Listener, type TlsOptions } from "./listener.ts";
import type { EngineModules } from "./modules.ts";
import { notManager } from "./not-manager.ts";
import { badRequest, RequestError, toHttpError } from "./request-error.ts";
import { readJsonBody } from "./request-body.ts";
import { sendError, sendReply } from "./respond.ts";
import type { ApiRequest, Route } from "./route.ts";
import { createRouter, type Found, type Router } from "./router.ts";
import { maxVersion } from "./routes/system.ts";

/** How long a request that does not stream may take; Docker's. */
const REQUEST_TIME_MS = 20_000;
/** How long closing waits for requests that are being answered. */
const CLOSE_GRACE_MS = 2_000;

/** Where the API listens. */
export interface EngineOptions {
  /** `unix://PATH` or `tcp://HOST:PORT`, at least one. */
  readonly hosts: readonly string[];
  /** Needed for TCP on anything but loopback. */
  readonly tls?: TlsOptions;
}

function readConsistency(query: URLSearchParams): ReadConsistency {
  const text = query.get("consistency") ?? "";
  if (text === "local") return ReadConsistency.LOCAL;
  if (text === "" || text === "linearizable") return ReadConsistency.LINEARIZABLE;
  throw badRequest(`invalid consistency "${text}": use local or linearizable`);
}

function splitTarget(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const at = url.indexOf("?");
  if (at < 0) return { path: url, query: new URLSearchParams() };
  return { path: url.slice(0, at), query: new URLSearchParams(url.slice(at)) };
}

/** Why a request's work ends when its time is over. */
function lateError({ late }: Route): Error {
  if (late === undefined) return new SwarmError("deadline", "context deadline exceeded");
  return new RequestError(503, late);
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}

/** The HTTP API, listening. Made by {@link openEngine}. */
export class Engine {
  readonly #modules: EngineModules;
  readonly #events: EventLog;
  readonly #router: Router = createRouter();
  /** Streams end, everything else is finished. */
  readonly #stop = new AbortController();
  /** Everything ends. */
  readonly #abandon = new AbortController();
  readonly #listeners: Listener[] = [];
  /** Every reply carries them. */
  readonly #headers: Map<string, string>;

  constructor(modules: EngineModules) {
    this.#modules = modules;
    this.#events = new EventLog(modules.clock);
    // One listener for each request under way, and those have a bound of their own.
    setMaxListeners(0, this.#stop.signal, this.#abandon.signal);
    const { version, os } = modules.node.hostFacts();
    this.#headers = new Map([
      ["Server", `Docker/${version} (${os})`],
      ["Api-Version", formatVersion(maxVersion(modules))],
      ["Ostype", os],
      ["Docker-Experimental", "false"],
    ]);
  }

  /** Where clients reach it: the hosts of the options, with real ports. */
  get addresses(): readonly string[] {
    return this.#listeners.map(({ address }) => address);
  }

  /** Adds a listener. Throws what {@link openListener} does. */
  async listen(host: string, tls: TlsOptions | undefined): Promise<void> {
    const listener = await openListener(host, tls, (request, response) => {
      void this.#serve(request, response);
    });
    const { passthrough } = this.#modules;
    if (passthrough)
      listener.server.on("upgrade", (request, socket, head) =>
        passthrough.upgrade(request, socket, head),
      );
    this.#listeners.push(listener);
  }

  /** Stops listening, ends streams, lets running requests finish for a moment. */
  async close(): Promise<void> {
    const reason = cancelled("swarmd is stopping");
    this.#stop.abort(reason);
    await this.#events.close();
    const servers = this.#listeners.map(({ server }) => server);
    const cancel = this.#modules.clock.after(CLOSE_GRACE_MS, () => {
      this.#abandon.abort(reason);
      for (const server of servers) server.closeAllConnections();
    });
    await Promise.all(servers.map(closed));
    cancel();
  }

  /** Answers one request; never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const max = maxVersion(this.#modules);
    response.setHeaders(this.#headers);
    using link = linked(this.#abandon.signal);
    response.once("close", () => {
      if (!response.writableFinished) link.abort(cancelled("the client went away"));
    });
    try {
      const target = splitTarget(request.url ?? "/");
      const { version, path } = splitVersion(target.path, max);
      const found = this.#router(request.method ?? "", path);
      const { passthrough } = this.#modules;
      if (!found && passthrough) return await passthrough.request(request, response);
      if (!found) throw pageNotFound();
      const body = request.method === "POST" ? await readJsonBody(request) : new JsonObject({});
      const headers = request.headers;
      const { query } = target;
      await this.#answer(found, response, { version, query, headers, body }, link);
    } catch (error) {
      // A bug met while answering one request is logged; it must not take the manager down.
      this.#report(request, error, link.signal);
      sendError(response, error);
    }
  }

  async #answer(
    { route, params }: Found,
    response: ServerResponse,
    input: Pick<ApiRequest, "version" | "query" | "headers" | "body">,
    link: Linked,
  ): Promise<void> {
    const { clock } = this.#modules;
    const expire = (): void => link.abort(lateError(route));
    const stop = (): void => link.abort(this.#stop.signal.reason);
    const cancel: Cancel = route.streams
      ? onAbort(this.#stop.signal, stop)
      : clock.after(REQUEST_TIME_MS, expire);
    try {
      link.signal.throwIfAborted();
      const request = this.#request(params, input, link.signal);
      const reply = await abortable(Promise.resolve(route.handle(request)), link.signal);
      if (this.#stop.signal.aborted) response.setHeader("Connection", "close");
      await sendReply(response, reply, route.streams ? () => {} : cancel, link.signal);
    } finally {
      cancel();
    }
  }

  #request(
    params: Found["params"],
    input: Pick<ApiRequest, "version" | "query" | "headers" | "body">,
    signal: AbortSignal,
  ): ApiRequest {
    const modules = this.#modules;
    const { nodeId, clusterId } = modules.node.localState();
    const caller = { nodeId, role: "manager", clusterId, addr: "" } as const;
    this.#events.follow(modules.control(), caller);
    return {
      ...input,
      params,
      modules,
      consistency: readConsistency(input.query),
      events: this.#events,
      call: { signal, caller },
      control: () => {
        const control = modules.control();
        if (!control) throw notManager(modules.node.localState());
        return control;
      },
      logs: () => {
        const logs = modules.logs();
        if (!logs) throw notManager(modules.node.localState());
        return logs;
      },
    };
  }

  #report(request: IncomingMessage, error: unknown, signal: AbortSignal): void {
    const { log } = this.#modules;
    const path = request.url?.replace(/\?.*$/, "");
    const fields = { method: request.method, path };
    if (signal.aborted || error instanceof RequestError || error instanceof SwarmError)
      log.debug({ ...fields, status: toHttpError(error).status, err: error }, "request refused");
    else log.error({ ...fields, err: error }, "request failed");
  }
}

/** Opens the HTTP API on every host, or on none: the first that fails closes the others. */
export async function openEngine(options: EngineOptions, modules: EngineModules): Promise<Engine> {
  const engine = new Engine(modules);
  try {
    for (const host of options.hosts) await engine.listen(host, options.tls);
  } catch (error) {
    await engine.close();
    throw error;
  }
  return engine;
}
