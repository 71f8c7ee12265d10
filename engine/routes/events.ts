import { linked } from "../../lib/abort.ts";
import type { ApiRequest } from "../api-request.ts";
import type { TimedEvent } from "../event-log.ts";
import { parseFilters, type Filters } from "../filters.ts";
import { streamLocal } from "../local/ask-local.ts";
import { merged, type Source } from "../local/merged.ts";
import { badRequest } from "../request-error.ts";
import type { Reply, Route } from "../route.ts";
import { EVENT_TABLES, eventLine, type SwarmEvent } from "../translate/event.ts";

/** Filters of the kinds that only a local engine has events of; they match nothing here. */
const LOCAL_KEYS = ["container", "image", "volume", "daemon", "plugin", "label"];
const FILTER_KEYS = ["scope", "type", "event", ...EVENT_TABLES, ...LOCAL_KEYS];

/** Kinds that a local engine has no events of. */
const SWARM_TYPES: ReadonlySet<string> = new Set(["node", "service", "secret", "config"]);

/** Longest time a timer can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Seconds since the epoch, in milliseconds; undefined when absent. Throws 400. */
function readTime(query: URLSearchParams, key: string): number | undefined {
  const text = query.get(key) ?? "";
  if (text === "" || text === "0") return undefined;
  if (!/^\d+(\.\d+)?$/.test(text)) throw badRequest(`invalid value for "${key}": "${text}"`);
  return Number(text) * 1000;
}

function matches(event: SwarmEvent, filters: Filters): boolean {
  const accepts = (key: string, ...values: readonly string[]): boolean =>
    filters.get(key)?.some((wanted) => values.includes(wanted)) ?? true;
  const about = (table: string): boolean =>
    !filters.has(table) ||
    (event.type === table && accepts(table, event.id, event.attributes["name"] ?? ""));
  return (
    accepts("scope", "swarm") &&
    accepts("type", event.type) &&
    accepts("event", event.action) &&
    EVENT_TABLES.every(about) &&
    !LOCAL_KEYS.some((key) => filters.has(key))
  );
}

/** What a client asks for. */
interface Wanted {
  readonly filters: Filters;
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
}

/** Kept events between two times; the second lies in the past. */
function* past(kept: readonly TimedEvent[], filters: Filters, untilMs: number): Generator<string> {
  for (const { event, timeMs } of kept)
    if (timeMs <= untilMs && matches(event, filters)) yield eventLine(event, timeMs);
}

/** Lines until the client goes away or `untilMs` comes. */
async function* print(
  { modules, events }: ApiRequest,
  { filters, sinceMs, untilMs }: Wanted,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { clock } = modules;
  const leftMs = untilMs === undefined ? TIMER_MS_MAX : untilMs - clock.now();
  if (leftMs <= 0) {
    if (sinceMs !== undefined) yield* past(events.kept(sinceMs), filters, untilMs ?? 0);
    return;
  }
  using link = linked(signal);
  let over = false;
  const cancel = clock.after(Math.min(leftMs, TIMER_MS_MAX), () => {
    over = true;
    link.abort();
  });
  try {
    for await (const { event, timeMs } of events.read(sinceMs, link.signal))
      if (matches(event, filters)) yield eventLine(event, timeMs);
  } catch (error) {
    if (!over) throw error;
  } finally {
    cancel();
  }
}

/** Whether only the swarm's events are asked for. */
function isSwarmOnly(filters: Filters): boolean {
  const scopes = filters.get("scope") ?? [];
  const types = filters.get("type") ?? [];
  const tables = EVENT_TABLES.some((table) => table !== "network" && filters.has(table));
  const swarm = scopes.length > 0 && scopes.every((scope) => scope === "swarm");
  return tables || swarm || (types.length > 0 && types.every((type) => SWARM_TYPES.has(type)));
}

function stream(request: ApiRequest): Reply {
  const filters = parseFilters(request.query, FILTER_KEYS);
  const sinceMs = readTime(request.query, "since");
  const untilMs = readTime(request.query, "until");
  const wanted = { filters, sinceMs, untilMs };
  const sources: Source<Uint8Array | string>[] = [(signal) => print(request, wanted, signal)];
  if (!isSwarmOnly(filters)) sources.push((signal) => streamLocal(request, "/events", signal));
  const headers = { "Content-Type": "application/json" };
  return { kind: "stream", headers, chunks: merged(sources, request.call.signal) };
}

export const eventRoutes: readonly Route[] = [
  { method: "GET", path: "/events", streams: true, handle: stream },
];
