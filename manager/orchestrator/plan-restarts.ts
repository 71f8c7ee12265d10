import { TaskState, type Task, type TaskOrigin } from "../../proto/generated.ts";
import type { Draft } from "./draft.ts";
import { mayRestart, originAfterFailure, originAfterMove } from "./restart-policy.ts";
import { isLeaving, placeTask, type ServiceContext } from "./service-context.ts";
import { newestOf, type Slot } from "./slot.ts";
import { endedByItself, hasEnded, isCompleted, isDrained, isLost, stateOf } from "./task-state.ts";
import { inheritUpdate, runningUpdate, updateOrigin } from "./update-origin.ts";

/**
 * Replaces every task that is meant to run but has ended or sits on a node that cannot keep it, as
 * far as the restart policy allows. A slot where another task already takes over gets no third.
 */
export function planRestarts(ctx: ServiceContext, slots: Iterable<Slot>, draft: Draft): void {
  for (const slot of slots) {
    if (!slot.wanted.some((task) => mustGo(ctx, task))) continue;
    if (draft.full) return;
    const [going, waiting] = dueAndNot(ctx, slot, draft);
    const healthy = slot.wanted.some((task) => takesOver(ctx, task, going));
    for (const task of going) draft.end(slot, task, TaskState.SHUTDOWN);
    // What waits for its time to be tried again is replaced then, with its back-off.
    if (healthy || waiting.length > 0) continue;
    const last = newestOf(going, (task) => !ctx.isDirty(task)) ?? newestOf(going);
    if (!last || !mayRestart(last, slot, ctx.service)) continue;
    placeTask(ctx, slot, draft, originAfter(ctx, last));
  }
}

/** The tasks of `slot` that are replaced now, and those that are replaced when their time comes. */
function dueAndNot(ctx: ServiceContext, slot: Slot, draft: Draft): readonly [Task[], Task[]] {
  const due: Task[] = [];
  const notYet: Task[] = [];
  for (const task of slot.wanted)
    if (mustGo(ctx, task)) (isDue(ctx, task, draft) ? due : notYet).push(task);
  return [due, notYet];
}

/**
 * Whether `task` makes up for those that are `going`. One that is out of date, and only runs on until
 * its successor does, is no reason to give up the successor.
 */
function takesOver(ctx: ServiceContext, task: Task, going: readonly Task[]): boolean {
  if (mustGo(ctx, task) || isLeaving(ctx, task)) return false;
  if (stateOf(task) !== TaskState.RUNNING || !ctx.isDirty(task)) return true;
  return going.every((other) => ctx.isDirty(other));
}

/** Whether a wanted task has to be replaced at once; {@link planDrain} sees to the others. */
function mustGo(ctx: ServiceContext, task: Task): boolean {
  if (hasEnded(task)) return !isCompleted(task);
  if (task.nodeId === "" || isLeaving(ctx, task)) return false;
  const host = ctx.node(task.nodeId);
  return isLost(host) || isDrained(host);
}

/**
 * Whether a task that failed is replaced now: one that failed while it was prepared keeps its
 * place until its own delay is over, or a bad image would be tried without any delay.
 */
function isDue({ now }: ServiceContext, task: Task, draft: Draft): boolean {
  const notBefore = task.origin?.notBeforeMs ?? 0;
  if (notBefore <= now || !hasEnded(task)) return true;
  draft.wake(notBefore);
  return false;
}

function originAfter(ctx: ServiceContext, task: Task): TaskOrigin {
  const update = runningUpdate(ctx.service);
  if (update !== 0 && ctx.isDirty(task)) return updateOrigin(update);
  const origin = endedByItself(task)
    ? originAfterFailure(task, ctx.service, ctx.now)
    : originAfterMove(task, ctx.service, reasonToMove(ctx, task));
  return inheritUpdate(ctx.service, task, origin);
}

function reasonToMove({ node }: ServiceContext, task: Task): string {
  const host = node(task.nodeId);
  if (!host) return "moved: its node is gone";
  const name = host.description?.hostname || host.id;
  if (isLost(host)) return `moved: node ${name} is down`;
  return isDrained(host) ? `moved: node ${name} is drained` : "replaced after it was stopped";
}
