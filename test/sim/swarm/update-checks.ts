import { isJob } from "../../../manager/orchestrator/restart-policy.ts";
import { NODE_REASON } from "../../../manager/orchestrator/plan-enforce.ts";
import { updateOptions, type UpdateOptions } from "../../../manager/orchestrator/update-options.ts";
import { slotKey } from "../../../manager/store/schema.ts";
import type { StoreEvent, StoreView } from "../../../manager/store/tables.ts";
import {
  ChangeKind,
  NodeAvailability,
  NodeState,
  TaskState,
  UpdateConfigFailureAction,
  UpdateStatusState,
  type Service,
  type Task,
} from "../../../proto/generated.ts";
import { demand } from "../violation.ts";
import { show } from "./describe.ts";
import { endedBy } from "./restart-checks.ts";
import { isUpdating } from "./service-checks.ts";

/** A failure so fresh may have been on its way while the update was completed, ms. */
const FRESH_MS = 2_000;

/** What is seen of one update. */
interface Seen {
  /** Slots whose first task of the update failed early, with when that was known, ms. */
  readonly failed: Map<string, number>;
  /** Slots begun, and since when their first task ran. */
  readonly begun: Map<string, number | undefined>;
  /** Slots that something ran in, or was about to, when they were begun. */
  readonly taken: Set<string>;
}

const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;
const slotOf = ({ slot, nodeId }: Task): string => (slot === 0 ? nodeId : String(slot));
/** A verdict about the node: a global service has no place there any more. */
const hasLostItsPlace = ({ slot, status }: Task): boolean =>
  slot === 0 && [status?.message, status?.err].includes(NODE_REASON);
const { COMPLETED, ROLLBACK_COMPLETED } = UpdateStatusState;

/** Follows every update from its tasks, and compares with what becomes of it. */
export class UpdateChecks {
  readonly #nowMs: () => number;
  readonly #seen = new Map<string, Seen>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  check(events: readonly StoreEvent[], view: StoreView): void {
    const ended = endedBy(events);
    for (const event of events) {
      if (event.kind === "task" && event.change !== ChangeKind.REMOVE)
        this.#follow(event.object, event.old, view, ended);
      else if (event.kind === "service" && event.old) this.#judge(event.object, event.old, view);
    }
  }

  #of(serviceId: string, startedAtMs: number): Seen {
    const key = `${serviceId}@${startedAtMs}`;
    let seen = this.#seen.get(key);
    if (!seen)
      this.#seen.set(key, (seen = { failed: new Map(), begun: new Map(), taken: new Set() }));
    return seen;
  }

  #follow(task: Task, old: Task | undefined, view: StoreView, ended: ReadonlySet<string>): void {
    const { updateStartedAtMs = 0, reason = "" } = task.origin ?? {};
    if (updateStartedAtMs === 0 || !reason.startsWith("update")) return;
    const service = view.service.get(task.serviceId);
    if (!service) return;
    const seen = this.#of(task.serviceId, updateStartedAtMs);
    const slot = slotOf(task);
    if (!old) {
      if (!seen.begun.has(slot)) seen.begun.set(slot, undefined);
      if (!isTaken(task, view, ended)) return;
      seen.taken.add(slot);
      checkParallelism(task, service, seen, view);
      return;
    }
    if (stateOf(task) === stateOf(old)) return;
    const now = this.#nowMs();
    // What a lost node began is told when the node comes back: another task has the slot by then.
    const wanted = task.desiredState <= TaskState.COMPLETE;
    if (wanted && stateOf(task) === TaskState.RUNNING)
      seen.begun.set(slot, seen.begun.get(slot) ?? now);
    const failed =
      stateOf(task) === TaskState.FAILED ||
      (stateOf(task) === TaskState.REJECTED && !hasLostItsPlace(task));
    const since = seen.begun.get(slot);
    const early = since === undefined || now - since < updateOptions(service).monitorMs - FRESH_MS;
    if (failed && early && isUpdating(service)) seen.failed.set(slot, now);
  }

  #judge(service: Service, old: Service, view: StoreView): void {
    const { updateStatus: status } = service;
    if (!status || !isUpdating(old) || service.specVersion?.index !== old.specVersion?.index)
      return;
    if (status.state !== COMPLETED && status.state !== ROLLBACK_COMPLETED) return;
    const name = service.spec?.annotations?.name ?? "";
    const options = updateOptions(old);
    const seen = this.#of(service.id, status.startedAtMs);
    const stale = [...seen.failed.values()].filter((at) => at < status.completedAtMs - FRESH_MS);
    const strict =
      options.maxFailureRatio === 0 && options.failureAction !== UpdateConfigFailureAction.CONTINUE;
    const honest = !strict || stale.length === 0;
    demand(honest, "update", () => `the update of ${name} completes with ${stale.length} failures`);
    const last = lastRun(service, options, seen, view);
    const watched = status.completedAtMs - last >= options.monitorMs - FRESH_MS;
    demand(
      watched,
      "update",
      () => `the update of ${name} completes before its last task is watched`,
    );
    this.#checkLeftBehind(service, view);
  }

  /** No slot with something of an older specification was left out. */
  #checkLeftBehind(service: Service, view: StoreView): void {
    if (isJob(service)) return;
    const image = (task: Task): string =>
      task.spec?.runtime === "container" ? task.spec.container.image : "";
    const wanted = service.spec?.task?.runtime === "container" && service.spec.task.container.image;
    for (const task of view.task.by("service", service.id)) {
      const live = task.desiredState <= TaskState.COMPLETE && stateOf(task) <= TaskState.RUNNING;
      if (!live || isGone(task, view)) continue;
      const slot = [...view.task.by("slot", slotKey(task))];
      const current = slot.some((other) => image(other) === wanted);
      demand(current, "update", () => `the update is completed without ${show(task)}`);
    }
  }
}

/**
 * When the last of the update's tasks that are still wanted began to run, ms. One that did not run
 * within its time is not waited for: it may begin while the update is being completed.
 */
function lastRun(
  { id, updateStatus }: Service,
  options: UpdateOptions,
  seen: Seen,
  view: StoreView,
): number {
  const { startedAtMs = 0, completedAtMs = 0 } = updateStatus ?? {};
  let last = -Infinity;
  for (const task of view.task.by("service", id)) {
    if (task.origin?.updateStartedAtMs !== startedAtMs) continue;
    if (task.desiredState > TaskState.COMPLETE || isGone(task, view)) continue;
    const began = seen.begun.get(slotOf(task)) ?? -Infinity;
    const overdue = began - (task.meta?.createdAtMs ?? 0) >= options.deadlineMs;
    if (!overdue || began < completedAtMs - FRESH_MS) last = Math.max(last, began);
  }
  return last;
}

/** Whether the task's node cannot keep it, or takes nothing new, so that its slot is left alone. */
function isGone({ nodeId, slot }: Task, view: StoreView): boolean {
  if (nodeId === "") return false;
  const node = view.node.get(nodeId);
  const { availability } = node?.spec ?? {};
  const closed = availability === NodeAvailability.DRAIN || (slot === 0 && availability !== 0);
  return node === undefined || closed || node.status?.state === NodeState.DOWN;
}

/**
 * Whether `made` takes the place of a task that ran, or was to: one that is still wanted, or `ended`
 * by the same commit. What failed, or was lost, is replaced anyway, whatever else of its slot is
 * on its way out.
 */
function isTaken(made: Task, view: StoreView, ended: ReadonlySet<string>): boolean {
  for (const task of view.task.by("slot", slotKey(made))) {
    if (task.id === made.id || stateOf(task) > TaskState.RUNNING || isGone(task, view)) continue;
    if (task.desiredState <= TaskState.COMPLETE || ended.has(task.id)) return true;
  }
  return false;
}

/** No more slots are worked on than the configuration allows. */
function checkParallelism(made: Task, service: Service, seen: Seen, view: StoreView): void {
  const update = service.updateStatus?.startedAtMs ?? 0;
  const { parallelism } = updateOptions(service);
  if (!isUpdating(service) || made.origin?.updateStartedAtMs !== update) return;
  const busy = [...view.task.by("service", service.id)].filter(
    (task) =>
      task.origin?.updateStartedAtMs === update &&
      task.origin.reason.startsWith("update") &&
      seen.taken.has(slotOf(task)) &&
      !isGone(task, view) &&
      task.desiredState <= TaskState.COMPLETE &&
      stateOf(task) < TaskState.RUNNING &&
      (task.meta?.createdAtMs ?? 0) >
        (made.meta?.createdAtMs ?? 0) - updateOptions(service).deadlineMs,
  );
  const text = (): string =>
    `${busy.length} of ${parallelism} at a time: ${busy.map(show).join(", ")}`;
  demand(busy.length <= parallelism, "update", text);
}
