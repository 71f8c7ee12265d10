import { SwarmError } from "../../lib/errors.ts";
import type { Commit } from "./store.ts";

/** How many events are kept for watchers that resume. */
const HISTORY_EVENTS_MAX = 20_000;

/** The latest commits, so that a watcher can continue where it stopped. */
export class CommitHistory {
  #commits: Commit[] = [];
  #events = 0;
  /** Version before the oldest commit kept. */
  #floor: number | undefined;

  push(commit: Commit): void {
    this.#floor ??= commit.version - 1;
    this.#commits.push(commit);
    this.#events += commit.events.length;
    while (this.#events > HISTORY_EVENTS_MAX && this.#commits.length > 1) {
      const oldest = this.#commits.shift();
      this.#events -= oldest?.events.length ?? 0;
      this.#floor = oldest?.version;
    }
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
    this.#events = 0;
    this.#floor = undefined;
  }
}
