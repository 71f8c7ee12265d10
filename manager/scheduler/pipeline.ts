import type { Task } from "../../proto/generated.ts";
import { FILTERS } from "./filters/index.ts";
import type { Check, Filter } from "./filters/filter.ts";
import type { NodeInfo } from "./node-info.ts";

/** The filters that concern one group of tasks, and a count of what each refused. */
export class Pipeline {
  readonly #steps: readonly { readonly filter: Filter; readonly check: Check }[];
  readonly #refused = new Map<Filter, number>();

  constructor(task: Task) {
    this.#steps = FILTERS.flatMap((filter) => {
      const check = filter.prepare(task);
      return check ? [{ filter, check }] : [];
    });
  }

  /** Whether `node` may take one more task of the group. */
  fits(node: NodeInfo): boolean {
    for (const { check } of this.#steps) if (!check(node)) return false;
    return true;
  }

  /** The first filter that refuses `node`, or undefined when it fits. */
  refusalOf(node: NodeInfo): Filter | undefined {
    return this.#steps.find(({ check }) => !check(node))?.filter;
  }

  /** Counts who refuses each of `nodes`, for {@link explain}. */
  count(nodes: Iterable<NodeInfo>): void {
    this.#refused.clear();
    for (const node of nodes) {
      const filter = this.refusalOf(node);
      if (filter) this.#refused.set(filter, (this.#refused.get(filter) ?? 0) + 1);
    }
  }

  /** `no suitable node (a on 2 nodes; b on 1 node)`, the most frequent first. */
  explain(): string {
    const parts = [...this.#refused]
      .sort(([, a], [, b]) => b - a)
      .map(([filter, count]) => filter.explain(count));
    return parts.length === 0 ? "no suitable node" : `no suitable node (${parts.join("; ")})`;
  }
}
