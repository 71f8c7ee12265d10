import { formatDuration, parseDuration } from "../../lib/units.ts";
import { isSwarmError } from "../../lib/errors.ts";
import { make } from "../../proto/codec.ts";
import {
  PlacementStrategy,
  ScheduleConcurrency,
  ServiceDependencyCondition,
  type Affinity,
  type Placement,
  type RebalanceConfig,
  type Schedule,
  type ServiceDependency,
  type ServiceSpec,
  type Task,
  type TaskSpec,
} from "../../proto/generated.ts";
import { badRequest } from "../request-error.ts";
import { timeText } from "./common.ts";
import { Names } from "./names.ts";

// docs/decisions/0003-docker-api-extensions.md is the table of these labels.
const PREFIX = "skep.";

const STRATEGIES = new Names<PlacementStrategy>("skep.strategy", {
  spread: PlacementStrategy.SPREAD,
  binpack: PlacementStrategy.BINPACK,
  random: PlacementStrategy.RANDOM,
});
const CONCURRENCIES = new Names<ScheduleConcurrency>("skep.schedule.concurrency", {
  allow: ScheduleConcurrency.ALLOW,
  forbid: ScheduleConcurrency.FORBID,
  replace: ScheduleConcurrency.REPLACE,
});
const CONDITIONS = new Names<ServiceDependencyCondition>("condition in skep.depends-on", {
  started: ServiceDependencyCondition.STARTED,
  healthy: ServiceDependencyCondition.HEALTHY,
  completed: ServiceDependencyCondition.COMPLETED,
});

type Labels = Readonly<Record<string, string>>;

/** What a service's labels say beyond Docker's fields. */
export interface ServiceExtensions {
  readonly runtime: "container" | "process";
  readonly rootFs: string;
  readonly devices: readonly string[];
  readonly privileged: boolean;
  /** Null when no label speaks of placement. */
  readonly placement: Pick<
    Placement,
    "strategy" | "affinities" | "scheduler" | "stickyVolumes"
  > | null;
  readonly schedule: Schedule | null;
  readonly dependsOn: readonly ServiceDependency[];
}

/** Labels of the user's own, and a reader for the others that knows which were asked for. */
class ExtensionLabels {
  readonly own: Labels;
  readonly #rest: Map<string, string>;

  constructor(labels: Labels) {
    const entries = Object.entries(labels);
    this.own = Object.fromEntries(entries.filter(([key]) => !key.startsWith(PREFIX)));
    this.#rest = new Map(entries.filter(([key]) => key.startsWith(PREFIX)));
  }

  /** The value of `skep.<name>`; "" when absent. */
  take(name: string): string {
    const value = this.#rest.get(PREFIX + name) ?? "";
    this.#rest.delete(PREFIX + name);
    return value;
  }

  takeList(name: string): readonly string[] {
    const words = this.take(name).split(",");
    return words.map((word) => word.trim()).filter((word) => word !== "");
  }

  /** Throws 400 when a label was not asked for. */
  finish(): void {
    for (const key of this.#rest.keys())
      throw badRequest(`unknown label "${key}": the prefix ${PREFIX} is reserved`);
  }
}

function readSticky(labels: ExtensionLabels): boolean {
  const volume = labels.take("volume");
  if (volume !== "" && volume !== "sticky")
    throw badRequest(`invalid ${PREFIX}volume: "${volume}" is not sticky`);
  return volume === "sticky";
}

function readPlacement(labels: ExtensionLabels): ServiceExtensions["placement"] {
  const strategy = STRATEGIES.parse(labels.take("strategy"), PlacementStrategy.DEFAULT);
  const affinity = (serviceLabel: string, apart: boolean): Affinity => ({ serviceLabel, apart });
  const affinities = [
    ...labels.takeList("affinity").map((label) => affinity(label, false)),
    ...labels.takeList("anti-affinity").map((label) => affinity(label, true)),
  ];
  const scheduler = labels.take("scheduler");
  const stickyVolumes = readSticky(labels);
  const isPlain = affinities.length === 0 && scheduler === "" && !stickyVolumes;
  if (strategy === PlacementStrategy.DEFAULT && isPlain) return null;
  return { strategy, affinities, scheduler, stickyVolumes };
}

function readDuration(name: string, text: string): number {
  if (text === "") return 0;
  try {
    return parseDuration(text);
  } catch (error) {
    throw isSwarmError(error) ? badRequest(`${PREFIX}${name}: ${error.message}`) : error;
  }
}

function readSchedule(labels: ExtensionLabels): Schedule | null {
  const cron = labels.take("schedule");
  const timeZone = labels.take("schedule.time-zone");
  const concurrency = labels.take("schedule.concurrency");
  const deadline = labels.take("schedule.starting-deadline");
  if (cron === "") {
    if (timeZone || concurrency || deadline)
      throw badRequest(`the labels ${PREFIX}schedule.… need ${PREFIX}schedule`);
    return null;
  }
  return make("Schedule", {
    cron,
    timeZone,
    concurrency: CONCURRENCIES.parse(concurrency, ScheduleConcurrency.ALLOW),
    startingDeadlineNs: readDuration("schedule.starting-deadline", deadline),
  });
}

function readDependency(text: string): ServiceDependency {
  const [serviceName = "", condition = ""] = text.split(":", 2);
  return make("ServiceDependency", {
    serviceName,
    condition: CONDITIONS.parse(condition, ServiceDependencyCondition.STARTED),
  });
}

function readRuntime(labels: ExtensionLabels): "container" | "process" {
  const runtime = labels.take("runtime");
  if (runtime === "" || runtime === "container") return "container";
  if (runtime !== "process")
    throw badRequest(`invalid ${PREFIX}runtime: "${runtime}" is neither container nor process`);
  return runtime;
}

function readPrivileged(labels: ExtensionLabels): boolean {
  const text = labels.take("privileged");
  if (text !== "" && text !== "true" && text !== "false")
    throw badRequest(`invalid ${PREFIX}privileged: "${text}" is neither true nor false`);
  return text === "true";
}

/** Splits a service's labels into the user's own and our extensions. Throws 400. */
export function readServiceLabels(labels: Labels): {
  readonly own: Labels;
  readonly extensions: ServiceExtensions;
} {
  const reader = new ExtensionLabels(labels);
  const extensions: ServiceExtensions = {
    runtime: readRuntime(reader),
    rootFs: reader.take("root-fs"),
    devices: reader.takeList("devices"),
    privileged: readPrivileged(reader),
    placement: readPlacement(reader),
    schedule: readSchedule(reader),
    dependsOn: reader.takeList("depends-on").map(readDependency),
  };
  reader.finish();
  if (extensions.rootFs && extensions.runtime !== "process")
    throw badRequest(`${PREFIX}root-fs is for services with ${PREFIX}runtime=process`);
  if (extensions.privileged && extensions.runtime === "process")
    throw badRequest(`${PREFIX}privileged is for containers: a process service cannot have it`);
  return { own: reader.own, extensions };
}

function affinityText(affinities: readonly Affinity[], apart: boolean): string {
  const chosen = affinities.filter((affinity) => affinity.apart === apart);
  return chosen.map((affinity) => affinity.serviceLabel).join(",");
}

function dependencyText({ serviceName, condition }: ServiceDependency): string {
  const plain = condition === ServiceDependencyCondition.STARTED;
  return plain ? serviceName : `${serviceName}:${CONDITIONS.word(condition)}`;
}

function scheduleLabels(schedule: Schedule | null): Labels {
  if (!schedule) return {};
  const deadline = schedule.startingDeadlineNs;
  const concurrent = schedule.concurrency === ScheduleConcurrency.ALLOW;
  return {
    schedule: schedule.cron,
    "schedule.time-zone": schedule.timeZone,
    "schedule.concurrency": concurrent ? "" : CONCURRENCIES.word(schedule.concurrency),
    "schedule.starting-deadline": deadline === 0 ? "" : formatDuration(deadline),
  };
}

function devicesOf(task: TaskSpec | null): readonly string[] {
  if (task?.runtime === "process") return task.process.devices;
  return task?.runtime === "container" ? task.container.devices : [];
}

/** A service's labels as clients see them: the user's own, then the extensions that are set. */
export function serviceLabelsJson(spec: ServiceSpec): Labels {
  const { task } = spec;
  const placement = task?.placement;
  const values: Labels = {
    runtime: task?.runtime === "process" ? "process" : "",
    "root-fs": task?.runtime === "process" ? task.process.rootFs : "",
    devices: devicesOf(task).join(","),
    privileged: task?.runtime === "container" && task.container.privileged ? "true" : "",
    strategy: STRATEGIES.word(placement?.strategy ?? PlacementStrategy.DEFAULT),
    affinity: affinityText(placement?.affinities ?? [], false),
    "anti-affinity": affinityText(placement?.affinities ?? [], true),
    scheduler: placement?.scheduler ?? "",
    volume: placement?.stickyVolumes ? "sticky" : "",
    ...scheduleLabels(spec.schedule),
    "depends-on": spec.dependsOn.map(dependencyText).join(","),
  };
  return { ...spec.annotations?.labels, ...prefixed(values) };
}

function prefixed(values: Labels): Labels {
  const set = Object.entries(values).filter(([, value]) => value !== "");
  return Object.fromEntries(set.map(([name, value]) => [PREFIX + name, value]));
}

/**
 * Why a task exists, waits, moves or stays, as labels of the task. They are only ever read: a
 * task's labels cannot be written by clients.
 */
export function taskExtensionLabels({ origin, move, moveRefusal }: Task): Labels {
  const isRefused = move !== null && moveRefusal?.requestedAtMs === move.requestedAtMs;
  return prefixed({
    reason: origin?.reason ?? "",
    restarts: origin?.restarts ? String(origin.restarts) : "",
    "not-before": origin?.notBeforeMs ? timeText(origin.notBeforeMs) : "",
    "move-to": isRefused ? "" : (move?.nodeId ?? ""),
    "move-refused": isRefused ? moveRefusal.reason : "",
  });
}

/** What the swarm spec's labels say beyond Docker's fields. */
export interface SwarmExtensions {
  readonly strategy: PlacementStrategy;
  /** Null when no label speaks of it: off. */
  readonly rebalance: RebalanceConfig | null;
}

function readRebalance(labels: ExtensionLabels): RebalanceConfig | null {
  const moves = labels.take("rebalance.max-moves");
  const interval = labels.take("rebalance.interval");
  const warmUp = labels.take("rebalance.warm-up");
  if (moves === "" && interval === "" && warmUp === "") return null;
  if (!/^\d{0,6}$/.test(moves))
    throw badRequest(`${PREFIX}rebalance.max-moves: "${moves}" is no number from 0 to 999999`);
  return make("RebalanceConfig", {
    movesMax: Number(moves),
    intervalNs: readDuration("rebalance.interval", interval),
    warmUpNs: warmUp === "" ? null : { value: readDuration("rebalance.warm-up", warmUp) },
  });
}

/** Splits the swarm spec's labels into the user's own and our extensions. Throws 400. */
export function readSwarmLabels(labels: Labels): {
  readonly own: Labels;
  readonly extensions: SwarmExtensions;
} {
  const reader = new ExtensionLabels(labels);
  const strategy = STRATEGIES.parse(reader.take("strategy"), PlacementStrategy.DEFAULT);
  const extensions = { strategy, rebalance: readRebalance(reader) };
  reader.finish();
  return { own: reader.own, extensions };
}

/** The swarm spec's labels as clients see them. */
export function swarmLabelsJson(own: Labels, { strategy, rebalance }: SwarmExtensions): Labels {
  const { movesMax = 0, intervalNs = 0, warmUpNs = null } = rebalance ?? {};
  const values: Labels = {
    strategy: STRATEGIES.word(strategy),
    "rebalance.max-moves": movesMax === 0 ? "" : String(movesMax),
    "rebalance.interval": intervalNs === 0 ? "" : formatDuration(intervalNs),
    "rebalance.warm-up": warmUpNs ? formatDuration(warmUpNs.value) : "",
  };
  return { ...own, ...prefixed(values) };
}
