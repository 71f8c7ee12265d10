import {
  UpdateConfigFailureAction,
  UpdateConfigOrder,
  UpdateStatusState,
  type Service,
} from "../../proto/generated.ts";

/** How long an updated task is watched after it runs, unless the configuration says. */
export const MONITOR_PERIOD_MS = 5_000;

/** How long an updated task may take until it runs, unless the configuration says. */
export const PROGRESS_DEADLINE_MS = 600_000;

const NS_PER_MS = 1e6;

/** How the running update, or rollback, of a service proceeds. */
export interface UpdateOptions {
  /** Slots worked on at a time; Infinity = all. */
  readonly parallelism: number;
  readonly delayMs: number;
  readonly failureAction: UpdateConfigFailureAction;
  readonly monitorMs: number;
  /** 0…1 */
  readonly maxFailureRatio: number;
  readonly startFirst: boolean;
  /** How long a new task may take until it runs before it counts as failed. */
  readonly deadlineMs: number;
}

/** Whether the service's status says that it goes back to its previous specification. */
export function isRollback(service: Service): boolean {
  return service.updateStatus?.state === UpdateStatusState.ROLLBACK_STARTED;
}

/** The options in force: those of the rollback while one runs, with swarm mode's defaults. */
export function updateOptions(service: Service): UpdateOptions {
  const { update, rollback } = service.spec ?? { update: null, rollback: null };
  const config = isRollback(service) ? rollback : update;
  const parallelism = config ? config.parallelism : 1;
  return {
    parallelism: parallelism === 0 ? Infinity : parallelism,
    delayMs: (config?.delayNs ?? 0) / NS_PER_MS,
    failureAction: config?.failureAction ?? UpdateConfigFailureAction.PAUSE,
    monitorMs: config?.monitorNs ? config.monitorNs.value / NS_PER_MS : MONITOR_PERIOD_MS,
    maxFailureRatio: config?.maxFailureRatio ?? 0,
    startFirst: config?.order === UpdateConfigOrder.START_FIRST,
    deadlineMs: config?.progressDeadlineNs
      ? config.progressDeadlineNs.value / NS_PER_MS
      : PROGRESS_DEADLINE_MS,
  };
}
