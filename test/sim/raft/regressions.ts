/** A seed that once failed. It stays, although changes of the code may make it run otherwise. */
export interface Regression {
  readonly profile: string;
  readonly seed: string;
  /** What was wrong. */
  readonly about: string;
}

export const REGRESSIONS: readonly Regression[] = [
  {
    profile: "swarm",
    seed: "5",
    about: "a leader that took itself out of two voters was gone before the other knew",
  },
  { profile: "members", seed: "15", about: "the same, with a learner beside them" },
  { profile: "network", seed: "9", about: "a transfer kept the event loop spinning" },
  {
    profile: "crash",
    seed: "x9tm2p-68",
    about: "a snapshot of its own replaced a newer one that was received meanwhile, and the log",
  },
  {
    profile: "swarm",
    seed: "16z4jh7-31",
    about: "what was applied before a snapshot took its place was never acknowledged",
  },
  {
    profile: "members",
    seed: "u5m2j6-1131",
    about: "a promotion that waited for a removal brought the removed member back",
  },
  {
    profile: "lease",
    seed: "1jl085d-184",
    about: "the check took a leader's last commit, in one breath with its end, for another's",
  },
];
