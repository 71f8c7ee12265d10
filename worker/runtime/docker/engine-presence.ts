import type Docker from "dockerode";
import { linked } from "../../../lib/abort.ts";
import { sleep, type Clock } from "../../../lib/clock.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log.ts";
import { engineCall } from "./engine-error.ts";

const PING_PERIOD_MS = 5_000;
/** A machine that is short of CPU is no dead engine. */
const PING_TIMEOUT_MS = 5_000;
/** An engine that is silent for so long gets no new tasks; a restart takes less. */
const AWAY_MS = 10_000;
/**
 * After this, tasks that still wait for the engine are given up, so that others take their place.
 * By then the managers have heard that the engine is away, and put them elsewhere.
 */
const LOST_MS = 40_000;

export interface EnginePresenceModules {
  readonly docker: Pick<Docker, "ping">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Knows whether the engine answers: a dead one refuses, a frozen one says nothing at all. */
export class EnginePresence {
  readonly #modules: EnginePresenceModules;
  readonly #waiting = new Set<() => void>();
  /** When the first answer failed to come; null while the engine answers. */
  #silentSince: number | null = null;

  constructor(modules: EnginePresenceModules) {
    this.#modules = modules;
  }

  /** Whether the engine has been silent for longer than a restart takes. */
  get isAway(): boolean {
    return this.#silentMs >= AWAY_MS;
  }

  /**
   * Carries out `work`. Rejects with `failed-precondition` when the engine is lost, or gets lost
   * meanwhile; `work` is broken off then by its signal.
   */
  async unlessLost<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#silentMs >= LOST_MS) throw lost();
    using link = linked(signal);
    const giveUp = (): void => link.abort(lost());
    this.#waiting.add(giveUp);
    try {
      return await work(link.signal);
    } finally {
      this.#waiting.delete(giveUp);
    }
  }

  /** Asks the engine again and again until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#modules;
    while (!signal.aborted) {
      const wasAway = this.isAway;
      // From the failure on, not from the question: it may be this process that was frozen.
      if (await this.#answers(signal)) this.#silentSince = null;
      else this.#silentSince ??= clock.monotonic();
      if (this.isAway && !wasAway) log.warn("the docker engine is away: it gets no new tasks");
      if (wasAway && !this.isAway) log.info("the docker engine is back");
      if (this.#silentMs >= LOST_MS) for (const giveUp of this.#waiting) giveUp();
      await sleep(clock, PING_PERIOD_MS, signal);
    }
  }

  get #silentMs(): number {
    if (this.#silentSince === null) return 0;
    return this.#modules.clock.monotonic() - this.#silentSince;
  }

  async #answers(signal: AbortSignal): Promise<boolean> {
    const { docker, clock } = this.#modules;
    using link = linked(signal);
    const cancel = clock.after(PING_TIMEOUT_MS, () => link.abort());
    try {
      await engineCall(() => docker.ping(), link.signal);
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      return false;
    } finally {
      cancel();
    }
  }
}

function lost(): SwarmError {
  const text = `the Docker Engine of the node has not answered for ${LOST_MS / 1_000} s`;
  return new SwarmError("failed-precondition", text);
}
