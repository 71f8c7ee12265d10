import type { NodeInfo } from "../node-info.ts";
import type { Group, Picker } from "./strategy.ts";

/** Every node that fits is equally likely, for each task anew. */
export function random(nodes: readonly NodeInfo[], group: Group): Picker {
  const open = [...nodes];
  let at = -1;
  return {
    next: () => {
      if (open.length === 0) return undefined;
      at = group.random.int(open.length);
      return open[at];
    },
    placed: (fits) => {
      if (fits) return;
      const last = open.pop();
      if (last && at < open.length) open[at] = last;
    },
  };
}

/** Any node that fits is as good as any other. */
export function randomRank(): readonly number[] {
  return [];
}
