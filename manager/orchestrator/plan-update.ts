import { make } from "../../proto/codec.ts";
import {
  TaskState,
  UpdateConfigFailureAction,
  UpdateStatusState,
  type Service,
  type UpdateStatus,
} from "../../proto/generated.ts";
import type { Draft } from "./draft.ts";
import { placeTask, type ServiceContext } from "./service-context.ts";
import { runningUpdate, updateOrigin } from "./update-origin.ts";
import { isRollback, updateOptions, type UpdateOptions } from "./update-options.ts";
import type { SortedSlots } from "./steady.ts";
import { isAnyOutOfDate, readProgress, type UpdateProgress } from "./update-progress.ts";
import type { UpdateFailure } from "./update-verdict.ts";

/** Added to a delay that is longer than the monitor period, so that the last task is watched. */
const MONITOR_MARGIN_MS = 1_000;

/**
 * Takes one step of a rolling update or rollback: notes what became of the slots begun, ends or
 * turns the update around when too many failed, begins as many more as the configuration allows,
 * and completes the update once the last task was watched for the monitor period. Everything it
 * knows is in the service's status and on the tasks, so any leader can take the next step.
 */
export function planUpdate(ctx: ServiceContext, slots: SortedSlots, draft: Draft): void {
  const state = ctx.service.updateStatus?.state;
  if (state === UpdateStatusState.PAUSED || state === UpdateStatusState.ROLLBACK_PAUSED) return;
  const begun = begin(ctx, slots, draft);
  if (!begun) return;
  const options = updateOptions(begun.service);
  const progress = readProgress(begun, slots, options, draft);
  const failure = decisiveFailure(progress, options);
  if (failure) giveUp(begun, failure, options, draft);
  else if (progress.waiting.size === 0 && progress.busy === 0)
    complete(begun, progress, options, draft);
  else beginSlots(begun, progress, options, draft);
}

/** The context with an update in its service's status; undefined when there is nothing to do. */
function begin(ctx: ServiceContext, slots: SortedSlots, draft: Draft): ServiceContext | undefined {
  if (runningUpdate(ctx.service) !== 0) return ctx;
  const status = ctx.service.updateStatus;
  // A rollback that a person asked for may come without its start time.
  const asked =
    status?.state === UpdateStatusState.UPDATING ||
    status?.state === UpdateStatusState.ROLLBACK_STARTED;
  if (!asked && !isAnyOutOfDate(ctx, slots)) return undefined;
  if (draft.full) return undefined;
  const service = asked
    ? withStatus(ctx, status.state, status.message)
    : withStatus(ctx, UpdateStatusState.UPDATING, "update in progress");
  draft.updateService(service);
  return { ...ctx, service };
}

/** The failure that makes more of them than the configuration tolerates. */
function decisiveFailure(
  { failures, total }: UpdateProgress,
  options: UpdateOptions,
): UpdateFailure | undefined {
  if (options.failureAction === UpdateConfigFailureAction.CONTINUE) return undefined;
  if (failures.length === 0 || failures.length / total <= options.maxFailureRatio) return undefined;
  return failures.reduce((latest, failure) => (failure.at > latest.at ? failure : latest));
}

/**
 * Pauses, or goes back to the previous specification. A rollback can only pause, and so can an
 * update whose previous specification cannot be had any more: its secret was removed, its port taken.
 */
function giveUp(
  ctx: ServiceContext,
  { text }: UpdateFailure,
  options: UpdateOptions,
  draft: Draft,
): void {
  const { service } = ctx;
  if (isRollback(service)) {
    const message = `rollback paused ${text}`;
    draft.updateService(withStatus(ctx, UpdateStatusState.ROLLBACK_PAUSED, message));
    return;
  }
  if (options.failureAction !== UpdateConfigFailureAction.ROLLBACK || !service.previousSpec) {
    draft.updateService(withStatus(ctx, UpdateStatusState.PAUSED, `update paused ${text}`));
    return;
  }
  const message = `update rolled back ${text}`;
  const before: Service = {
    ...withStatus(ctx, UpdateStatusState.ROLLBACK_STARTED, message),
    spec: service.previousSpec,
    specVersion: service.previousSpecVersion,
    previousSpec: null,
    previousSpecVersion: null,
  };
  const refusal = ctx.refusal(before);
  if (refusal === "") draft.updateService(before);
  else {
    const reason = `update paused ${text}; it cannot be rolled back: ${refusal}`;
    draft.updateService(withStatus(ctx, UpdateStatusState.PAUSED, reason));
  }
}

function complete(
  ctx: ServiceContext,
  { total, failures, lastDoneAt }: UpdateProgress,
  { delayMs, monitorMs }: UpdateOptions,
  draft: Draft,
): void {
  const watchMs = delayMs >= monitorMs ? delayMs + MONITOR_MARGIN_MS : monitorMs;
  if (total > 0 && lastDoneAt + watchMs > ctx.now) {
    draft.wake(lastDoneAt + watchMs);
    return;
  }
  const back = isRollback(ctx.service);
  const late = failures.filter((failure) => failure.overdue);
  const rest = late.length > 0 ? `; ${late.length} not running, ${late.at(-1)?.text}` : "";
  const state = back ? UpdateStatusState.ROLLBACK_COMPLETED : UpdateStatusState.COMPLETED;
  draft.updateService(withStatus(ctx, state, `${back ? "rollback" : "update"} completed${rest}`));
}

/** Begins waiting slots, those without a running task first: they have nothing to lose. */
function beginSlots(
  ctx: ServiceContext,
  { waiting, busy }: UpdateProgress,
  { parallelism, startFirst, deadlineMs }: UpdateOptions,
  draft: Draft,
): void {
  draft.awaitRunning();
  let free = parallelism - busy;
  // Most steps find every place taken; putting thousands in order is for those that begin some.
  if (free <= 0) return;
  const update = runningUpdate(ctx.service);
  for (const slot of waiting.inOrder()) {
    if (free-- <= 0 || draft.full) break;
    if (!startFirst) for (const old of slot.wanted) draft.end(slot, old, TaskState.SHUTDOWN);
    placeTask(ctx, slot, draft, updateOrigin(update));
    // Should nothing at all become of the task, there is no event to come back for.
    draft.wake(ctx.now + deadlineMs);
  }
}

/** The service in another state of its update. A beginning gets a start time of its own. */
function withStatus(ctx: ServiceContext, state: UpdateStatusState, message: string): Service {
  const { service, now } = ctx;
  const before = service.updateStatus?.startedAtMs ?? 0;
  const starts =
    state === UpdateStatusState.UPDATING || state === UpdateStatusState.ROLLBACK_STARTED;
  const ends =
    state === UpdateStatusState.COMPLETED || state === UpdateStatusState.ROLLBACK_COMPLETED;
  const fields: UpdateStatus = {
    state,
    message,
    // The start time names the update on its tasks: no two updates share one.
    startedAtMs: starts ? Math.max(now, before + 1) : before,
    completedAtMs: ends ? now : 0,
  };
  return { ...service, updateStatus: make("UpdateStatus", fields) };
}
