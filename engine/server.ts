import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { cancelled } from "../lib/abort.ts";
import type { Cancel } from "../lib/clock.ts";
import { SwarmError } from "../lib/errors.ts";
import { ApiRequest, localCaller } from "./api-request.ts";
import { formatVersion, pageNotFound, splitVersion, type ApiVersion } from "./api-version.ts";
import { EventLog } from "./event-log.ts";
import { JsonObject } from "./json-object.ts";
import { openListener, type Listener, type TlsOptions } from "./listener.ts";
import { isLocalPath, NO_ENGINE, noEngine } from "./local/local-paths.ts";
import type { EngineModules } from "./modules.ts";
import { splitTarget } from "./query.ts";
import { readJsonBody } from "./request-body.ts";
import { RequestError, toHttpError } from "./request-error.ts";
import { Responder } from "./respond.ts";
import type { Route } from "./route.ts";
import { createRouter, createUpgradeRouter, type Router } from "./router.ts";
import { maxVersion } from "./routes/system.ts";
import { Upgrades } from "./upgrades.ts";

/** How long a request that does not stream may take; Docker's. */
const REQUEST_TIME_MS = 20_000;
/** How long closing waits for requests that are being answered. */
const CLOSE_GRACE_MS = 2_000;

/** Where the API listens. */
export interface EngineOptions {
  /** `unix://PATH` or `tcp://HOST:PORT`, at least one. */
  readonly hosts: readonly string[];
  /** Needed for TCP on anything but loopback. */
  readonly tls?: TlsOptions | undefined;
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

type Headers = Readonly<Record<string, string>>;

/** A request that is being answered. */
interface Running {
  readonly abort: AbortController;
  readonly responder: Responder;
  /** Ends as soon as the server closes. */
  streams: boolean;
}

/** The HTTP API, listening. Made by {@link openEngine}. */
export class Engine {
  readonly #modules: EngineModules;
  readonly #events: EventLog;
  readonly #router: Router<Route> = createRouter();
  readonly #upgrades: Upgrades;
  readonly #listeners: Listener[] = [];
  readonly #running = new Set<Running>();
  /** The version that {@link #headers} were made for. */
  #version: ApiVersion = 0;
  /** Every reply carries them. */
  #headers: Headers = {};
  /** Connections that no longer speak HTTP. */
  readonly #upgraded = new Set<Duplex>();
  #closing = false;

  constructor(modules: EngineModules) {
    this.#modules = modules;
    this.#events = new EventLog(modules.clock);
    this.#upgrades = new Upgrades({
      ...modules,
      find: createUpgradeRouter(),
      headers: () => this.#replyHeaders(),
      received: (received, signal) => new ApiRequest(received, modules, this.#events, signal),
      report: (...args) => this.#report(...args),
    });
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
    listener.server.on("upgrade", (request, socket, head) => {
      this.#upgraded.add(socket);
      socket.once("close", () => this.#upgraded.delete(socket));
      void this.#upgrades.take({ request, socket, head });
    });
    this.#listeners.push(listener);
  }

  /** Stops listening, ends streams, lets running requests finish for a moment. */
  async close(): Promise<void> {
    this.#closing = true;
    const reason = cancelled("swarmd is stopping");
    for (const { abort, streams } of this.#running) if (streams) abort.abort(reason);
    this.#upgrades.close(reason);
    await this.#events.close();
    const servers = this.#listeners.map(({ server }) => server);
    const cancel = this.#modules.clock.after(CLOSE_GRACE_MS, () => {
      for (const { abort } of this.#running) abort.abort(reason);
      for (const server of servers) server.closeAllConnections();
      for (const socket of this.#upgraded) socket.destroy();
    });
    await Promise.all(servers.map(closed));
    cancel();
  }

  /** Answers one request; never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const abort = new AbortController();
    const responder = new Responder(response, () => this.#replyHeaders(), abort.signal);
    const running: Running = { abort, responder, streams: false };
    this.#running.add(running);
    response.once("close", () => {
      this.#running.delete(running);
      if (!response.writableFinished) abort.abort(cancelled("the client went away"));
    });
    try {
      await this.#answer(request, response, running);
    } catch (error) {
      // A bug met while answering one request is logged; it must not take the manager down.
      this.#report(request, error, abort.signal);
      responder.error(error);
    }
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    running: Running,
  ): Promise<void> {
    const { headers, method = "", url = "/" } = request;
    const target = splitTarget(url);
    const { version, path } = splitVersion(target.path);
    const found = this.#router(method, path);
    if (!found) return this.#pass(path, request, response, running.abort.signal);
    const body =
      method === "POST" || method === "PUT" ? await readJsonBody(request) : new JsonObject({});
    const { params, route } = found;
    const { query } = target;
    const { signal } = running.abort;
    signal.throwIfAborted();
    this.#events.follow(this.#modules.control(), () => localCaller(this.#modules));
    const received = { version, params, query, headers, body };
    await this.#run(route, new ApiRequest(received, this.#modules, this.#events, signal), running);
  }

  /** A path that is not the swarm's: the local engine answers. Throws where there is none. */
  async #pass(
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<void> {
    const { passthrough } = this.#modules;
    if (!isLocalPath(path)) throw pageNotFound();
    if (!passthrough) throw noEngine(path, NO_ENGINE);
    await passthrough.request(request, response, signal);
  }

  /** Headers of every reply; while closing, clients are told not to send another request. */
  #replyHeaders(): Headers {
    const newest = maxVersion(this.#modules);
    if (newest !== this.#version) {
      const { version, os } = this.#modules.node.hostFacts();
      this.#version = newest;
      this.#headers = {
        Server: `Docker/${version} (${os})`,
        "Api-Version": formatVersion(newest),
        Ostype: os,
        "Docker-Experimental": "false",
      };
    }
    return this.#closing ? { ...this.#headers, Connection: "close" } : this.#headers;
  }

  async #run(route: Route, request: ApiRequest, running: Running): Promise<void> {
    const { abort, responder } = running;
    running.streams = route.streams ?? false;
    const cancel = running.streams ? (): void => {} : this.#limit(route, running);
    try {
      const reply = await route.handle(request);
      abort.signal.throwIfAborted();
      await responder.reply(reply, cancel);
    } finally {
      cancel();
    }
  }

  /** Answers for a route whose time is over, whether or not its work heeds the signal. */
  #limit(route: Route, { abort, responder }: Running): Cancel {
    return this.#modules.clock.after(REQUEST_TIME_MS, () => {
      const error = lateError(route);
      abort.abort(error);
      responder.error(error);
    });
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
