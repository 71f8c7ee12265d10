import { sleep, type Clock } from "../../../lib/clock.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log.ts";
import { findMarked, isAlive, type MarkedProcess } from "./proc.ts";
import { signalGroup, signalProcess } from "./signals.ts";

/** How often it is looked for processes that were born while others were killed … */
const ROUNDS_MAX = 100;
/** … and the pause before each new look, in which the killed ones go. */
const ROUND_PAUSE_MS = 10;

/**
 * Processes that left their task's group (daemons) or that nobody waits for any more, found by the marks
 * in their environment. One that has dropped its environment cannot be found.
 */
export class Leftovers {
  readonly #worker: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  #ended = new Set<string>();
  #sweep: Promise<void> | null = null;
  #next: Promise<void> | null = null;

  /** `worker` is the mark that tells this worker's processes from another's. */
  constructor(worker: string, { clock, log }: { readonly clock: Clock; readonly log: Logger }) {
    this.#worker = worker;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Ends what is left of a task that has ended; resolves when there is nothing, or the kernel keeps it.
   * Looks at every process of the machine, once for all tasks that end meanwhile.
   */
  end(taskId: string): Promise<void> {
    this.#ended.add(taskId);
    this.#next ??= this.#afterSweep();
    return this.#next;
  }

  /**
   * Ends every process marked as this worker's for which `isLeft`, and what is born of them meanwhile.
   * Throws `unavailable` when there are still some after about a second.
   */
  async endAll(isLeft: (found: MarkedProcess) => boolean): Promise<void> {
    const { signal } = new AbortController();
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const left = (await findMarked(this.#worker)).filter(isLeft);
      if (left.length === 0) return;
      for (const found of left) kill(found);
      await sleep(this.#clock, ROUND_PAUSE_MS, signal);
    }
    throw new SwarmError("unavailable", "processes that were killed are still there");
  }

  async #afterSweep(): Promise<void> {
    await this.#sweep;
    this.#sweep = this.#next;
    this.#next = null;
    const ended = this.#ended;
    this.#ended = new Set();
    try {
      await this.endAll(({ taskId }) => ended.has(taskId));
    } catch (error) {
      // The next start of swarmd looks for them again.
      this.#log.error({ taskIds: [...ended], err: error }, "processes of ended tasks are left");
    }
  }
}

/** Kills a process with its group, if both numbers still mean what was found. */
function kill({ pid, startTime, group, session }: MarkedProcess): void {
  if (!isAlive(pid, startTime)) return;
  // Tasks and all that serves them have sessions of their own: no group of theirs holds anyone else.
  if (session > 1 && group > 1) signalGroup(group, "SIGKILL");
  else signalProcess(pid, "SIGKILL");
}
