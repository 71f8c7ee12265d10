import { PlacementStrategy, type Task } from "../../../proto/generated.ts";
import { scorer } from "../affinities.ts";
import type { NodeInfo } from "../node-info.ts";
import type { NodeSet } from "../node-set.ts";
import { labelReader } from "../preferences.ts";
import { strategyOf } from "../strategies/index.ts";

/** A node with its place in the preference tree and its rank within. */
export interface Rated {
  readonly info: NodeInfo;
  /** One key for each preference: the branch the node is on. Nodes of one leaf share the last. */
  readonly branches: readonly string[];
  /** The smaller, the better, the first number counts most. */
  readonly rank: readonly number[];
}

/** How much better one node suits than another: negative = better, the first number counts most. */
export type Difference = readonly number[];

/**
 * How well nodes suit a service's tasks, by the picture as it is when this is made: by placement
 * preferences first, then by affinities, then by the strategy.
 */
export class Suitability {
  readonly #rankOf: (info: NodeInfo) => readonly number[];
  readonly #readers: readonly ((info: NodeInfo) => string)[];
  readonly #tasks = new Map<string, number>();

  constructor(sample: Task, nodes: NodeSet, defaultStrategy: PlacementStrategy) {
    const { preferences = [], affinities = [], strategy } = sample.spec?.placement ?? {};
    const { rank } = strategyOf(strategy ?? PlacementStrategy.DEFAULT, defaultStrategy);
    const { serviceId } = sample;
    const scoreOf = affinities.length > 0 ? scorer(affinities) : undefined;
    this.#rankOf = (info) =>
      scoreOf ? [-scoreOf(info), ...rank(info, serviceId)] : rank(info, serviceId);
    this.#readers = preferences.map(({ spreadDescriptor }) => {
      const read = labelReader(spreadDescriptor);
      return (info) => read(info.node);
    });
    if (this.#readers.length > 0) this.#countBranches(serviceId, nodes);
  }

  /** `info` as it is. */
  rate(info: NodeInfo): Rated {
    return { info, branches: this.#branchesOf(info), rank: this.#rankOf(info) };
  }

  /** `info` as it would be without `task`, which is there. */
  rateWithout(info: NodeInfo, task: Task): Rated {
    info.remove(task);
    const rated = this.rate(info);
    info.add(task);
    return rated;
  }

  /** Compares `from`, rated without a task of the service that is there, with `to`. */
  compare(from: Rated, to: Rated): Difference {
    const byBranch = from.branches.map((here, level) => {
      const there = to.branches[level] ?? "";
      if (here === there) return 0;
      return (this.#tasks.get(there) ?? 0) - ((this.#tasks.get(here) ?? 0) - 1);
    });
    return [...byBranch, ...to.rank.map((value, at) => value - (from.rank[at] ?? 0))];
  }

  #branchesOf(info: NodeInfo): readonly string[] {
    let path = "";
    return this.#readers.map((read) => (path += `${JSON.stringify(read(info))}/`));
  }

  #countBranches(serviceId: string, nodes: NodeSet): void {
    for (const info of nodes.all())
      for (const branch of this.#branchesOf(info))
        this.#tasks.set(branch, (this.#tasks.get(branch) ?? 0) + info.countOf(serviceId));
  }
}

/** Whether the first difference that is one speaks for the other node. */
export function isBetter(difference: Difference): boolean {
  return (difference.find((value) => value !== 0) ?? 0) < 0;
}

/** Orders differences, or ranks: the one that is smaller first. */
export function compareInOrder(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) {
    const difference = value - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
