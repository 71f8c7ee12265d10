import type { Clock } from "../../lib/clock.ts";
import { SwarmError } from "../../lib/errors.ts";
import type { ReachInput, ReachOutput } from "../../proto/generated.ts";
import type { TaskRunner } from "../agent/task-runner.ts";
import type { TaskReach } from "../runtime/reach.ts";

/** What a node does about one ask. */
export interface Answer {
  /** What it has to say; ends when all is said, throws when the ask fails. Read once. */
  outputs(): AsyncIterable<ReachOutput>;
  /** Takes what the asker sends; resolves when there is room for more. */
  take(input: ReachInput): Promise<void>;
  /** Lets go of everything; what was started for the ask is ended. */
  close(): Promise<void>;
}

/** The tasks of this node. */
export interface ReachTasks {
  get(taskId: string): TaskRunner | undefined;
}

export interface AnswerModules {
  readonly tasks: ReachTasks;
  readonly clock: Clock;
}

/** The ways into a task of this node. Throws `not-found` for one that is not here. */
export function reachOf(tasks: ReachTasks, taskId: string): TaskReach {
  const runner = tasks.get(taskId);
  if (runner) return runner.controller().reach();
  throw new SwarmError("not-found", `task ${taskId} is not on this node`);
}
