import { linked } from "../../lib/abort.ts";
import type { ApiRequest } from "../api-request.ts";
import type { TimedEvent } from "../event-log.ts";
import { parseFilters, type Filters } from "../filters.ts";
import { badRequest } from "../request-error.ts";
import type { Reply, Route } from "../route.ts";
import { EVENT_TABLES, eventLine, type SwarmEvent } from "../translate/event.ts";

/** Filters of the kinds that only a local engine has events of; they match nothing here. */
const LOCAL_KEYS = ["container", "image", "volume", "daemon", "plugin", "label"];
const FILTER_KEYS = ["scope", "type", "event", ...EVENT_TABLES, ...LOCAL_KEYS];

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

/** Kept events between two times; the second lies in the past. */
function* past(kept: readonly TimedEvent[], filters: Filters, untilMs: number): Generator<string> {
  for (const { event, timeMs } of kept)
    if (timeMs <= untilMs && matches(event, filters)) yield eventLine(event, timeMs);
}

/** Lines until the client goes away or `untilMs` comes. */
async function* print(
  { modules, events, call }: ApiRequest,
  filters: Filters,
  sinceMs: number | undefined,
  untilMs: number | undefined,
): AsyncGenerator<string> {
  const { clock } = modules;
  const leftMs = untilMs === undefined ? TIMER_MS_MAX : untilMs - clock.now();
  if (leftMs <= 0) {
    if (sinceMs !== undefined) yield* past(events.kept(sinceMs), filters, untilMs ?? 0);
    return;
  }
  using link = linked(call.signal);
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

function stream(request: ApiRequest): Reply {
  const filters = parseFilters(request.query, FILTER_KEYS);
  const sinceMs = readTime(request.query, "since");
  const untilMs = readTime(request.query, "until");
  const headers = { "Content-Type": "application/json" };
  return { kind: "stream", headers, chunks: print(request, filters, sinceMs, untilMs) };
}

export const eventRoutes: readonly Route[] = [
  { method: "GET", path: "/events", streams: true, handle: stream },
];
