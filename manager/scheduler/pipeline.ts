import type { Task } from "../../proto/generated.ts";
import { FILTERS } from "./filters/index.ts";
import type { Check, Filter } from "./filters/filter.ts";
import type { NodeInfo } from "./node-info.ts";

interface Step {
  readonly filter: Filter;
  readonly check: Check;
}

/** Why tasks of a group find no node. */
export interface Explanation {
  /** `no suitable node (a on 2 nodes; b on 1 node)`, the most frequent first. */
  readonly text: string;
  /** Whether some node would do if it had more room. */
  readonly lacksRoom: boolean;
}

/** The filters that concern one group of tasks. */
export class Pipeline {
  readonly #steps: readonly Step[];
  readonly #ofRoom: readonly Check[];

  constructor(task: Task) {
    this.#steps = FILTERS.flatMap((filter) => {
      const check = filter.prepare(task);
      return check ? [{ filter, check }] : [];
    });
    this.#ofRoom = this.#steps.flatMap(({ filter, check }) =>
      filter.about === "room" ? [check] : [],
    );
  }

  /** Whether `node` may take one more task of the group. */
  fits(node: NodeInfo): boolean {
    for (const { check } of this.#steps) if (!check(node)) return false;
    return true;
  }

  /** Whether `node`, which fitted before it got more tasks, still fits. */
  hasRoom(node: NodeInfo): boolean {
    for (const check of this.#ofRoom) if (!check(node)) return false;
    return true;
  }

  /** The first filter that refuses `node`, or undefined when it fits. */
  refusalOf(node: NodeInfo): Filter | undefined {
    return this.#steps.find(({ check }) => !check(node))?.filter;
  }

  /** Who refuses `nodes`, in swarm mode's words. */
  explain(nodes: Iterable<NodeInfo>): Explanation {
    const refused = new Map<Filter, number>();
    for (const node of nodes) {
      const filter = this.refusalOf(node);
      if (filter) refused.set(filter, (refused.get(filter) ?? 0) + 1);
    }
    const parts = [...refused]
      .sort(([, a], [, b]) => b - a)
      .map(([filter, count]) => filter.explain(count));
    const lacksRoom = [...refused.keys()].some((filter) => filter.about === "room");
    const details = parts.length === 0 ? "" : ` (${parts.join("; ")})`;
    return { text: `no suitable node${details}`, lacksRoom };
  }
}
