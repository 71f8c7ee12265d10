import type { SwarmPlan } from "../swarm/plan.ts";
import { SWARM } from "../cli/worker.ts";

/** One piece of source that a mutant replaces. `find` occurs exactly once in `file`. */
export interface Patch {
  /** Path below the mutant's part. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A folder that mutants change. */
export type Part = "raft" | "manager";

/** A bug that is planted in a copy of the code to see whether its simulator finds it. */
export interface Mutant {
  readonly name: string;
  /** What is changed; the manager's simulator is that of the whole swarm. @default "raft" */
  readonly part?: Part;
  /** What is wrong, and who made the mistake before (Raft section, known issue). */
  readonly about: string;
  /** The profile whose runs are most likely to find it. */
  readonly profile: string;
  readonly patches: readonly Patch[];
  /** What the runs of the manager's simulator have in any case. */
  readonly plan?: Partial<SwarmPlan>;
}

/** What `mutant` changes. */
export function partOf({ part }: Mutant): Part {
  return part ?? "raft";
}

/** A mutant of a single patch. */
export function mutant(
  [name, profile, about]: readonly [string, string, string],
  [file, find, replace]: readonly [string, string, string],
): Mutant {
  return { name, profile, about, patches: [{ file, find, replace }] };
}

/** A mutant of the manager. */
export function managerMutant(
  [name, about]: readonly [string, string],
  ...patches: readonly (readonly [string, string, string])[]
): Mutant {
  return {
    name,
    part: "manager",
    profile: SWARM,
    about,
    patches: patches.map(([file, find, replace]) => ({ file, find, replace })),
  };
}
