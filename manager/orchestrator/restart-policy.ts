import { formatDuration } from "../../lib/units.ts";
import { make } from "../../proto/codec.ts";
import {
  RestartPolicyCondition,
  TaskState,
  type RestartPolicy,
  type Service,
  type Task,
  type TaskOrigin,
} from "../../proto/generated.ts";
import type { Slot } from "./slot.ts";
import { createdAt, endedByItself, indexOf, stateOf, stateSince } from "./task-state.ts";

/** Delay before a failed task's replacement starts, unless the policy names one. */
export const RESTART_DELAY_MS = 5_000;

/** A task that ends within this time of its start counts as crashed. */
export const CRASH_LIFETIME_MS = 10_000;

/** Crashes in a row that are restarted after the plain delay; from then on it doubles each time. */
export const CRASHES_WITHOUT_BACKOFF = 3;

/** What the back-off grows from when the policy's own delay is shorter. */
const BACKOFF_BASE_MS = 1_000;

/** The longest the back-off makes a task wait, unless the policy's own delay is longer. */
export const BACKOFF_DELAY_MAX_MS = 300_000;

const NS_PER_MS = 1e6;

interface Policy {
  readonly condition: RestartPolicyCondition;
  readonly delayMs: number;
  /** 0 = unlimited. */
  readonly maxAttempts: number;
  /** Time in which attempts are counted; 0 = since the spec version was new. */
  readonly windowMs: number;
}

/** A policy with its defaults: ANY, 5 s, unlimited; one that is given gets its delay only. */
function resolvePolicy(policy: RestartPolicy | null): Policy {
  return {
    condition: policy?.condition ?? RestartPolicyCondition.ANY,
    delayMs: policy?.delayNs ? policy.delayNs.value / NS_PER_MS : RESTART_DELAY_MS,
    maxAttempts: policy?.maxAttempts ?? 0,
    windowMs: (policy?.windowNs?.value ?? 0) / NS_PER_MS,
  };
}

/** Whether the service's tasks run to completion. */
export function isJob(service: Service): boolean {
  return service.spec?.mode === "replicatedJob" || service.spec?.mode === "globalJob";
}

/**
 * Whether the policy of `service` lets a task follow `task` in `slot`. Only restarts after
 * failures under the service's present spec version count as attempts; a lost or drained node
 * uses none up.
 */
export function mayRestart(task: Task, slot: Slot, service: Service): boolean {
  const policy = resolvePolicy(service.spec?.task?.restart ?? null);
  if (policy.condition === RestartPolicyCondition.NONE) return false;
  const onlyFailures = isJob(service) || policy.condition === RestartPolicyCondition.ON_FAILURE;
  if (onlyFailures && stateOf(task) === TaskState.COMPLETE) return false;
  if (policy.maxAttempts === 0 || !endedByItself(task)) return true;
  return attemptsUsed(task, slot, service, policy.windowMs) < policy.maxAttempts;
}

function attemptsUsed(task: Task, slot: Slot, service: Service, windowMs: number): number {
  const version = indexOf(service.specVersion);
  if (indexOf(task.specVersion) !== version) return 0;
  if (windowMs === 0) return task.origin?.restarts ?? 0;
  const end = stateSince(task);
  let used = 0;
  for (const other of [...slot.past, ...slot.wanted]) {
    const sameWork =
      indexOf(other.specVersion) === version &&
      indexOf(other.jobIteration) === indexOf(task.jobIteration);
    const made = createdAt(other, end);
    const inWindow = made > end - windowMs && made <= end;
    if (sameWork && inWindow && (other.origin?.restarts ?? 0) > 0) used++;
  }
  return used;
}

/**
 * Origin of the task that follows `task`, which failed: when it may start, after the policy's
 * delay and, for crash loops, an exponential back-off.
 */
export function originAfterFailure(task: Task, service: Service, now: number): TaskOrigin {
  const { delayMs } = resolvePolicy(service.spec?.task?.restart ?? null);
  const sameVersion = indexOf(task.specVersion) === indexOf(service.specVersion);
  const restarts = (sameVersion ? (task.origin?.restarts ?? 0) : 0) + 1;
  const before = sameVersion ? (task.origin?.quickFailures ?? 0) : 0;
  const start = Math.max(createdAt(task, now), task.origin?.notBeforeMs ?? 0);
  const quickFailures = stateSince(task) - start < CRASH_LIFETIME_MS ? before + 1 : 0;
  const waitMs = backoff(delayMs, quickFailures);
  const notBeforeMs = now + waitMs;
  const reason = describe(restarts, quickFailures, waitMs, waitMs > delayMs);
  return make("TaskOrigin", { notBeforeMs, restarts, quickFailures, reason });
}

/** Origin of the task that takes over from `task`, whose node cannot keep it. */
export function originAfterMove(task: Task, service: Service, reason: string): TaskOrigin {
  const sameVersion = indexOf(task.specVersion) === indexOf(service.specVersion);
  return make("TaskOrigin", {
    restarts: sameVersion ? (task.origin?.restarts ?? 0) : 0,
    quickFailures: sameVersion ? (task.origin?.quickFailures ?? 0) : 0,
    reason,
  });
}

function backoff(delayMs: number, crashes: number): number {
  if (crashes <= CRASHES_WITHOUT_BACKOFF) return delayMs;
  const base = Math.max(delayMs, BACKOFF_BASE_MS);
  const grown = base * 2 ** Math.min(crashes - CRASHES_WITHOUT_BACKOFF, 30);
  return Math.max(base, Math.min(grown, BACKOFF_DELAY_MAX_MS));
}

function describe(restarts: number, crashes: number, waitMs: number, backedOff: boolean): string {
  const text = `restart ${restarts} after ${formatDuration(waitMs * NS_PER_MS)}`;
  return backedOff ? `${text}: back-off, ${crashes} quick failures in a row` : text;
}
