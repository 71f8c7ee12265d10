import { TaskState } from "../../proto/generated.ts";
import type { Slot } from "./slot.ts";
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
  };
}
