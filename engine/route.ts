import type { Call } from "../proto/call.ts";
import type { ControlApi, LogsApi, ReadConsistency } from "../proto/generated.ts";
import { pageNotFound, type ApiVersion } from "./api-version.ts";
import type { EventLog } from "./event-log.ts";
import type { JsonObject } from "./json-object.ts";
import type { EngineModules } from "./modules.ts";
import { translateSlices } from "./slices.ts";

/** One HTTP request as a route sees it. */
export interface ApiRequest {
  readonly version: ApiVersion;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed body; an empty object when the route takes none. */
  readonly body: JsonObject;
  /** Aborts when the client goes away, the request's time is over or the server closes. */
  readonly call: Call;
  /** How fresh reads must be: `?consistency=local` settles for less. */
  readonly consistency: ReadConsistency;
  readonly modules: EngineModules;
  readonly events: EventLog;
  /** Throws 503 with Docker's text where this node is no manager. */
  control(): ControlApi;
  /** Throws 503 like {@link control}. */
  logs(): LogsApi;
}

/** What a route answers. */
export type Reply =
  | { readonly kind: "json"; readonly status: number; readonly value: unknown }
  | { readonly kind: "text"; readonly text: string; readonly headers: Record<string, string> }
  | { readonly kind: "empty"; readonly status: number }
  /** A JSON array, written slice by slice. */
  | { readonly kind: "list"; readonly slices: AsyncIterable<readonly unknown[]> }
  /** Chunks sent as they come; the headers go out at once. */
  | {
      readonly kind: "stream";
      readonly headers: Readonly<Record<string, string>>;
      readonly chunks: AsyncIterable<Uint8Array | string>;
    };

/** A JSON reply. */
export function json(value: unknown, status = 200): Reply {
  return { kind: "json", status, value };
}

/** A reply without a body. */
export function empty(status = 200): Reply {
  return { kind: "empty", status };
}

/** A JSON array of `items`, each slice of them translated when its turn comes. */
export function list<T>(
  items: readonly T[],
  translate: (slice: readonly T[]) => readonly unknown[] | Promise<readonly unknown[]>,
): Reply {
  return { kind: "list", slices: translateSlices(items, translate) };
}

/** One path and method. */
export interface Route {
  readonly method: "GET" | "HEAD" | "POST" | "DELETE";
  /** In find-my-way's syntax, without the version. */
  readonly path: string;
  /** Streams have no time limit. */
  readonly streams?: boolean;
  /** What a client is told (503) when the time is over but the work goes on. */
  readonly late?: string;
  readonly handle: (request: ApiRequest) => Promise<Reply> | Reply;
}

/** The value of a path parameter. Throws 404 when it is empty: an empty prefix matches anything. */
export function param(request: ApiRequest, name: string): string {
  const value = request.params[name];
  if (!value) throw pageNotFound();
  return value;
}
