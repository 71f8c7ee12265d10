import type { Task } from "../../proto/generated.ts";
import type { Shortage } from "./filters/filter.ts";
import { FILTERS } from "./filters/index.ts";
import type { NodeInfo } from "./node-info.ts";

/** A shortage and the filter that refuses the node for it. */
export interface Lack extends Shortage {
  readonly filter: string;
}

/** What every filter says of one node. */
export interface Verdict {
  readonly info: NodeInfo;
  /** Empty exactly when the task fits. */
  readonly lacks: readonly Lack[];
}

/**
 * Asks all filters whether `task` fits on a node, and not just the first one that refuses it. The
 * task itself does not count as one that is there.
 */
export function judge(task: Task, info: NodeInfo): Verdict {
  info.remove(task);
  const lacks = FILTERS.flatMap((filter) =>
    filter.shortages(task, info).map((shortage) => ({ ...shortage, filter: filter.name })),
  );
  return { info, lacks };
}

/**
 * What would have to be done to let the task fit on one of the nodes, where that is least;
 * undefined when it fits on one already, or there is none.
 */
export function smallestChange(verdicts: readonly Verdict[]): string | undefined {
  let least = Infinity;
  let change: string | undefined;
  for (const { lacks } of verdicts) {
    const cost = lacks.reduce((sum, lack) => sum + lack.cost, 0);
    if (cost >= least) continue;
    least = cost;
    change = lacks.map((lack) => lack.change).join(", and ");
  }
  return change || undefined;
}
