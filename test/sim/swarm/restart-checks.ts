import type { StoreEvent, StoreView } from "../../../manager/store/tables.ts";
import { slotKey } from "../../../manager/store/schema.ts";
import {
  ChangeKind,
  RestartPolicyCondition,
  TaskState,
  UpdateStatusState,
  type Service,
  type Task,
} from "../../../proto/generated.ts";
import { demand } from "../violation.ts";
import { show } from "./describe.ts";

/** What a service without a policy of its own waits before a restart, ms. */
const DELAY_MS = 5_000;
/** A task that ends so soon after its start is a crash; so many are restarted without back-off. */
const CRASH_MS = 10_000;
const CRASHES_FREE = 3;
const BACKOFF_MAX_MS = 300_000;

const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;
const version = (task: Task): number => task.specVersion?.index ?? -1;
const run = (task: Task): number => task.jobIteration?.index ?? -1;

function failed(task: Task): boolean {
  const state = stateOf(task);
  return state === TaskState.FAILED || state === TaskState.REJECTED;
}

/** Whether the task may start now. */
function mayStart({ desiredState }: Task): boolean {
  return desiredState > TaskState.READY && desiredState <= TaskState.COMPLETE;
}

/** The policy of restarts, as a second opinion: back-off, attempts and their window. */
export class RestartChecks {
  /** Tasks that filled a place that was empty: what failed there before is another story. */
  readonly #firsts = new Set<string>();

  check(events: readonly StoreEvent[], view: StoreView): void {
    const ended = endedBy(events);
    for (const event of events) {
      if (event.kind !== "task" || event.change === ChangeKind.REMOVE) continue;
      const { object: task, old } = event;
      const service = view.service.get(task.serviceId);
      if (!service) continue;
      if (mayStart(task) && !(old && mayStart(old))) checkStart(task);
      if (old || version(task) !== service.specVersion?.index) continue;
      const before = tasksBefore(task, view);
      // A place that was given up before, with its node for one, is filled as a new one.
      if (!before[0] || !ended.has(before[0].id)) this.#firsts.add(task.id);
      else checkRestart(task, service, before, this.#firsts);
    }
  }
}

/** The tasks of the slot, and run, of `task`, newest first, without it. */
function tasksBefore(task: Task, view: StoreView): readonly Task[] {
  return [...view.task.by("slot", slotKey(task))]
    .filter((other) => other.id !== task.id && run(other) === run(task))
    .sort((a, b) => (b.meta?.createdAtMs ?? 0) - (a.meta?.createdAtMs ?? 0));
}

/** Tasks that are given up by a commit. */
export function endedBy(events: readonly StoreEvent[]): ReadonlySet<string> {
  const ended = new Set<string>();
  for (const event of events) {
    if (event.kind !== "task" || !event.old) continue;
    const { object, old } = event;
    const { COMPLETE } = TaskState;
    if (old.desiredState <= COMPLETE && object.desiredState > COMPLETE) ended.add(object.id);
  }
  return ended;
}

/** Nothing starts before its time. */
function checkStart(task: Task): void {
  const at = task.meta?.updatedAtMs ?? 0;
  const notBefore = task.origin?.notBeforeMs ?? 0;
  demand(at >= notBefore, "back-off", () => `${show(task)} starts ${notBefore - at} ms too soon`);
}

/** A task that follows one that failed. */
function checkRestart(
  task: Task,
  service: Service,
  before: readonly Task[],
  firsts: ReadonlySet<string>,
): void {
  const [last] = before;
  if (!last || !failed(last) || version(last) !== version(task)) return;
  // A rollback fills empty places, whatever the policy.
  if (service.updateStatus?.state === UpdateStatusState.ROLLBACK_STARTED) return;
  if (task.origin?.reason.startsWith("update")) return;
  if (task.origin?.reason.startsWith("moved")) return;
  const policy = service.spec?.task?.restart;
  const none = policy?.condition === RestartPolicyCondition.NONE;
  demand(!none, "restart-policy", () => `${show(task)} follows ${show(last)} without a policy`);
  const delayMs = policy?.delayNs ? policy.delayNs.value / 1e6 : DELAY_MS;
  const wait = (task.origin?.notBeforeMs ?? 0) - (task.meta?.createdAtMs ?? 0);
  const least = leastWait(before, delayMs, firsts);
  // The time is set when it is planned, and written a moment later.
  const patient = wait >= least - COMMIT_MS;
  demand(patient, "back-off", () => `${show(task)} waits ${wait} of ${least} ms`);
  const attempts = task.origin?.restarts ?? 0;
  const most = policy?.maxAttempts ?? 0;
  const counted = most > 0 && !policy?.windowNs?.value;
  demand(!counted || attempts <= most, "attempts", () => `${show(task)} is restart ${attempts}`);
}

/** The longest that a transaction is on its way as a rule, ms. */
const COMMIT_MS = 4_000;

/** What the tasks `before`, newest first, make the next one wait at least, ms. */
function leastWait(before: readonly Task[], delayMs: number, firsts: ReadonlySet<string>): number {
  let crashes = 0;
  for (const task of before) {
    const start = Math.max(task.meta?.createdAtMs ?? 0, task.origin?.notBeforeMs ?? 0);
    const end = task.status?.appliedAtMs || task.status?.timestampMs || 0;
    if (!failed(task) || version(task) !== version(before[0]!)) break;
    if (end - start >= CRASH_MS) break;
    crashes++;
    if (firsts.has(task.id)) break;
  }
  if (crashes <= CRASHES_FREE) return delayMs;
  return Math.max(delayMs, Math.min(1_000 * 2 ** (crashes - CRASHES_FREE), BACKOFF_MAX_MS));
}
