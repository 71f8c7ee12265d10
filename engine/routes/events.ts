import { linked, onAbort } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { make } from "../../proto/codec.ts";
import type { WatchMessage } from "../../proto/generated.ts";
import { parseFilters, type Filters } from "../filters.ts";
import { badRequest } from "../request-error.ts";
import type { ApiRequest, Reply, Route } from "../route.ts";
import { EVENT_TABLES, eventLine, toSwarmEvent, type SwarmEvent } from "../translate/event.ts";

/** Filters of the kinds that only a local engine has events of; they match nothing here. */
const LOCAL_KEYS = ["container", "image", "volume", "daemon", "plugin", "label"];
const FILTER_KEYS = ["scope", "type", "event", ...EVENT_TABLES, ...LOCAL_KEYS];

/** Longest time a timer can wait. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Seconds since the epoch; undefined when absent. Throws 400. */
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

function* lines(message: WatchMessage, filters: Filters, clock: Clock): Generator<string> {
  for (const change of message.events) {
    const event = toSwarmEvent(change);
    if (event && matches(event, filters)) yield eventLine(event, clock.now());
  }
}

/** Commits of this manager from now on; on other nodes none, until `signal` aborts. */
async function* commits(
  { modules, call }: ApiRequest,
  signal: AbortSignal,
): AsyncGenerator<WatchMessage> {
  const control = modules.control();
  if (!control) return await aborted(signal);
  const entries = EVENT_TABLES.map((table) => make("WatchRequestEntry", { table }));
  const request = make("WatchRequest", { entries, includeOldObject: true });
  yield* control.watch(request, { ...call, signal });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => onAbort(signal, () => reject(signal.reason)));
}

/** Lines until the client goes away or `untilMs` comes. */
async function* print(
  request: ApiRequest,
  filters: Filters,
  untilMs: number | undefined,
): AsyncGenerator<string> {
  const { modules, call } = request;
  const { clock } = modules;
  using link = linked(call.signal);
  let over = false;
  const cancel =
    untilMs === undefined
      ? () => {}
      : clock.after(Math.min(Math.max(0, untilMs - clock.now()), TIMER_MS_MAX), () => {
          over = true;
          link.abort();
        });
  try {
    for await (const message of commits(request, link.signal))
      yield* lines(message, filters, clock);
  } catch (error) {
    if (!over) throw error;
  } finally {
    cancel();
  }
}

function events(request: ApiRequest): Reply {
  const filters = parseFilters(request.query, FILTER_KEYS);
  // Checked, but events of the past are not kept.
  readTime(request.query, "since");
  const untilMs = readTime(request.query, "until");
  const headers = { "Content-Type": "application/json" };
  return { kind: "stream", headers, chunks: print(request, filters, untilMs) };
}

export const eventRoutes: readonly Route[] = [
  { method: "GET", path: "/events", streams: true, handle: events },
];
