import type Docker from "dockerode";
import type { ContainerInspectInfo } from "dockerode";
import { abortable, onAbort } from "../../../lib/abort.ts";
import { Bell } from "../../../lib/bell.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import { engineCall } from "./engine-error.ts";
import type { EngineEvents } from "./engine-events.ts";

export interface ContainerViewModules {
  readonly docker: Docker;
  readonly events: EngineEvents;
}

/**
 * The container of one task as the engine shows it. While it is watched the engine is asked again
 * only after an event said that something happened, as each question costs the engine more than
 * the answer is worth to most callers.
 */
export class ContainerView {
  readonly #taskId: string;
  readonly #name: string;
  readonly #modules: ContainerViewModules;
  readonly #bells = new Set<Bell>();
  #seen: ContainerInspectInfo | null = null;
  #changes = 0;
  #changing: Promise<void> = Promise.resolve();
  #unsubscribe: (() => void) | null = null;

  constructor(taskId: string, name: string, modules: ContainerViewModules) {
    this.#taskId = taskId;
    this.#name = name;
    this.#modules = modules;
  }

  /** Follows the container's events until {@link unwatch}; may be called again. */
  watch(): void {
    this.#unsubscribe ??= this.#modules.events.subscribe(this.#taskId, (action) => {
      // A signal by itself changes nothing.
      if (action === "kill") return;
      for (const bell of this.#bells) bell.ring();
      // We start containers ourselves, and ask after that.
      if (action === "start") return;
      this.#changes++;
      this.#seen = null;
    });
  }

  /** Lets go of the events. Whoever waits goes on waiting. */
  unwatch(): void {
    if (this.#bells.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#seen = null;
  }

  /** The container, from memory if nothing happened to it since; null when there is none. */
  async look(signal: AbortSignal): Promise<ContainerInspectInfo | null> {
    const { events } = this.#modules;
    if (this.#seen && this.#unsubscribe && events.connected) return this.#seen;
    const changes = this.#changes;
    const found = await this.find(signal);
    if (changes === this.#changes) this.#seen = found;
    return found;
  }

  /** The container as it is now; null when there is none. */
  async find(signal: AbortSignal): Promise<ContainerInspectInfo | null> {
    try {
      return await this.inspect(signal);
    } catch (error) {
      if (isSwarmError(error, "not-found")) return null;
      throw error;
    }
  }

  /** The container as it is now; throws `not-found` when there is none. */
  inspect(signal: AbortSignal): Promise<ContainerInspectInfo> {
    return this.call((container) => container.inspect(), signal);
  }

  /** Asks the engine something of the container. */
  call<T>(call: (container: Docker.Container) => Promise<T>, signal: AbortSignal): Promise<T> {
    return engineCall(() => call(this.#modules.docker.getContainer(this.#name)), signal);
  }

  /**
   * Has the engine change the container: what was known of it counts no more. A change that its
   * caller gave up may still be under way; the next one waits for it, as the engine itself would
   * find a container that is just being started not running, and leave it alone.
   */
  async change<T>(
    call: (container: Docker.Container) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    await abortable(this.#changing, signal);
    const done = call(this.#modules.docker.getContainer(this.#name));
    const settled = (): void => {
      this.#changes++;
      this.#seen = null;
    };
    this.#changing = done.then(settled, settled);
    return engineCall(() => done, signal);
  }

  /** Asks now and at each event of the container, until `question` has an answer. */
  async until<T>(signal: AbortSignal, question: () => Promise<T | null>): Promise<T> {
    const bell = new Bell();
    this.#bells.add(bell);
    this.watch();
    const release = onAbort(signal, () => bell.ring());
    try {
      for (;;) {
        const answer = await question();
        if (answer !== null) return answer;
        await bell.wait();
        signal.throwIfAborted();
      }
    } finally {
      release();
      this.#bells.delete(bell);
    }
  }
}
