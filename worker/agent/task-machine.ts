import { isRetryable, messageOf } from "../../lib/errors.ts";
import { TaskState } from "../../proto/generated.ts";
import type { TaskExit } from "../runtime/runtime.ts";

/** What happens next to a task. */
export type Step =
  /** Nothing until its desired state changes. */
  | { readonly kind: "none" }
  /** Only the state moves on. */
  | { readonly kind: "advance"; readonly to: Progress }
  /** The runtime has something to do. */
  | { readonly kind: "prepare" | "start" | "wait" | "shutdown" };

/** The fields of a task's status that the machine decides. */
export interface Progress {
  readonly state: TaskState;
  readonly message: string;
  readonly err: string;
}

function progress(state: TaskState, message: string, err = ""): Progress {
  return { state, message, err };
}

const NONE: Step = { kind: "none" };

/**
 * The next step of a task that is at `actual` and wanted at `desired`, as swarm mode's agent does
 * it. A task wanted at READY is pulled and created but not started; PREPARING, STARTING and RUNNING
 * go on even when that leads beyond the desired state.
 */
export function nextStep(actual: TaskState, desired: TaskState): Step {
  if (desired >= TaskState.SHUTDOWN)
    return actual >= TaskState.COMPLETE ? NONE : { kind: "shutdown" };
  if (actual > desired) return NONE;
  if (actual === TaskState.PREPARING) return { kind: "prepare" };
  if (actual === TaskState.STARTING) return { kind: "start" };
  if (actual === TaskState.RUNNING) return { kind: "wait" };
  if (actual === desired) return NONE;
  if (actual <= TaskState.ASSIGNED)
    return { kind: "advance", to: progress(TaskState.ACCEPTED, "accepted") };
  if (actual === TaskState.ACCEPTED)
    return { kind: "advance", to: progress(TaskState.PREPARING, "preparing") };
  if (actual === TaskState.READY)
    return { kind: "advance", to: progress(TaskState.STARTING, "starting") };
  return NONE;
}

/**
 * Whether nothing of a task is needed any more: it has ended, and the managers drop it as soon as they
 * hear so. Waiting for that would keep its remains for two more commits and a message.
 */
export function isClearable(actual: TaskState, desired: TaskState): boolean {
  return desired >= TaskState.REMOVE && actual >= TaskState.COMPLETE;
}

/** Where a step of the runtime leads when it succeeds. `exit` is the outcome of `wait`. */
export function succeeded(kind: "prepare" | "start" | "shutdown"): Progress {
  if (kind === "prepare") return progress(TaskState.READY, "prepared");
  if (kind === "start") return progress(TaskState.RUNNING, "started");
  return progress(TaskState.SHUTDOWN, "shutdown");
}

/** Where a task goes whose program has ended. */
export function exited(exit: TaskExit): Progress {
  if (exit.code === 0 && exit.error === "") return progress(TaskState.COMPLETE, "finished");
  const cause = exit.error === "" ? "" : `: ${exit.error}`;
  return progress(TaskState.FAILED, "started", `task: non-zero exit (${exit.code})${cause}`);
}

/** Where an error while shutting down leads: nowhere, as what may still run is not given up. */
export function stillRuns(current: Progress, error: unknown): Progress & { readonly retry: true } {
  return { ...current, err: messageOf(error), retry: true };
}

/**
 * Where a step's error leads: REJECTED before STARTING, FAILED after. A temporary error leaves the
 * state, so that the same step is tried again, and shows its reason. An ended task is not touched.
 */
export function failed(current: Progress, error: unknown): Progress & { readonly retry: boolean } {
  if (current.state >= TaskState.COMPLETE) return { ...current, retry: false };
  const err = messageOf(error);
  if (isRetryable(error)) return { ...current, err, retry: true };
  const state = current.state < TaskState.STARTING ? TaskState.REJECTED : TaskState.FAILED;
  return { ...progress(state, current.message, err), retry: false };
}
