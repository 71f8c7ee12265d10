/** One piece of source that a mutant replaces. `find` occurs exactly once in `file`. */
export interface Patch {
  /** Path below `raft/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A bug that is planted in a copy of `raft/` to see whether the simulator finds it. */
export interface Mutant {
  readonly name: string;
  /** What is wrong, and who made the mistake before (Raft section, known issue). */
  readonly about: string;
  /** The profile whose runs are most likely to find it. */
  readonly profile: string;
  readonly patches: readonly Patch[];
}

/** A mutant of a single patch. */
export function mutant(
  [name, profile, about]: readonly [string, string, string],
  [file, find, replace]: readonly [string, string, string],
): Mutant {
  return { name, profile, about, patches: [{ file, find, replace }] };
}
