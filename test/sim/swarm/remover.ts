import type { SeededRandom } from "../../../lib/random.ts";
import { ReadConsistency } from "../../../proto/generated.ts";
import { Person } from "./person.ts";
import type { Deed, RequestModules } from "./request.ts";

/** Mean pause between two removals, µs. */
const PAUSE_US = 10_000_000;

/** Workers that stay: somewhere tasks must be able to go. */
const STAYING = ["w1", "w2"];

/** A person who takes out workers while they run tasks, without draining them. */
export class Remover extends Person {
  constructor(random: SeededRandom, modules: RequestModules) {
    super(PAUSE_US, random, modules);
  }

  protected draw(): Deed {
    return async (api, call) => {
      const all = { filter: null, page: null, consistency: ReadConsistency.LOCAL };
      const { nodes } = await api.listNodes(all, call);
      const workers = nodes.filter(({ id }) => id.startsWith("w") && !STAYING.includes(id));
      const node = workers[this.random.int(Math.max(1, workers.length))];
      if (node) await api.removeNode({ ref: node.id, force: true }, call);
    };
  }
}
