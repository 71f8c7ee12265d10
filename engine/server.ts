import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { abortable, cancelled, linked } from "../lib/abort.ts";
import type { Cancel } from "../lib/clock.ts";
import { SwarmError } from "../lib/errors.ts";
import { ReadConsistency } from "../proto/generated.ts";
import { formatVersion, pageNotFound, splitVersion, type ApiVersion } from "./api-version.ts";
import { JsonObject } from "./json-object.ts";
import { openListener, type Listener, type TlsOptions } from "./listener.ts";
import type { EngineModules } from "./modules.ts";
import { notManager } from "./not-manager.ts";
import { badRequest, RequestError, toHttpError } from "./request-error.ts";
import { readJsonBody } from "./request-body.ts";
import { sendError, sendReply } from "./respond.ts";
import type { ApiRequest } from "./route.ts";
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

/** The HTTP API, listening. Made by {@link openEngine}. */
export class Engine {
  readonly #modules: EngineModules;
  readonly #router: Router = createRouter();
  readonly #stop = new AbortController();
  readonly #listeners: Listener[] = [];

  constructor(modules: EngineModules) {
    this.#modules = modules;
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
    this.#stop.abort(cancelled("swarmd is stopping"));
    await Promise.all(this.#listeners.map(({ server }) => this.#closeServer(server)));
  }

  async #closeServer(server: Server): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const cancel = this.#modules.clock.after(CLOSE_GRACE_MS, () => server.closeAllConnections());
    await closed;
    cancel();
  }

  /** Answers one request; never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const max = maxVersion(this.#modules);
    this.#setHeaders(response, max);
    using link = linked(this.#stop.signal);
    response.once("close", () => {
      if (!response.writableFinished) link.abort(cancelled("the client went away"));
    });
    try {
      const [target = "/", search = ""] = (request.url ?? "/").split("?", 2);
      const { version, path } = splitVersion(target, max);
      const found = this.#router(request.method ?? "", path);
      const { passthrough } = this.#modules;
      if (!found && passthrough) return await passthrough.request(request, response);
      if (!found) throw pageNotFound();
      const body = request.method === "POST" ? await readJsonBody(request) : new JsonObject({});
      const headers = request.headers;
      const query = new URLSearchParams(search);
      await this.#answer(found, response, { version, query, headers, body }, link);
    } catch (error) {
      this.#report(request, error, link.signal);
      sendError(response, error);
    }
  }

  async #answer(
    { route, params }: Found,
    response: ServerResponse,
    input: Pick<ApiRequest, "version" | "query" | "headers" | "body">,
    link: { readonly signal: AbortSignal; abort(reason?: unknown): void },
  ): Promise<void> {
    const { clock } = this.#modules;
    const expire = (): void => link.abort(new SwarmError("deadline", "context deadline exceeded"));
    const cancel: Cancel = route.streams ? () => {} : clock.after(REQUEST_TIME_MS, expire);
    try {
      link.signal.throwIfAborted();
      const request = this.#request(params, input, link.signal);
      const reply = await abortable(Promise.resolve(route.handle(request)), link.signal);
      await sendReply(response, reply, cancel, link.signal);
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
    return {
      ...input,
      params,
      modules,
      consistency: readConsistency(input.query),
      call: { signal, caller: { nodeId, role: "manager", clusterId, addr: "" } },
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

  #setHeaders(response: ServerResponse, max: ApiVersion): void {
    const { version, os } = this.#modules.node.hostFacts();
    response.setHeader("Server", `Docker/${version} (${os})`);
    response.setHeader("Api-Version", formatVersion(max));
    response.setHeader("Ostype", os);
    response.setHeader("Docker-Experimental", "false");
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
