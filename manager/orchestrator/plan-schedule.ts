import { make } from "../../proto/codec.ts";
import {
  ScheduleConcurrency,
  type Schedule,
  type Service,
  type Task,
} from "../../proto/generated.ts";
import { runNumber } from "./job-runs.ts";
import { mayRestart } from "./restart-policy.ts";
import { groupTasks, newestTask, type SlotRule } from "./slot.ts";
import { endedByItself, hasEnded, indexOf, isWanted } from "./task-state.ts";

/** How late a run may start at least: a change of leader must not cost one. */
export const START_TOLERANCE_MS = 60_000;

/** Runs of one job that go on side by side; then the next one waits for an end, or is missed. */
export const CONCURRENT_RUNS_MAX = 10;

/** The first time after `afterMs` at which `schedule` runs; Infinity = never. */
export type NextRunAt = (schedule: Schedule, afterMs: number) => number;

/** What becomes of a scheduled job now. */
export interface SchedulePlan {
  /** The service with its next run begun; undefined = no run begins now. */
  readonly begun: Service | undefined;
  /** When to plan again without an event; Infinity = not. */
  readonly wakeAt: number;
}

/**
 * Decides whether a run of `service`, a job with a schedule, begins now. Of runs that were missed,
 * none is made up for but the latest, and that only within the starting deadline. A run that may
 * not be beside another one waits for its end, within the same deadline.
 */
export function planSchedule(
  service: Service,
  { tasks, rule, now }: { tasks: Iterable<Task>; rule: SlotRule; now: number },
  nextRunAt: NextRunAt,
): SchedulePlan {
  const schedule = service.spec?.schedule;
  if (!schedule) return { begun: undefined, wakeAt: Infinity };
  const last = service.jobStatus?.lastExecutionMs || (service.meta?.createdAtMs ?? now);
  const graceMs = Math.max(schedule.startingDeadlineNs / 1e6, START_TOLERANCE_MS);
  const due = nextRunAt(schedule, Math.max(last, now - graceMs));
  if (due > now) return { begun: undefined, wakeAt: due };
  const wakeAt = nextRunAt(schedule, now);
  if (!mayBegin(service, schedule, tasks, rule)) return { begun: undefined, wakeAt };
  const index = (service.jobStatus?.jobIteration?.index ?? 0) + 1;
  const jobStatus = make("JobStatus", { jobIteration: { index }, lastExecutionMs: now });
  return { begun: { ...service, jobStatus }, wakeAt };
}

function mayBegin(
  service: Service,
  { concurrency }: Schedule,
  tasks: Iterable<Task>,
  rule: SlotRule,
): boolean {
  switch (concurrency) {
    case ScheduleConcurrency.REPLACE:
      return true;
    case ScheduleConcurrency.FORBID:
      return isRunOver(service, tasks, rule);
    case ScheduleConcurrency.ALLOW: {
      const active = [...tasks].filter((task) => isWanted(task) && !hasEnded(task));
      return new Set(active.map((task) => indexOf(task.jobIteration))).size < CONCURRENT_RUNS_MAX;
    }
  }
}

/** Whether nothing of the latest run is left to do. */
function isRunOver(service: Service, tasks: Iterable<Task>, rule: SlotRule): boolean {
  if ((service.jobStatus?.lastExecutionMs ?? 0) === 0) return true;
  const run = runNumber(service);
  const current = [...tasks].filter((task) => indexOf(task.jobIteration) === run);
  const slots = [...groupTasks(current, rule).values()];
  const over = slots.filter((slot) => {
    const last = newestTask(slot);
    return last && endedByItself(last) && !mayRestart(last, slot, service);
  });
  const { spec } = service;
  const total = spec?.mode === "replicatedJob" ? spec.replicatedJob.totalCompletions : slots.length;
  return over.length >= total;
}
