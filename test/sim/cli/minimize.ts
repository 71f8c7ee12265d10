import { simulate, type RunOptions, type RunResult } from "../raft/simulation.ts";
import { shrinkList, shrinkNumber } from "../shrink.ts";

/** Runs that may be spent on one failure. */
const RUNS_MAX = 300;

/**
 * The smallest run found that breaks the same promise as `failed`: fewer faults, clients and
 * members, less time.
 */
export async function minimize(failed: RunResult): Promise<RunResult> {
  const { invariant } = failed.violation ?? {};
  let best = failed;
  const budget = { left: RUNS_MAX };
  const fails = async (options: RunOptions): Promise<boolean> => {
    const result = await simulate(options);
    if (result.violation?.invariant !== invariant) return false;
    best = result;
    return true;
  };
  const faults = (candidate: RunOptions["faults"]): Promise<boolean> =>
    fails({ ...best.options, plan: best.plan, ...(candidate ? { faults: candidate } : {}) });
  const plan = (part: Partial<RunResult["plan"]>): Promise<boolean> =>
    fails({ ...best.options, faults: best.faults, plan: { ...best.plan, ...part } });
  await shrinkList(best.faults, faults, budget);
  await shrinkNumber(best.plan.clients, 1, (clients) => plan({ clients }), budget);
  await shrinkNumber(best.plan.members, 1, (members) => plan({ members }), budget);
  await shrinkNumber(best.plan.faultMs, 1000, (faultMs) => plan({ faultMs }), budget);
  await shrinkList(best.faults, faults, budget);
  return best;
}
