import { InvariantError } from "../../lib/assert.ts";
import { changeConf, ConfChangeError } from "./conf-change.ts";
import type { ConfResult } from "./conf-change.ts";
import { becomeFollower } from "./roles.ts";
import { advanceCommit, broadcastAppend, sendAppend } from "./replication.ts";
import { beginResignation } from "./resignation.ts";
import type { RaftState } from "./state.ts";
import type { ConfChange, ConfState } from "./types.ts";

/**
 * Puts a committed change in force; configurations count from when they are applied.
 * @throws InvariantError when it does not fit: replicas would disagree about who they are
 */
export function applyConfChange(s: RaftState, change: ConfChange): ConfState {
  if (s.outdatedConfig !== null) {
    // Handed out before a snapshot came whose configuration is in force already; what is applied
    // still needs the one of its own index.
    s.outdatedConfig = changed(s.outdatedConfig, change).config;
    return s.outdatedConfig;
  }
  const { config, restarted } = changed(s.tracker.config, change);
  s.tracker.adopt(config, s.log.lastIndex(), restarted);
  followConfiguration(s);
  return s.tracker.config;
}

function changed(config: ConfState, change: ConfChange): ConfResult {
  try {
    return changeConf(config, change);
  } catch (error) {
    if (!(error instanceof ConfChangeError)) throw error;
    throw new InvariantError(`a committed configuration change applies: ${error.message}`);
  }
}

/** Puts the configuration of a snapshot that is being installed in force, whatever was known. */
export function adoptConfState(s: RaftState, config: ConfState): void {
  s.outdatedConfig ??= s.tracker.config;
  s.tracker.clear();
  s.tracker.adopt(config, s.log.lastIndex());
}

/** What a leader has to do when the configuration changed under it. */
function followConfiguration(s: RaftState): void {
  if (s.role !== "leader") return;
  if (isOutside(s)) {
    if (s.config.onRemoval === "step-down") becomeFollower(s, s.term, 0);
    if (s.config.onRemoval !== "hand-over") return;
  } else {
    s.resigning = 0;
  }
  if (advanceCommit(s)) {
    // A smaller quorum may have committed more.
    broadcastAppend(s);
  } else {
    // New members need not wait for the next heartbeat.
    for (const peer of s.tracker.peers) if (peer.id !== s.id) sendAppend(s, peer, false);
  }
  if (isOutside(s)) beginResignation(s);
  if (s.transferee !== 0 && !s.tracker.voters.includes(s.transferee)) s.transferee = 0;
}

/** This member was removed or became a learner. */
function isOutside(s: RaftState): boolean {
  return s.tracker.progress(s.id)?.isLearner ?? true;
}
