import type { Clock } from "../../../lib/clock.ts";
import { Limit } from "../limit.ts";
import type { EngineEvents } from "./engine-events.ts";

/**
 * Containers stopped at a time for each CPU. What an engine does when a container has ended are a
 * few stages, each behind one lock: all containers at once go through them as one crowd, while only
 * one stage is at work. Fifty took 4.9 s all at a time on two CPUs and 4.4 s twelve at a time. Some
 * of a few get into each other's way too, where the engine waits 50 ms for its network database.
 */
const STOPS_PER_CPU = 6;
/** A container that has not ended by then is using its grace, and the next ones need not wait for it. */
const STOP_PATIENCE_MS = 300;
/** Longest that the next ones wait for what an engine clears away after a container has ended. */
const CLEARING_MAX_MS = 5_000;

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
      let cancel = clock.after(STOP_PATIENCE_MS, leave);
      const unsubscribe = events.subscribe(taskId, (action) => {
        if (action !== "die") return;
        cancel();
        cancel = clock.after(CLEARING_MAX_MS, leave);
      });
      stopped.then(leave, leave);
    });
  }
}
