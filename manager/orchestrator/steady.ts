import { TaskState } from "../../proto/generated.ts";
import type { Slot, Slots } from "./slot.ts";
import {
  indexOf,
  isDrained,
  isLost,
  isMoving,
  isStranded,
  stateOf,
  type NodeLookup,
} from "./task-state.ts";

/**
 * What a plan asks about a slot whose one task runs, or is on its way to, where it may be. Of ten
 * thousand slots nearly all are like that nearly always: noted once, it need not be found out from
 * their tasks at each step.
 */
export interface Steady {
  /** Index of the specification the task was made from. */
  readonly version: number;
  /** The update that made the task, by its start time; 0 = none. */
  readonly update: number;
  /** When the update saw the task run; 0 = it has not, or saw another one fail before. */
  readonly settledAtMs: number;
  /** Whether the slot had tasks before that one. */
  readonly hasPast: boolean;
  readonly isRunning: boolean;
}

/** Slots with one note: what holds of one of them by its note holds of all. */
export interface SteadyGroup extends Steady {
  readonly slots: ReadonlySet<Slot>;
}

/**
 * Some slots of a service, each in one place: those that are alike together, so that a plan asks
 * once for all of them, and the others.
 */
export interface SortedSlots {
  /** Every slot. */
  readonly all: readonly Slot[];
  readonly groups: Iterable<SteadyGroup>;
  readonly others: Iterable<Slot>;
}

/** The slots of one service. */
export interface ServiceSlots extends SortedSlots {
  readonly slots: Slots;
}

/** Slots that nobody has sorted. */
export function unsorted(slots: readonly Slot[]): SortedSlots {
  return { all: slots, groups: [], others: slots };
}

/** The note on a slot; undefined when it is not steady. */
export function steadyOf({ wanted, past }: Slot, node: NodeLookup): Steady | undefined {
  const [task] = wanted;
  if (!task || wanted.length > 1) return undefined;
  if (task.desiredState !== TaskState.RUNNING || stateOf(task) > TaskState.RUNNING)
    return undefined;
  if (isMoving(task) || isStranded(task)) return undefined;
  if (task.nodeId !== "") {
    const host = node(task.nodeId);
    if (isLost(host) || isDrained(host)) return undefined;
  }
  const { origin } = task;
  return {
    version: indexOf(task.specVersion),
    update: origin?.updateStartedAtMs ?? 0,
    settledAtMs: origin && origin.updateFailedTask === "" ? origin.settledAtMs : 0,
    hasPast: past.length > 0,
    isRunning: stateOf(task) === TaskState.RUNNING,
  };
}

/** Whether two notes say the same. */
export function isSameNote(a: Steady, b: Steady): boolean {
  return (
    a.version === b.version &&
    a.update === b.update &&
    a.settledAtMs === b.settledAtMs &&
    a.hasPast === b.hasPast &&
    a.isRunning === b.isRunning
  );
}
