import type { SeededRandom } from "../../../lib/random.ts";
import { attempt, pause, type Deed, type RequestModules } from "./request.ts";

/** Somebody who asks one thing after the other of any manager, with pauses for thought. */
export abstract class Person<M extends RequestModules = RequestModules> {
  protected readonly random: SeededRandom;
  protected readonly modules: M;
  readonly #pauseUs: number;
  /** Requests that succeeded. */
  done = 0;
  stopped = false;

  /** @param pauseUs mean pause between two deeds, µs */
  constructor(pauseUs: number, random: SeededRandom, modules: M) {
    this.#pauseUs = pauseUs;
    this.random = random;
    this.modules = modules;
  }

  /** Goes on until {@link stopped}. */
  async run(): Promise<void> {
    while (!this.stopped) {
      await pause(this.modules, -Math.log(1 - this.random.float()) * this.#pauseUs);
      if (this.stopped) return;
      if (await this.attempt(this.draw())) this.done++;
    }
  }

  /** What to ask for next. */
  protected abstract draw(): Deed;

  /** Asks any manager. Whether it succeeded. */
  protected attempt(deed: Deed): Promise<boolean> {
    return attempt(this.random, this.modules, deed);
  }
}
