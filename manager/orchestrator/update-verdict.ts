import { formatDuration } from "../../lib/units.ts";
import { TaskState, type Task } from "../../proto/generated.ts";
import type { Draft } from "./draft.ts";
import { successorOf } from "./plan-surplus.ts";
import { mayRestart } from "./restart-policy.ts";
import type { ServiceContext } from "./service-context.ts";
import { newestOf, newestTask, type Slot } from "./slot.ts";
import { createdAt, endedByItself, indexOf, isWanted, stateOf, stateSince } from "./task-state.ts";
import { failedEarly, runningUpdate } from "./update-origin.ts";
import type { UpdateOptions } from "./update-options.ts";

/** A task of the update that failed, or never got to run. */
export interface UpdateFailure {
  readonly at: number;
  /** What went wrong, as it continues "update paused …". */
  readonly text: string;
  /** Whether it never ran within the deadline. */
  readonly overdue: boolean;
}

/** How the update is to go, and where its next step is written down. */
export interface PlanOfUpdate {
  readonly options: UpdateOptions;
  readonly draft: Draft;
}

/** What became of one slot's task. */
export interface Verdict {
  /** When it ran, or failed; undefined while it does neither. */
  readonly doneAt?: number;
  readonly failure?: UpdateFailure;
}

/** Whether nothing in `slot` is, or will be, of the present specification. */
export function isOutOfDate(ctx: ServiceContext, slot: Slot): boolean {
  const current = indexOf(ctx.service.specVersion);
  if (current >= 0 && slot.steady?.version === current) return false;
  if (slot.wanted.length > 0)
    return slot.wanted.every((task) => ctx.isDirty(task)) && !isGivenUp(ctx, slot);
  const last = newestTask(slot);
  return last !== undefined && ctx.isDirty(last);
}

/** Whether the present specification was tried beside what still runs, and may not be again. */
function isGivenUp(ctx: ServiceContext, slot: Slot): boolean {
  const last = newestOf(slot.past, (task) => endedByItself(task) && !ctx.isDirty(task));
  return last !== undefined && !mayRestart(last, slot, ctx.service);
}

/**
 * How far an up-to-date task that this update did not make is with taking the slot over from one
 * that is out of date: an earlier update began it, or the node was drained. It gets as long as a
 * task of this update. Undefined when there is none.
 */
export function handoverOf(
  ctx: ServiceContext,
  slot: Slot,
  plan: PlanOfUpdate,
): Verdict | undefined {
  const { wanted } = slot;
  if (wanted.length < 2 || !wanted.some((task) => ctx.isDirty(task))) return undefined;
  const successor = successorOf(ctx, slot);
  if (!successor || ctx.isDirty(successor)) return undefined;
  // One that runs ends the others with the next step.
  if (stateOf(successor) === TaskState.RUNNING) return {};
  const since = Math.max(createdAt(successor, ctx.now), runningUpdate(ctx.service));
  return awaitDeadline(ctx, successor, since, plan);
}

/** What became of the update's task in `slot`; undefined when it has none. */
export function verdictOn(
  ctx: ServiceContext,
  slot: Slot,
  update: number,
  plan: PlanOfUpdate,
): Verdict | undefined {
  const { steady } = slot;
  if (steady?.update === update && steady.settledAtMs !== 0) return { doneAt: steady.settledAtMs };
  if (steady && steady.update !== update && !steady.hasPast) return undefined;
  const member = memberOf(slot, update);
  return member && judge(ctx, slot, member, plan);
}

function memberOf(slot: Slot, update: number): Task | undefined {
  return newestMember(slot.wanted, update) ?? newestMember(slot.past, update);
}

/** Asked of every slot at every step: nearly always there is one task, or none. */
function newestMember(tasks: readonly Task[], update: number): Task | undefined {
  const [task] = tasks;
  if (tasks.length > 1) return newestOf(tasks, (each) => isMember(each, update));
  return task && isMember(task, update) ? task : undefined;
}

function isMember(task: Task, update: number): boolean {
  return task.origin?.updateStartedAtMs === update;
}

function judge(
  ctx: ServiceContext,
  slot: Slot,
  task: Task,
  plan: PlanOfUpdate,
): Verdict | undefined {
  const { options, draft } = plan;
  const made = createdAt(task, ctx.now);
  const { settledAtMs, updateFailedTask } = task.origin ?? { settledAtMs: 0, updateFailedTask: "" };
  if (updateFailedTask !== "")
    return { doneAt: settledAtMs, failure: earlyEnd(updateFailedTask, settledAtMs) };
  if (failedEarly(task, options.monitorMs)) {
    const doneAt = stateSince(task);
    return { doneAt, failure: earlyEnd(task.id, doneAt) };
  }
  if (settledAtMs !== 0) return { doneAt: settledAtMs };
  // Replaced by nothing, on a node that was lost: what is out of date beside it is begun anew.
  if (!isWanted(task)) return isOutOfDate(ctx, slot) ? undefined : { doneAt: made };
  if (stateOf(task) === TaskState.RUNNING) return { doneAt: noteRunning(ctx, slot, task, draft) };
  return awaitDeadline(ctx, task, made, plan);
}

/** Waits for `task` to run, as long as a task of the update may take. */
function awaitDeadline(
  ctx: ServiceContext,
  task: Task,
  since: number,
  { options, draft }: PlanOfUpdate,
): Verdict {
  const deadline = since + options.deadlineMs;
  if (ctx.now >= deadline) return { doneAt: deadline, failure: overdue(task, options, deadline) };
  draft.wake(deadline);
  draft.awaitRunning();
  return {};
}

/**
 * Remembers on the task when it was first seen to run: its status will not say once it has ended.
 * What it ran before that, while its status was on its way into the store, is not watched: a
 * failure of that time may still be on the same way.
 */
function noteRunning({ now }: ServiceContext, slot: Slot, task: Task, draft: Draft): number {
  if (task.origin && !draft.full)
    draft.replace(slot, task, { ...task, origin: { ...task.origin, settledAtMs: now } });
  return now;
}

function earlyEnd(taskId: string, at: number): UpdateFailure {
  return { at, overdue: false, text: `due to failure or early termination of task ${taskId}` };
}

function overdue(task: Task, options: UpdateOptions, at: number): UpdateFailure {
  const limit = formatDuration(options.deadlineMs * 1e6);
  const waits = task.desiredState === TaskState.READY ? (task.origin?.reason ?? "") : "";
  const why = task.status?.err || waits || task.status?.message || "no reason is known";
  const text = `because task ${task.id} did not run within ${limit}: ${why}`;
  return { at, overdue: true, text };
}
