import type { IncomingHttpHeaders } from "node:http";
import type { Call, Caller } from "../proto/call.ts";
import {
  ReadConsistency,
  type ControlApi,
  type LogsApi,
  type ReachApi,
} from "../proto/generated.ts";
import type { ApiVersion } from "./api-version.ts";
import type { EventLog } from "./event-log.ts";
import { readFilters } from "./filters.ts";
import type { JsonObject } from "./json-object.ts";
import type { EngineModules } from "./modules.ts";
import { notManager } from "./not-manager.ts";
import { badRequest } from "./request-error.ts";

/** What of a request comes over the wire. */
export interface Received {
  readonly version: ApiVersion;
  /** Parts of the path, by name. */
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** An empty object where there is none. */
  readonly body: JsonObject;
}

/** On whose behalf requests are made: whoever reaches the socket commands this node. */
export function localCaller({ node }: EngineModules): Caller {
  const { nodeId, clusterId } = node.localState();
  return { nodeId, role: "manager", clusterId, addr: "" };
}

/** One HTTP request as a route sees it. */
export class ApiRequest {
  readonly version: ApiVersion;
  readonly params: Received["params"];
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: JsonObject;
  readonly modules: EngineModules;
  readonly events: EventLog;
  readonly #signal: AbortSignal;
  #call: Call | undefined;

  /** `signal` aborts when the client goes away, the time is over or the server closes. */
  constructor(received: Received, modules: EngineModules, events: EventLog, signal: AbortSignal) {
    this.version = received.version;
    this.params = received.params;
    this.query = received.query;
    this.headers = received.headers;
    this.body = received.body;
    this.modules = modules;
    this.events = events;
    this.#signal = signal;
  }

  /** What accompanies calls to the control API. */
  get call(): Call {
    this.#call ??= { signal: this.#signal, caller: localCaller(this.modules) };
    return this.#call;
  }

  /**
   * How fresh reads must be: recent, unless `?consistency=` says `local` or `linearizable`.
   * Throws 400. See docs/decisions/0011.
   */
  get consistency(): ReadConsistency {
    const text = this.query.get("consistency") ?? "";
    if (text === "local") return ReadConsistency.LOCAL;
    if (text === "linearizable") return ReadConsistency.LINEARIZABLE;
    if (text === "" || text === "recent") return ReadConsistency.RECENT;
    throw badRequest(`invalid consistency "${text}": use local, recent or linearizable`);
  }

  /** Throws 503 with Docker's text where this node is no manager; 400 on malformed filters. */
  control(): ControlApi {
    readFilters(this.query);
    const control = this.modules.control();
    if (!control) throw notManager(this.modules.node.localState());
    return control;
  }

  /** Throws 503 like {@link control}. */
  reach(): ReachApi {
    const reach = this.modules.reach();
    if (!reach) throw notManager(this.modules.node.localState());
    return reach;
  }

  /** Throws 503 like {@link control}. */
  logs(): LogsApi {
    const logs = this.modules.logs();
    if (!logs) throw notManager(this.modules.node.localState());
    return logs;
  }
}
