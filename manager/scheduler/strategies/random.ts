import type { NodeInfo } from "../node-info.ts";
import type { Group, Picker, Strategy } from "./strategy.ts";

/** Every node that fits is equally likely, for each task anew. */
function open(nodes: readonly NodeInfo[], group: Group): Picker {
  const free = [...nodes];
  let at = -1;
  return {
    next: () => {
      if (free.length === 0) return undefined;
      at = group.random.int(free.length);
      return free[at];
    },
    placed: (fits) => {
      if (fits) return;
      const last = free.pop();
      if (last && at < free.length) free[at] = last;
    },
  };
}

/** Any node that fits is as good as any other. */
function rank(): readonly number[] {
  return [];
}

/** Any node that fits. */
export const random: Strategy = { open, rank };
