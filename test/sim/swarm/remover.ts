import type { SeededRandom } from "../../../lib/random.ts";
import { ReadConsistency } from "../../../proto/generated.ts";
import { attempt, pause, type RequestModules } from "./request.ts";

/** Mean pause between two removals, µs. */
const PAUSE_US = 10_000_000;

/** Workers that stay: somewhere tasks must be able to go. */
const STAYING = ["w1", "w2"];

/** A person who takes out workers while they run tasks, without draining them. */
export class Remover {
  readonly #random: SeededRandom;
  readonly #modules: RequestModules;
  /** Removals that succeeded. */
  done = 0;
  stopped = false;

  constructor(random: SeededRandom, modules: RequestModules) {
    this.#random = random;
    this.#modules = modules;
  }

  async run(): Promise<void> {
    while (!this.stopped) {
      await pause(this.#modules, -Math.log(1 - this.#random.float()) * PAUSE_US);
      if (this.stopped) return;
      const removed = await attempt(this.#random, this.#modules, async (api, call) => {
        const all = { filter: null, page: null, consistency: ReadConsistency.LOCAL };
        const { nodes } = await api.listNodes(all, call);
        const workers = nodes.filter(({ id }) => id.startsWith("w") && !STAYING.includes(id));
        const node = workers[this.#random.int(Math.max(1, workers.length))];
        if (node) await api.removeNode({ ref: node.id, force: true }, call);
      });
      if (removed) this.done++;
    }
  }
}
