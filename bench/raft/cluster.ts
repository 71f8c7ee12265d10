import type { PutClient } from "./put-client.ts";

/** Three members of either system, as fail-overs and load see them. */
export interface Cluster extends AsyncDisposable {
  /** For messages. */
  readonly name: string;
  /** By member. */
  readonly clients: readonly PutClient[];
  /** Processes that run now. */
  pids(): readonly number[];
  /** The member that leads and that everyone alive follows. Waits for it. */
  leader(): Promise<number>;
  /** Ends a member's process. */
  end(member: number, signal: NodeJS.Signals): Promise<void>;
  /** Starts a member that was ended once more. */
  restart(member: number): Promise<void>;
  /** Resolves when all members run and have the whole log. */
  whole(): Promise<void>;
}
