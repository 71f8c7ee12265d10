import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/log.ts";
import type { Random } from "../../../lib/random.ts";
import type { RaftCore } from "../../core/raft-core.ts";
import type { Id, Status } from "../../core/types.ts";
import type { AppendWorker } from "./append-worker.ts";
import { voterIds } from "../membership.ts";
import type { Changes } from "./changes.ts";
import type { FreeSpace } from "./free-space.ts";
import type { Group } from "./group.ts";

/** A host that says nothing for this long hangs: it must not lead. */
const HOST_SILENCE_MS = 10_000;

/** A leader that must hand over and cannot tries again after this time. */
const HAND_OVER_AGAIN_MS = 2000;

/**
 * A leader whose write hangs for so many times half an election timeout, and which could not hand
 * over, steps down: others then elect whom they can.
 */
const STALLS_TO_STEP_DOWN = 4;

/** The same for one whose disk is nearly full: the next leader's may be so too. */
const FULL_HAND_OVER_AGAIN_MS = 30_000;

/**
 * After its leader's connection broke, each voter waits this much longer than the one before it,
 * so that they do not split the votes; an election takes a few milliseconds.
 */
const CAMPAIGN_STEP_MS = 50;

/** Chance added to each wait: not all voters see the same configuration. */
const CAMPAIGN_JITTER_MS = 25;

/** A campaign that has brought no leader is repeated after about this time … */
const CAMPAIGN_AGAIN_MS = 200;

/** … this often; after that the election timeout takes over. */
const CAMPAIGNS_MAX = 4;

/** What this part needs of its driver. */
export interface LeaderWatchModules {
  readonly core: RaftCore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly group: Group;
  readonly changes: Changes;
  readonly append: AppendWorker;
  readonly space: Pick<FreeSpace, "low">;
  /** Runs a task that feeds the core, unless the member has ended; then takes a turn. */
  readonly later: (task: () => void) => void;
}

/**
 * Shortens the time without a working leader: a follower acts when its leader's process dies, and
 * a leader that cannot work hands over.
 */
export class LeaderWatch {
  readonly #modules: LeaderWatchModules;
  /** Half an election timeout: a write that takes longer puts the leadership at risk. */
  readonly #stallMs: number;
  #hostSeen: number;
  #handOverNext = 0;

  constructor(stallMs: number, modules: LeaderWatchModules) {
    this.#modules = modules;
    this.#stallMs = stallMs;
    this.#hostSeen = modules.clock.monotonic();
  }

  /** The host has given a sign of life. */
  hostSeen(): void {
    this.#hostSeen = this.#modules.clock.monotonic();
  }

  /**
   * A connection of `id` was reset. If it is the leader's, its process has most likely ended: ask
   * for votes at once. PreVote protects a leader that lives: it is deposed only if a quorum has
   * lost it too.
   */
  onReset(id: Id): void {
    if (!this.#follows(id)) return;
    this.#modules.log.info({ leader: id }, "the leader's connection was reset");
    this.#replace(id);
  }

  /** Member `id` was taken out. If it leads it will not do so for long: nobody listens any more. */
  onRemoved(id: Id): void {
    if (this.#follows(id)) this.#replace(id);
  }

  #follows(id: Id): boolean {
    const { role, lead } = this.#modules.core;
    return role === "follower" && lead === id;
  }

  #replace(id: Id): void {
    const { core, group } = this.#modules;
    core.forgetLeader();
    const rank = voterIds(group.membership)
      .filter((voter) => voter !== id)
      .indexOf(core.status().id);
    this.#campaignIn(Math.max(0, rank) * CAMPAIGN_STEP_MS, CAMPAIGNS_MAX);
  }

  #campaignIn(ms: number, left: number): void {
    const { core, clock, random, later } = this.#modules;
    if (left === 0) return;
    clock.after(ms + random.int(CAMPAIGN_JITTER_MS), () =>
      later(() => {
        if (core.lead !== 0) return;
        core.campaign();
        this.#campaignIn(CAMPAIGN_AGAIN_MS + random.int(CAMPAIGN_AGAIN_MS), left - 1);
      }),
    );
  }

  /** Hands leadership over when host or disk do not serve. Called once a tick. */
  check(status: Status): void {
    if (status.role !== "leader") return;
    const { core, clock, log, append, space, changes, group } = this.#modules;
    const now = clock.monotonic();
    const silent = now - this.#hostSeen > HOST_SILENCE_MS;
    const stalled = append.stalledSince(now - this.#stallMs);
    if (!silent && !stalled && !space.low) return;
    if (group.isAlone()) return;
    if (append.stalledSince(now - this.#stallMs * STALLS_TO_STEP_DOWN)) {
      log.warn("stepping down: the disk does not answer, and nobody could take over");
      core.stepDown();
      return;
    }
    if (status.transferee !== 0 || now < this.#handOverNext) return;
    const pressing = silent || stalled;
    this.#handOverNext = now + (pressing ? HAND_OVER_AGAIN_MS : FULL_HAND_OVER_AGAIN_MS);
    log.warn({ silent, stalled, full: space.low }, "handing leadership over");
    changes.transfer(0).catch((error: unknown) => {
      log.warn({ err: error }, "leadership could not be handed over");
    });
  }
}
