import type { SwarmPlan } from "../swarm/plan.ts";
import { simulate } from "../raft/simulation.ts";
import { reportOf, summaryOf } from "./report.ts";
import { profileOf } from "./single.ts";
import { runSwarmTask } from "./swarm.ts";

/** A seed to run, and whether to run it twice and compare. */
export interface Task {
  readonly seed: string;
  /** Of Raft's simulator; of the whole manager's: {@link SWARM}. */
  readonly profile: string;
  readonly twice: boolean;
  /** Of the whole manager's simulator: what is not drawn from the seed. */
  readonly plan?: Partial<SwarmPlan>;
}

/** What came of a {@link Task}. */
export interface TaskResult {
  readonly task: Task;
  /** Broken promise; null when all were kept. */
  readonly invariant: string | null;
  readonly summary: string;
  /** The report of a failure; empty otherwise. */
  readonly report: string;
  readonly events: number;
  readonly operations: number;
  readonly undecided: number;
}

/** In the place of a profile: the simulator of the whole manager. */
export const SWARM = "manager";

/** Runs a task in this process. */
export async function runTask(task: Task): Promise<TaskResult> {
  if (task.profile === SWARM) return runSwarmTask(task);
  const options = { seed: task.seed, profile: profileOf(task.profile) };
  const result = await simulate(options);
  const { violation, events, operations, undecided, hash } = result;
  const again = task.twice ? await simulate(options) : result;
  const same = again.hash === hash;
  return {
    task,
    invariant: violation?.invariant ?? (same ? null : "determinism"),
    summary: same ? summaryOf(result) : `${summaryOf(result)}, then ${again.hash}`,
    report: violation ? reportOf(result) : "",
    events,
    operations,
    undecided,
  };
}

/** Serves tasks to the parent process until it disconnects. */
export function serveTasks(): void {
  process.on("message", (task: Task) => {
    runTask(task).then(
      (result) => process.send?.(result),
      (error: unknown) => {
        throw error;
      },
    );
  });
}
