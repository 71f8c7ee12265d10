import { endedTasks } from "./ended.ts";
import type { ProgressLine, Snapshot } from "./snapshot.ts";
import { tally } from "./tally.ts";

/** How long a converged service is watched when its spec does not say (docker's default). */
const MONITOR_DEFAULT_MS = 5000;
const MS_PER_NS = 1e-6;
const MS_PER_SECOND = 1000;

/** More lines than this are not shown one by one, as docker does. */
const LINES_MAX = 20;

/** What is remembered from one round to the next. */
export interface ProgressState {
  /** Since when every task runs; undefined while one does not. Milliseconds, monotonic. */
  readonly convergedSince: number | undefined;
  readonly isRollingBack: boolean;
  /** What the rollback said when it ended. */
  readonly rollbackNote: string | undefined;
  /** It is what was asked for, and no sign of an update that failed. */
  readonly isRollbackWanted: boolean;
}

/** What to show after a round. */
export interface ProgressView {
  readonly overall: string;
  readonly lines: readonly ProgressLine[];
  /** Rollback's story, when there is one. */
  readonly note: string | undefined;
  readonly verify: string | undefined;
}

/** How the watch goes on. */
export type Outcome =
  | { readonly kind: "waiting" }
  | { readonly kind: "converged" }
  | { readonly kind: "failed"; readonly message: string };

export interface ProgressStep {
  readonly state: ProgressState;
  readonly view: ProgressView;
  readonly outcome: Outcome;
}

export const PROGRESS_START: ProgressState = {
  convergedSince: undefined,
  isRollingBack: false,
  rollbackNote: undefined,
  isRollbackWanted: false,
};

const WAITING: Outcome = { kind: "waiting" };
const CONVERGED: Outcome = { kind: "converged" };

/**
 * Decides one round: has the service what its spec asks for, and for long enough? `now` is
 * monotonic milliseconds. Ends converged after the monitor period (a job: when complete; tasks that
 * are to run once: when they have), or failed: the update or its rollback paused, the update was
 * rolled back, or tasks failed that are not started again.
 */
export function stepProgress(before: ProgressState, snapshot: Snapshot, now: number): ProgressStep {
  const { state, outcome } = afterUpdateStatus(before, snapshot);
  const counted = tally(snapshot);
  const isJob = isJobMode(snapshot);
  const since = counted.isConverged ? (state.convergedSince ?? now) : undefined;
  const next: ProgressState = { ...state, convergedSince: since };
  const left = since === undefined ? 0 : since + monitorMs(snapshot) - now;
  const isStable = since !== undefined && (isJob || left <= 0);
  const stable = isStable ? stableOutcome(next) : endedOutcome(snapshot);
  const final = outcome.kind === "waiting" ? stable : outcome;
  return {
    state: next,
    outcome: final,
    view: {
      overall: overallText(counted.done, counted.total, isJob, next.isRollingBack),
      lines: counted.lines.length > LINES_MAX ? [] : counted.lines,
      note: next.rollbackNote,
      verify: isJob ? jobText(final) : verifyText(before, next, left, endOf(final, snapshot)),
    },
  };
}

function afterUpdateStatus(
  state: ProgressState,
  { service }: Snapshot,
): { readonly state: ProgressState; readonly outcome: Outcome } {
  const status = service.UpdateStatus;
  const message = status?.Message ?? "";
  const isWaitingForTasks = state.convergedSince === undefined;
  const fail = (what: string): Outcome => ({ kind: "failed", message: `${what}: ${message}` });
  switch (status?.State) {
    case "updating":
      return { state: { ...state, isRollingBack: false }, outcome: WAITING };
    case "completed":
      return { state, outcome: isWaitingForTasks ? CONVERGED : WAITING };
    case "paused":
      return { state, outcome: fail("service update paused") };
    case "rollback_started":
      return {
        state: { ...state, isRollingBack: true, rollbackNote: message || state.rollbackNote },
        outcome: WAITING,
      };
    case "rollback_paused":
      return { state, outcome: fail("service rollback paused") };
    case "rollback_completed":
      return {
        state: {
          ...state,
          isRollingBack: true,
          rollbackNote: isWaitingForTasks && message !== "" ? message : state.rollbackNote,
        },
        outcome: WAITING,
      };
    default:
      return { state, outcome: WAITING };
  }
}

/** Every task runs: as it was asked for, or as before because that did not work. */
function stableOutcome(state: ProgressState): Outcome {
  if (!state.isRollingBack || state.isRollbackWanted) return CONVERGED;
  const why = state.rollbackNote === undefined ? "" : `: ${state.rollbackNote}`;
  return { kind: "failed", message: `the service is as it was before${why}` };
}

function endedOutcome(snapshot: Snapshot): Outcome {
  const ended = endedTasks(snapshot);
  if (!ended) return WAITING;
  const { failed, total, reason } = ended;
  if (failed === 0) return CONVERGED;
  const why = reason === "" ? "" : `: ${reason}`;
  const message = `${failed} of ${total} tasks failed and are not started again${why}`;
  return { kind: "failed", message };
}

function isJobMode({ service: { Spec } }: Snapshot): boolean {
  return Boolean(Spec.Mode?.ReplicatedJob ?? Spec.Mode?.GlobalJob);
}

function monitorMs({ service: { Spec } }: Snapshot): number {
  const monitor = Spec.UpdateConfig?.Monitor ?? 0;
  return monitor > 0 ? monitor * MS_PER_NS : MONITOR_DEFAULT_MS;
}

function overallText(done: number, total: number, isJob: boolean, isRollingBack: boolean): string {
  if (isJob) return `job progress: ${done} out of ${total} complete`;
  const what = isRollingBack ? "rolling back update: " : "";
  return `overall progress: ${what}${done} out of ${total} tasks`;
}

function jobText(outcome: Outcome): string | undefined {
  return outcome.kind === "converged" ? "job complete" : undefined;
}

/** The service's name when it has converged. */
function endOf(outcome: Outcome, { service }: Snapshot): string | undefined {
  return outcome.kind === "converged" ? (service.Spec.Name ?? service.ID) : undefined;
}

/** `leftMs`: how long the service must still stay converged. */
function verifyText(
  before: ProgressState,
  now: ProgressState,
  leftMs: number,
  converged: string | undefined,
): string | undefined {
  if (converged !== undefined) return `verify: Service ${converged} converged`;
  if (now.convergedSince === undefined)
    return before.convergedSince === undefined ? undefined : "verify: Detected task failure";
  const seconds = Math.max(Math.ceil(leftMs / MS_PER_SECOND), 1);
  return `verify: Waiting ${seconds} seconds to verify that tasks are stable...`;
}
