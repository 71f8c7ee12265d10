import { drained, Scheduler, type SimEvent } from "./scheduler.ts";
import { Trace } from "./trace.ts";
import { Violation } from "./violation.ts";

/** How a run is bounded. */
export interface RunLimits {
  /** Stop after this event. */
  readonly untilEvent: number | undefined;
  /** More events than this are a failure of their own. */
  readonly eventsMax: number;
}

/** The loop of a simulation: one event after the other, until it is over or a promise is broken. */
export class Run {
  readonly scheduler = new Scheduler();
  readonly trace = new Trace();
  violation: Violation | null = null;
  over = false;

  /** Ends the run with `error`, unless another came first. */
  fail(error: unknown): void {
    if (this.violation) return;
    if (error instanceof Violation) this.violation = error;
    else {
      const cause = error instanceof Error ? error : new Error(String(error));
      this.violation = new Violation("crash", cause.message);
      this.violation.stack = cause.stack ?? "";
    }
  }

  /** Runs events; `observe` looks at the state after each and gives numbers for the trace. */
  async loop(limits: RunLimits, observe: (event: SimEvent) => readonly number[]): Promise<void> {
    const onRejection = (error: unknown): void => this.fail(error);
    const onWarning = (warning: Error): void => {
      if (warning.name === "MaxListenersExceededWarning")
        this.fail(new Violation("listener-leak", warning.message));
    };
    process.on("unhandledRejection", onRejection);
    process.on("warning", onWarning);
    try {
      while (
        !this.over &&
        !this.violation &&
        this.scheduler.count < (limits.untilEvent ?? Infinity)
      )
        await this.#step(limits, observe);
    } catch (error) {
      this.fail(error);
    } finally {
      process.off("unhandledRejection", onRejection);
      process.off("warning", onWarning);
    }
  }

  async #step(limits: RunLimits, observe: (event: SimEvent) => readonly number[]): Promise<void> {
    const event = this.scheduler.next();
    if (this.scheduler.count > limits.eventsMax)
      throw new Violation("flood", "it never comes to rest");
    if (!event) throw new Violation("liveness", "nothing is left to happen");
    try {
      event.run();
      await drained();
      this.trace.add(event, observe(event));
    } catch (error) {
      this.trace.add(event, []);
      this.fail(error);
    }
  }
}
