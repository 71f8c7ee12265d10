import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { RaftNode } from "../../raft/index.ts";
import type { Store } from "../store/store.ts";

/** What the dispatcher and its parts work with. */
export interface DispatcherModules {
  readonly store: Store;
  readonly raft: Pick<RaftNode, "status" | "watchStatus">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Waits of the dispatcher, milliseconds. A cluster's heartbeat period is in its spec. */
export interface DispatcherTimes {
  /**
   * How long a node may take to come back after its connection broke. A restart of swarmd or a
   * change of address fits in; a dead machine is noticed.
   */
  readonly brokenStreamGraceMs: number;
  /** The longest that a node gets which took its time before ({@link ReturnGrace}). */
  readonly brokenStreamGraceMaxMs: number;
  /** How long nodes have to find a new leader before they count as UNKNOWN. */
  readonly newLeaderGraceMs: number;
  /** Heartbeats that may be missed before a node is DOWN. */
  readonly missedHeartbeatsMax: number;
  /** How long the tasks of a lost node stay its own; after that they are ORPHANED. */
  readonly orphanAfterMs: number;
}

export const DISPATCHER_TIMES: DispatcherTimes = {
  brokenStreamGraceMs: 3_000,
  brokenStreamGraceMaxMs: 15_000,
  newLeaderGraceMs: 5_000,
  missedHeartbeatsMax: 3,
  orphanAfterMs: 24 * 3600 * 1000,
};

/** Used until the cluster object says otherwise. */
export const HEARTBEAT_PERIOD_MS = 5_000;

/** Objects written in one transaction by the dispatcher's own loops. */
export const CHANGES_PER_TRANSACTION_MAX = 250;
