import { make } from "../../proto/codec.ts";
import type { Call } from "../../proto/call.ts";
import type {
  ControlApi,
  StoreObject,
  WatchEvent,
  WatchMessage,
  WatchRequest,
} from "../../proto/generated.ts";
import { KINDS, type Kind, type Objects } from "../store/schema.ts";
import type { Commit } from "../store/store.ts";
import type { StoreEvent, StoreView } from "../store/tables.ts";
import { toStoreObject } from "../store/transaction.ts";
import type { ControlModules } from "./context.ts";
import { matcher } from "./filter.ts";
import { withManagerStatus } from "./manager-status.ts";
import { redactCluster, redactSecret, redactService, redactTask } from "./redact.ts";
import { invalid } from "./validate/check.ts";

type Selects = (event: StoreEvent) => boolean;

/** Decides which events a watcher asked for; it is given those that match any of its entries. */
function selector(view: StoreView, { entries }: WatchRequest): Selects {
  if (entries.length === 0) return () => true;
  const tests = entries.map(({ table, kinds, filter }): Selects => {
    if (table !== "" && !KINDS.includes(table as Kind)) throw invalid(`unknown kind "${table}"`);
    if (table === "" && filter) throw invalid("a filter needs the kind of object it is for");
    const matches = table === "" ? undefined : matcher(view, table as Kind, filter);
    return (event) =>
      (table === "" || event.kind === table) &&
      (kinds.length === 0 || kinds.includes(event.change)) &&
      (!matches || matches(event.object));
  });
  return (event) => tests.some((test) => test(event));
}

/** An object as clients may see it. */
function present({ raft }: ControlModules, kind: Kind, object: Objects[Kind]): StoreObject {
  switch (kind) {
    case "secret":
      return toStoreObject(kind, redactSecret(object as Objects["secret"]));
    case "service":
      return toStoreObject(kind, redactService(object as Objects["service"]));
    case "task":
      return toStoreObject(kind, redactTask(object as Objects["task"]));
    case "cluster":
      return toStoreObject(kind, redactCluster(object as Objects["cluster"]));
    case "node":
      return toStoreObject(kind, withManagerStatus(object as Objects["node"], raft.status()));
    default:
      return toStoreObject(kind, object);
  }
}

function toEvent(modules: ControlModules, event: StoreEvent, old: boolean): WatchEvent {
  return make("WatchEvent", {
    kind: event.change,
    object: present(modules, event.kind, event.object),
    oldObject: old && event.old ? present(modules, event.kind, event.old) : null,
  });
}

/**
 * Follows the local state. The first message is empty and names the version from which on nothing
 * is missed; then comes one message for every commit with events the watcher asked for. A watcher
 * that resumes from the version of the last message it got misses nothing.
 * @throws SwarmError `invalid`; `lagged` when the version to resume from is too old, or the
 *   watcher reads too slowly
 */
async function* watch(
  modules: ControlModules,
  request: WatchRequest,
  call: Call,
): AsyncIterable<WatchMessage> {
  const { store } = modules;
  const selects = selector(store.view, request);
  const from = request.resumeFrom?.index ?? store.version;
  const commits: AsyncIterable<Commit> = store.watch(call.signal, from);
  yield make("WatchMessage", { version: { index: from } });
  for await (const { version, events } of commits) {
    const chosen = events.filter(selects);
    if (chosen.length === 0) continue;
    yield make("WatchMessage", {
      version: { index: version },
      events: chosen.map((event) => toEvent(modules, event, request.includeOldObject)),
    });
  }
}

/** The call that follows changes. */
export function watchApi(modules: ControlModules) {
  return {
    watch: (request, call) => watch(modules, request, call),
  } satisfies Partial<ControlApi>;
}
