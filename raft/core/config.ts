import { assert } from "../../lib/assert.ts";
import type { Id } from "./types.ts";

/** How linearizable reads are confirmed (Raft §6.4). */
export type ReadMode =
  /** A round of heartbeats per batch of reads. */
  | "safe"
  /** From the leader's lease while it holds; otherwise as "safe". Needs `checkQuorum`. */
  | "lease";

/** What to do with a configuration change that is not possible now. */
export type ConfChangeCheck =
  /** Refuse it with a reason. */
  | "refuse"
  /** Append an empty entry in its place and report success, as etcd does. */
  | "empty-entry"
  /** Let it pass: whoever proposes has made sure that it can be applied. */
  | "off";

/** What a leader does when it applies a change that removes or demotes itself. */
export type RemovalPolicy =
  /**
   * Leads on until a quorum of those who stay knows that the change is committed, then steps down
   * and tells the most caught-up of them to campaign at once. Otherwise those who stay could need
   * the vote of the one who has gone. Needs `tellCommit`.
   */
  | "hand-over"
  /** Steps down; the others time out. */
  | "step-down"
  /** Goes on leading without counting itself, until another campaigns. */
  | "stay";

/** Settings of a core; see {@link configOf} for the defaults. */
export interface Config {
  readonly id: Id;
  /** T: ticks without a leader before an election; each timeout is drawn from [T, 2T). */
  readonly electionTicks: number;
  /** Ticks between a leader's heartbeats; below `electionTicks`. */
  readonly heartbeatTicks: number;
  /** Length of a tick in ms, the unit of `tick(now)`; used for leases only. */
  readonly tickMs: number;
  /** Ask before raising the term, so that a rejoining node cannot depose a leader. */
  readonly preVote: boolean;
  /** A leader that hears no quorum for T steps down; others refuse votes while it lives. */
  readonly checkQuorum: boolean;
  readonly readMode: ReadMode;
  /** Emit MsgStorageAppend and MsgStorageApply instead of relying on `advance`. */
  readonly asyncStorageWrites: boolean;
  /** Largest sum of entry bytes in one append; always at least one entry. */
  readonly maxBytesPerMessage: number;
  /** Most appends in flight per peer. */
  readonly maxInflightMessages: number;
  /** Most entry bytes in flight per peer; at least `maxBytesPerMessage`. */
  readonly maxInflightBytes: number;
  /** Most bytes handed out to be applied and not yet confirmed. */
  readonly maxApplyingBytes: number;
  /** Most bytes proposed and not yet applied, on a leader. */
  readonly maxUncommittedBytes: number;
  /** Largest data of one entry. */
  readonly maxEntryBytes: number;
  readonly confChangeCheck: ConfChangeCheck;
  readonly onRemoval: RemovalPolicy;
  /** Send a follower's proposals to the leader, one hop; else they are refused. */
  readonly forwardProposals: boolean;
  /**
   * Let vote requests leave only after the term, the own vote and the log they advertise are
   * durable. Without it a node that loses its unsynced tail and campaigns again at the same term
   * could win by grants that were given to the longer log.
   */
  readonly durableVoteRequests: boolean;
  /**
   * Say in answers to appends and heartbeats, and in refused votes, how far one has committed. A
   * leader that was taken out waits for that; a candidate learns of changes that outdate it.
   */
  readonly tellCommit: boolean;
  /**
   * Send what a broadcast owes each peer when the Ready is taken, so that one append carries all
   * entries and the newest commit index of a turn. Otherwise each proposal and each advance of
   * the commit index sends its own, as etcd does.
   */
  readonly coalesceAppends: boolean;
  /** Uniform integer in [0, bound): randomises election timeouts. */
  readonly random: (bound: number) => number;
}

const DEFAULTS = {
  electionTicks: 10,
  heartbeatTicks: 1,
  tickMs: 100,
  preVote: true,
  checkQuorum: true,
  readMode: "safe",
  asyncStorageWrites: true,
  maxBytesPerMessage: 512 * 1024,
  maxInflightMessages: 256,
  maxInflightBytes: 8 * 1024 * 1024,
  maxApplyingBytes: 16 * 1024 * 1024,
  maxUncommittedBytes: 64 * 1024 * 1024,
  maxEntryBytes: 4 * 1024 * 1024,
  confChangeCheck: "refuse",
  onRemoval: "hand-over",
  forwardProposals: false,
  durableVoteRequests: true,
  tellCommit: true,
  coalesceAppends: true,
} as const;

/**
 * A complete, checked and frozen configuration. Defaults: T = 10 ticks of 100 ms, heartbeat each
 * tick, PreVote and CheckQuorum on, safe reads, asynchronous writes; 512 KiB per append, 256
 * appends and 8 MiB in flight, 16 MiB applying, 64 MiB uncommitted, 4 MiB per entry.
 * @throws InvariantError when the settings contradict each other
 */
export function configOf(options: Pick<Config, "id" | "random"> & Partial<Config>): Config {
  const config: Config = Object.freeze({ ...DEFAULTS, ...options });
  assert(Number.isSafeInteger(config.id) && config.id > 0, "a member id is a positive integer");
  assert(config.heartbeatTicks >= 1, "heartbeatTicks is at least 1");
  assert(config.electionTicks > config.heartbeatTicks, "electionTicks exceeds heartbeatTicks");
  assert(config.tickMs > 0, "tickMs is positive");
  assert(config.maxInflightMessages >= 1, "maxInflightMessages is at least 1");
  assert(
    config.maxInflightBytes >= config.maxBytesPerMessage,
    "maxInflightBytes is at least maxBytesPerMessage",
  );
  assert(config.maxBytesPerMessage >= 0, "maxBytesPerMessage is not negative");
  assert(config.maxApplyingBytes >= 0, "maxApplyingBytes is not negative");
  assert(config.maxUncommittedBytes > 0, "maxUncommittedBytes is positive");
  assert(config.onRemoval !== "hand-over" || config.tellCommit, "handing over needs tellCommit");
  assert(config.readMode === "safe" || config.checkQuorum, "lease reads need checkQuorum");
  return config;
}
