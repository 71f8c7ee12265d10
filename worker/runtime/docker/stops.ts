import type { Clock } from "../../../lib/clock.ts";
import { Limit } from "../limit.ts";
import type { EngineEvents } from "./engine-events.ts";

/**
 * Containers stopped at a time for each CPU. What an engine does when a container has ended are a
 * few stages, each behind one lock: all containers at once go through them as one crowd, while only
 * one stage is at work, and all wait to look at their link before the first may be deleted. Fifty
 * took 3.6 s four at a time on two CPUs, and 3.4 s six; in another hour, side by side, 2.96 s eight,
 * 2.79 s ten, 2.83 s twelve and 2.94 s eighteen.
 */
const STOPS_PER_CPU = 5;
/**
 * A container that has not ended so long after its signal is using its grace, and the next ones need
 * not wait for it.
 */
const STOP_PATIENCE_MS = 300;
/**
 * Longest that the next ones wait for a busy engine: until it has sent the signal, and for what it
 * clears away after the container has ended.
 */
const ENGINE_PATIENCE_MS = 5_000;

export interface StopsModules {
  readonly clock: Clock;
  readonly events: Pick<EngineEvents, "subscribe">;
}

/** Has containers stopped a few at a time, without keeping any waiting for another's grace period. */
export class Stops {
  readonly #limit: Limit;
  readonly #modules: StopsModules;

  constructor(cpus: number, modules: StopsModules) {
    this.#limit = new Limit(STOPS_PER_CPU * cpus);
    this.#modules = modules;
  }

  /**
   * Runs `stop`, which stops the task's container, when there is room; its outcome is the outcome.
   * Rejects with the signal's reason when it aborts before.
   */
  async run(taskId: string, stop: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const { stopped } = await this.#limit.run(async () => {
      const underWay = stop();
      await this.#room(taskId, underWay);
      // Not awaited here: it may still be using its grace.
      return { stopped: underWay };
    }, signal);
    await stopped;
  }

  /** Resolves when the next one may be stopped. */
  #room(taskId: string, stopped: Promise<void>): Promise<void> {
    const { clock, events } = this.#modules;
    return new Promise((resolve) => {
      const leave = (): void => {
        cancel();
        unsubscribe();
        resolve();
      };
      let cancel = clock.after(ENGINE_PATIENCE_MS, leave);
      const unsubscribe = events.subscribe(taskId, (action) => {
        if (action !== "kill" && action !== "die") return;
        cancel();
        cancel = clock.after(action === "kill" ? STOP_PATIENCE_MS : ENGINE_PATIENCE_MS, leave);
      });
      stopped.then(leave, leave);
    });
  }
}
