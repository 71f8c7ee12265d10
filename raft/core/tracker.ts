import { assert } from "../../lib/assert.ts";
import { allVoters, EMPTY_CONF_STATE } from "./conf-change.ts";
import { Progress } from "./progress.ts";
import type { WindowLimits } from "./progress.ts";
import { quorumReached, voteResult } from "./quorum.ts";
import type { Acknowledgements, VoteResult } from "./quorum.ts";
import type { ConfState, Id } from "./types.ts";

const NOBODY: ReadonlySet<Id> = new Set();

/** The configuration in force, one {@link Progress} per member, and the votes of an election. */
export class Tracker implements Acknowledgements {
  readonly #limits: WindowLimits;
  readonly #byId = new Map<Id, Progress>();
  readonly #votes = new Map<Id, boolean>();
  #config: ConfState = EMPTY_CONF_STATE;
  #voters: readonly Id[] = [];
  #peers: readonly Progress[] = [];

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  get config(): ConfState {
    return this.#config;
  }

  /** Voters of either half, ascending. */
  get voters(): readonly Id[] {
    return this.#voters;
  }

  /** All members, ascending by id: the only order in which peers are ever visited. */
  get peers(): readonly Progress[] {
    return this.#peers;
  }

  progress(id: Id): Progress | undefined {
    return this.#byId.get(id);
  }

  /** This node alone decides everything. */
  isLoneVoter(id: Id): boolean {
    return this.#voters.length === 1 && this.#voters[0] === id;
  }

  /**
   * Puts `config` in force. Members that stay keep their progress, except the `restarted`; new
   * ones start probing at `lastIndex` (the one entry they lack for certain is the change itself).
   */
  adopt(config: ConfState, lastIndex: number, restarted: ReadonlySet<Id> = NOBODY): void {
    assert(
      config.learners.every((id) => !config.voters.includes(id)),
      "no member is both voter and learner",
    );
    this.#config = config;
    this.#voters = allVoters(config);
    const members = [...new Set([...this.#voters, ...config.learners])].toSorted((a, b) => a - b);
    for (const id of this.#byId.keys()) {
      if (restarted.has(id) || !members.includes(id)) this.#byId.delete(id);
    }
    this.#peers = members.map((id) => {
      const isLearner = config.learners.includes(id);
      const known = this.#byId.get(id);
      if (known) {
        known.isLearner = isLearner;
        return known;
      }
      const made = new Progress(id, Math.max(lastIndex, 1), isLearner, this.#limits);
      this.#byId.set(id, made);
      return made;
    });
  }

  /** Forgets everybody, before a snapshot's configuration is adopted. */
  clear(): void {
    this.#byId.clear();
    this.adopt(EMPTY_CONF_STATE, 0);
  }

  acked(id: Id): number {
    return this.#byId.get(id)?.match ?? 0;
  }

  /** The highest index that a quorum holds. */
  committed(): number {
    return this.reached(this);
  }

  /** The highest number that a quorum has reached by another measure. */
  reached(by: Acknowledgements): number {
    return quorumReached(this.#config.voters, this.#config.votersOutgoing, by);
  }

  /** Whether a quorum was heard from since the marks were last cleared. */
  quorumActive(): boolean {
    const active = new Map<Id, boolean>();
    for (const peer of this.#peers) active.set(peer.id, peer.recentActive);
    return this.#tally(active) === "won";
  }

  resetVotes(): void {
    this.#votes.clear();
  }

  /** Counts a vote; a voter's first word stands. */
  recordVote(id: Id, granted: boolean): VoteResult {
    if (!this.#votes.has(id)) this.#votes.set(id, granted);
    return this.#tally(this.#votes);
  }

  #tally(votes: ReadonlyMap<Id, boolean>): VoteResult {
    return voteResult(this.#config.voters, this.#config.votersOutgoing, votes);
  }
}
