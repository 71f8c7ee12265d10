import { SwarmError } from "../../lib/errors.ts";
import type { Commit } from "./store.ts";

/** How many events are kept for watchers that resume. */
const HISTORY_EVENTS_MAX = 20_000;

/** So many places of commits that are no longer kept are left before all others move up. */
const COMPACT_COMMITS = 4_096;

/** Takes the place of a commit that is no longer kept, so that nothing holds its objects. */
const FORGOTTEN: Commit = { version: 0, events: [] };

/** The latest commits, so that a watcher can continue where it stopped. */
export class CommitHistory {
  #commits: Commit[] = [];
  /** Where in `#commits` the oldest is that is kept; what is before it goes by the thousand. */
  #first = 0;
  #events = 0;
  /** Version before the oldest commit kept. */
  #floor: number | undefined;

  push(commit: Commit): void {
    this.#floor ??= commit.version - 1;
    this.#commits.push(commit);
    this.#events += commit.events.length;
    while (this.#events > HISTORY_EVENTS_MAX && this.#commits.length - this.#first > 1)
      this.#drop();
  }

  /** Lets go of the oldest. To shift so long an array moves all of it. */
  #drop(): void {
    const oldest = this.#commits[this.#first];
    if (!oldest) return;
    this.#events -= oldest.events.length;
    this.#floor = oldest.version;
    this.#commits[this.#first++] = FORGOTTEN;
    if (this.#first < COMPACT_COMMITS) return;
    this.#commits = this.#commits.slice(this.#first);
    this.#first = 0;
  }

  /** Commits after `version`. Throws `lagged` when some of them are no longer kept. */
  since(version: number, current: number): readonly Commit[] {
    if (version >= current) return [];
    if (this.#floor === undefined || version < this.#floor)
      throw new SwarmError("lagged", `version ${version} is too old to resume from`);
    return this.#commits.filter((commit) => commit.version > version);
  }

  /** Forgets everything: after a snapshot took the place of single commits. */
  clear(): void {
    this.#commits = [];
    this.#first = 0;
    this.#events = 0;
    this.#floor = undefined;
  }
}
