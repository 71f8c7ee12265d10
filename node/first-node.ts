import type { Clock } from "../lib/clock.ts";
import { messageOf, SwarmError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { retry } from "../lib/retry.ts";
import type { Store } from "../manager/store/store.ts";
import { NodeState } from "../proto/generated.ts";

/** Looks at whether the new cluster's first node is up: about five seconds in all. */
const READY_CHECK = {
  backoff: { firstMs: 20, maxMs: 100, factor: 2 },
  attemptsMax: 100,
  when: (): boolean => true,
} as const;

export interface FirstNodeModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Waits a moment until the first node counts as ready; it works all the same if it does not. */
export async function waitForFirstNode(
  nodeId: string,
  store: () => Store | undefined,
  modules: FirstNodeModules,
  signal: AbortSignal,
): Promise<void> {
  const check = (): Promise<void> => {
    const node = store()?.view.node.get(nodeId);
    if (node?.status?.state === NodeState.READY) return Promise.resolve();
    return Promise.reject(new SwarmError("unavailable", "the node is not ready yet"));
  };
  try {
    await retry(check, READY_CHECK, modules, signal);
  } catch (error) {
    modules.log.warn({ reason: messageOf(error) }, "the first node is slow to get ready");
  }
}
