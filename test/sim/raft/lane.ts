import type { Cancel, Clock } from "../../../lib/clock.ts";
import type { Scheduler } from "../scheduler.ts";

/** What a thread of a simulated process shares with the process. */
export interface Process {
  readonly name: string;
  readonly scheduler: Scheduler;
  /** False once the process has ended: nothing of it happens any more. */
  alive: boolean;
  /** Told after each of its events, when all that followed at once is done. */
  fail(error: unknown): void;
}

/**
 * One thread of a simulated process. What it is to do waits while the thread stands still, and
 * never happens once its process has ended.
 */
export class Lane {
  readonly #process: Process;
  readonly #kind: string;
  #stoppedUntil = 0;

  constructor(process: Process, kind: string) {
    this.#process = process;
    this.#kind = kind;
  }

  /** Global virtual time, µs. */
  get now(): number {
    return this.#process.scheduler.now;
  }

  get alive(): boolean {
    return this.#process.alive;
  }

  /** The thread does nothing before `until`, global µs; then everything that became due. */
  stop(until: number): void {
    this.#stoppedUntil = Math.max(this.#stoppedUntil, until);
  }

  /** Ends a stop. */
  resume(): void {
    this.#stoppedUntil = 0;
  }

  /** Runs `run` in this thread after `delay` µs. */
  after(delay: number, [what, detail]: readonly [string, unknown?], run: () => void): void {
    const { scheduler, name } = this.#process;
    const label = `${this.#kind}${what}`;
    scheduler.after(delay, [name, label, detail], () => this.#enter([label, detail], run));
  }

  #enter(label: readonly [string, unknown?], run: () => void): void {
    if (!this.#process.alive) return;
    const left = this.#stoppedUntil - this.now;
    if (left > 0)
      this.#process.scheduler.after(left, [this.#process.name, ...label], () =>
        this.#enter(label, run),
      );
    else run();
  }

  sleep(delay: number, what: string): Promise<void> {
    return new Promise((resolve) => this.after(delay, [what], resolve));
  }

  /** Reports the failure of work that nobody waits for. */
  guard(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#process.fail(error));
  }
}

/** A machine's clock: its own offset and rate, both of which faults may change. */
export class SimClock {
  readonly #scheduler: Scheduler;
  #rate = 1;
  #localMs: number;
  #sinceUs = 0;
  readonly #wallOffsetMs: number;

  /** @param wallMs what the wall clock shows at the start; as it likes, when it is 0 */
  constructor(scheduler: Scheduler, offsetMs: number, wallMs = 0) {
    this.#scheduler = scheduler;
    this.#localMs = offsetMs;
    this.#wallOffsetMs = wallMs === 0 ? 0 : wallMs - offsetMs;
  }

  /** Local milliseconds. */
  get now(): number {
    return this.#localMs + ((this.#scheduler.now - this.#sinceUs) / 1000) * this.#rate;
  }

  /** From now on one second is `rate` seconds long here. */
  setRate(rate: number): void {
    this.#localMs = this.now;
    this.#sinceUs = this.#scheduler.now;
    this.#rate = rate;
  }

  /** The clock as a thread of the machine uses it. */
  on(lane: Lane): Clock {
    return {
      now: () => Math.floor(this.now + this.#wallOffsetMs),
      monotonic: () => this.now,
      after: (ms, fire): Cancel => {
        let cancelled = false;
        lane.after((ms * 1000) / this.#rate, ["timer"], () => {
          if (!cancelled) fire();
        });
        return () => {
          cancelled = true;
        };
      },
      turn: () => lane.sleep(0, "turn"),
    };
  }
}
