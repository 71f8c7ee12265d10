import type { ListFilter, Node, Service, Task } from "../../proto/generated.ts";
import { runtimeName, SCHEMAS, type Kind, type Objects, type Schema } from "../store/schema.ts";
import type { StoreView } from "../store/tables.ts";
import { taskName } from "./task-name.ts";
import { upToDate } from "../store/up-to-date.ts";
import { invalid } from "./validate/check.ts";

type FilterKey = keyof ListFilter;
type Test<T> = (object: T) => boolean;

const COMMON = ["ids", "idPrefixes", "names", "namePrefixes", "labels"] as const;

/** Which filters each kind knows. */
const KNOWN: { readonly [K in Kind]: readonly FilterKey[] } = {
  node: [...COMMON, "nodeLabels", "roles", "memberships"],
  service: [...COMMON, "runtimes", "modes"],
  task: [...COMMON, "serviceIds", "nodeIds", "desiredStates", "upToDate", "runtimes"],
  network: COMMON,
  cluster: COMMON,
  secret: COMMON,
  config: COMMON,
  volume: [...COMMON, "group"],
  extension: COMMON,
  resource: [...COMMON, "kind"],
};

const isSet = (value: ListFilter[FilterKey]): boolean =>
  typeof value === "boolean" ? value : value.length > 0;

function checkKnown(kind: Kind, filter: ListFilter): void {
  for (const [key, value] of Object.entries(filter))
    if (isSet(value) && !KNOWN[kind].includes(key as FilterKey))
      throw invalid(`filter ${key} does not apply to a ${kind}`);
}

function nameOf<K extends Kind>(kind: K, object: Objects[K]): string {
  if (kind === "task") return taskName(object as Task);
  return (SCHEMAS[kind] as unknown as Schema<Objects[K]>).nameOf(object);
}

type Labels = Readonly<Record<string, string>>;

function labelsOf<K extends Kind>(kind: K, object: Objects[K]): Labels {
  switch (kind) {
    case "node":
      return (object as Node).description?.engine?.labels ?? {};
    case "task":
      return (object as Task).serviceAnnotations?.labels ?? {};
    case "extension":
    case "resource":
      return (object as Objects["extension"]).annotations?.labels ?? {};
    default:
      return (object as Service).spec?.annotations?.labels ?? {};
  }
}

/** `key` or `key=` = the label exists, `key=value` = it has that value. */
function hasLabel(labels: Labels, wanted: string): boolean {
  const at = wanted.indexOf("=");
  const key = at < 0 ? wanted : wanted.slice(0, at);
  const value = at < 0 ? "" : wanted.slice(at + 1);
  const found = Object.hasOwn(labels, key) ? labels[key] : undefined;
  return found !== undefined && (value === "" || found === value);
}

const lower = (texts: readonly string[]): string[] => texts.map((text) => text.toLowerCase());

/** Tests on ids and names, each for one filter that is set. */
function identityTests<K extends Kind>(kind: K, filter: ListFilter): Test<Objects[K]>[] {
  const tests: Test<Objects[K]>[] = [];
  const { idPrefixes } = filter;
  if (idPrefixes.length > 0) tests.push(({ id }) => idPrefixes.some((p) => id.startsWith(p)));
  const names = new Set(lower(filter.names));
  if (names.size > 0) tests.push((object) => names.has(nameOf(kind, object).toLowerCase()));
  const prefixes = lower(filter.namePrefixes);
  if (prefixes.length > 0) {
    tests.push((object) => {
      const name = nameOf(kind, object).toLowerCase();
      return prefixes.some((prefix) => name.startsWith(prefix));
    });
  }
  return tests;
}

function nodeTests({ nodeLabels, roles, memberships }: ListFilter): Test<Node>[] {
  const tests: Test<Node>[] = [];
  if (nodeLabels.length > 0) {
    tests.push(({ spec }) =>
      nodeLabels.every((label) => hasLabel(spec?.annotations?.labels ?? {}, label)),
    );
  }
  if (roles.length > 0) tests.push(({ role }) => roles.includes(role));
  if (memberships.length > 0) tests.push(({ spec }) => memberships.includes(spec?.membership ?? 0));
  return tests;
}

const MODE_NAMES = {
  replicated: "replicated",
  global: "global",
  replicatedJob: "replicated-job",
  globalJob: "global-job",
} as const;

function serviceTests({ runtimes, modes }: ListFilter): Test<Service>[] {
  const tests: Test<Service>[] = [];
  if (runtimes.length > 0)
    tests.push(({ spec }) => runtimes.includes(runtimeName(spec?.task ?? null)));
  if (modes.length > 0)
    tests.push(({ spec }) => spec?.mode !== undefined && modes.includes(MODE_NAMES[spec.mode]));
  return tests;
}

function taskTests(view: StoreView, filter: ListFilter): Test<Task>[] {
  const { serviceIds, nodeIds, desiredStates, runtimes } = filter;
  const tests: Test<Task>[] = [];
  if (serviceIds.length > 0) tests.push(({ serviceId }) => serviceIds.includes(serviceId));
  if (nodeIds.length > 0) tests.push(({ nodeId }) => nodeIds.includes(nodeId));
  if (desiredStates.length > 0)
    tests.push(({ desiredState }) => desiredStates.includes(desiredState));
  if (runtimes.length > 0) tests.push(({ spec }) => runtimes.includes(runtimeName(spec)));
  if (filter.upToDate) tests.push(upToDate(view));
  return tests;
}

function kindTests<K extends Kind>(view: StoreView, kind: K, filter: ListFilter) {
  const { group, kind: extension } = filter;
  const tests = {
    node: () => nodeTests(filter),
    service: () => serviceTests(filter),
    task: () => taskTests(view, filter),
    volume: () => (group ? [(o: Objects["volume"]) => o.spec?.group === group] : []),
    resource: () => (extension ? [(o: Objects["resource"]) => o.kind === extension] : []),
  };
  return (tests[kind as "node"]?.() ?? []) as unknown as Test<Objects[K]>[];
}

/**
 * A test for the objects that match `filter`: all filters must hold, one value of each is enough
 * (labels: every one). For secrets and configs, names, name prefixes and id prefixes are
 * alternatives, as in Docker.
 * @throws SwarmError `invalid` for a filter that the kind does not know
 */
export function matcher<K extends Kind>(
  view: StoreView,
  kind: K,
  filter: ListFilter | null,
): Test<Objects[K]> {
  if (!filter) return () => true;
  checkKnown(kind, filter);
  const tests = kindTests(view, kind, filter);
  const identity = identityTests(kind, filter);
  if (kind === "secret" || kind === "config") {
    if (identity.length > 0) tests.push((object) => identity.some((test) => test(object)));
  } else {
    tests.push(...identity);
  }
  const { ids, labels } = filter;
  const wanted = new Set(ids);
  if (wanted.size > 0) tests.push(({ id }) => wanted.has(id));
  if (labels.length > 0) {
    tests.push((object) => {
      const own = labelsOf(kind, object);
      return labels.every((label) => hasLabel(own, label));
    });
  }
  return (object) => tests.every((test) => test(object));
}

/** The objects that may match `filter`, through an index where one serves it; oldest first. */
export function candidates<K extends Kind>(
  view: StoreView,
  kind: K,
  filter: ListFilter | null,
): Iterable<Objects[K]> {
  const table = view[kind];
  if (filter) {
    if (filter.ids.length > 0)
      return [...new Set(filter.ids)].flatMap((id) => (table.get(id) as Objects[K]) ?? []);
    if (kind === "task") {
      const found = taskCandidates(view, filter);
      if (found) return found as Iterable<Objects[K]>;
    } else if (filter.names.length > 0 && kind !== "secret" && kind !== "config") {
      return new Set(filter.names.flatMap((name) => [...table.named(name)])) as Set<Objects[K]>;
    }
    if (kind === "resource" && filter.kind)
      return view.resource.by("kind", filter.kind) as Iterable<Objects[K]>;
    if (kind === "volume" && filter.group)
      return view.volume.by("group", filter.group) as Iterable<Objects[K]>;
  }
  return table.all() as Iterable<Objects[K]>;
}

function taskCandidates(view: StoreView, filter: ListFilter): Iterable<Task> | undefined {
  const { serviceIds, nodeIds } = filter;
  if (serviceIds.length > 0)
    return [...new Set(serviceIds)].flatMap((id) => [...view.task.by("service", id)]);
  if (nodeIds.length > 0)
    return [...new Set(nodeIds)].flatMap((id) => [...view.task.by("node", id)]);
  return undefined;
}
