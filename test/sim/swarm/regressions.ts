import type { SwarmPlan } from "./plan.ts";

/** A seed that once failed. It stays, although changes of the code may make it run otherwise. */
export interface SwarmRegression {
  readonly seed: string;
  /** What was wrong. */
  readonly about: string;
  /** Of seeds that failed before there was more to draw: none of that. */
  readonly plan?: Partial<SwarmPlan>;
}

/** What runs were made of before nodes were removed, tasks moved, and others placed them. */
const PLAIN = { removals: false, moves: "none", outside: false } as const;

const EARLIER: readonly SwarmRegression[] = [
  { seed: "r2-14", about: "an update that starts first began anew for ever beside the old task" },
  { seed: "f1-40", about: "an agent took the reason from a task that an enforcer had ended" },
  { seed: "zgnj4r-396", about: "a worker registered while the leader wrote that it was unknown" },
  { seed: "perf2-45", about: "a worker registered while the leader wrote that it was down" },
  { seed: "zgnj4r-399", about: "a rejected task was history before its node had stopped it" },
  { seed: "zgnj4r-197", about: "a status that came late used up the time an update is watched" },
  { seed: "zgnj4r-351", about: "a failed task was replaced beside one that was on its way out" },
  {
    seed: "zgnj4r-334",
    about: "an update waited without end for a task an earlier one had made",
  },
  {
    seed: "12ax41b-351",
    about: "two tasks of a global service stayed on a node that was paused",
  },
  { seed: "c21u3t-132", about: "history was kept for a policy that counts no attempts any more" },
  {
    seed: "c21u3t-400",
    about: "a crash loop lost its back-off when the old task beside it ended",
  },
  { seed: "c21u3t-449", about: "a task waited for ever for a secret that had been removed" },
];

const LATER: readonly SwarmRegression[] = [
  {
    seed: "fresh-1795209214-239",
    about: "a task came to a node while its removal was on its way",
  },
  {
    seed: "fresh-1795209214-60",
    about: "a prepared task did not say what it had to wait for since",
  },
  {
    seed: "ci-23",
    about: "a task that was shut down instead was told to another scheduler as placed",
  },
  {
    seed: "last-1795210096-439",
    about: "a move waited without end for what its service depends on",
  },
  {
    seed: "steady2-140",
    about: "a task was assigned to a node whose removal was on its way before that",
  },
  {
    seed: "steady2-204",
    about: "the check blamed a plan for a node that was back before the plan was committed",
  },
];

export const SWARM_REGRESSIONS: readonly SwarmRegression[] = [
  ...EARLIER.map((regression) => ({ ...regression, plan: PLAIN })),
  ...LATER,
];
