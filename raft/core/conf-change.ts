import type { ConfChange, ConfChangeStep, ConfState, Id } from "./types.ts";

/** A configuration change that does not fit the configuration. */
export class ConfChangeError extends Error {
  override readonly name = "ConfChangeError";
}

/** A new configuration, and the ids whose old progress must not be carried over. */
export interface ConfResult {
  readonly config: ConfState;
  /** Ids that left and came back within the change: they start from nothing. */
  readonly restarted: ReadonlySet<Id>;
}

/** The configuration of a node that has never been told of one. */
export const EMPTY_CONF_STATE: ConfState = Object.freeze({
  voters: Object.freeze([]),
  votersOutgoing: Object.freeze([]),
  learners: Object.freeze([]),
  learnersNext: Object.freeze([]),
  autoLeave: false,
});

const ascending = (a: Id, b: Id) => a - b;
const sorted = (ids: Iterable<Id>): readonly Id[] => [...ids].toSorted(ascending);

export const isJoint = (config: ConfState): boolean => config.votersOutgoing.length > 0;

/** Every voter of either half, ascending. */
export function allVoters(config: ConfState): readonly Id[] {
  if (config.votersOutgoing.length === 0) return config.voters;
  return sorted(new Set([...config.voters, ...config.votersOutgoing]));
}

/** A configuration being changed. Sets, because steps may repeat and contradict each other. */
class Draft {
  readonly voters: Set<Id>;
  readonly outgoing: Set<Id>;
  readonly learners: Set<Id>;
  readonly learnersNext: Set<Id>;
  readonly restarted = new Set<Id>();

  constructor(config: ConfState, outgoing: readonly Id[]) {
    this.voters = new Set(config.voters);
    this.outgoing = new Set(outgoing);
    this.learners = new Set(config.learners);
    this.learnersNext = new Set(config.learnersNext);
  }

  #has(id: Id): boolean {
    return this.voters.has(id) || this.outgoing.has(id) || this.learners.has(id);
  }

  apply(steps: readonly ConfChangeStep[]): void {
    for (const step of steps) {
      if (step.id === 0) continue;
      if (step.type === "add-voter") this.#makeVoter(step.id);
      else if (step.type === "add-learner") this.#makeLearner(step.id);
      else if (step.type === "remove") this.#remove(step.id);
    }
    if (this.voters.size === 0) throw new ConfChangeError("removed all voters");
  }

  #makeVoter(id: Id): void {
    this.learners.delete(id);
    this.learnersNext.delete(id);
    this.voters.add(id);
  }

  /** A voter of the old half has to wait: until that half is left its vote still counts. */
  #makeLearner(id: Id): void {
    this.voters.delete(id);
    (this.outgoing.has(id) ? this.learnersNext : this.learners).add(id);
  }

  #remove(id: Id): void {
    if (!this.#has(id)) return;
    this.voters.delete(id);
    this.learners.delete(id);
    this.learnersNext.delete(id);
    if (!this.outgoing.has(id)) this.restarted.add(id);
  }

  finish(autoLeave: boolean): ConfResult {
    const config: ConfState = {
      voters: sorted(this.voters),
      votersOutgoing: sorted(this.outgoing),
      learners: sorted(this.learners),
      learnersNext: sorted(this.learnersNext),
      autoLeave,
    };
    return { config, restarted: this.restarted };
  }
}

/** Changes at most one voter (any number of learners) in one step (Raft §4.1). */
export function simpleChange(config: ConfState, steps: readonly ConfChangeStep[]): ConfResult {
  if (isJoint(config)) {
    throw new ConfChangeError("can't apply simple config change in joint config");
  }
  const draft = new Draft(config, []);
  draft.apply(steps);
  let changed = 0;
  for (const id of config.voters) if (!draft.voters.has(id)) changed++;
  for (const id of draft.voters) if (!config.voters.includes(id)) changed++;
  if (changed > 1) {
    throw new ConfChangeError("more than one voter changed without entering joint config");
  }
  return draft.finish(false);
}

/** Enters a joint configuration: the present voters become its old half (Raft §4.3). */
export function enterJoint(
  config: ConfState,
  autoLeave: boolean,
  steps: readonly ConfChangeStep[],
): ConfResult {
  if (isJoint(config)) throw new ConfChangeError("config is already joint");
  if (config.voters.length === 0) {
    throw new ConfChangeError("can't make a zero-voter config joint");
  }
  const draft = new Draft(config, config.voters);
  draft.apply(steps);
  return draft.finish(autoLeave);
}

/** Leaves a joint configuration: the old half goes, its demoted voters become learners. */
export function leaveJoint(config: ConfState): ConfResult {
  if (!isJoint(config)) throw new ConfChangeError("can't leave a non-joint config");
  const draft = new Draft(config, []);
  for (const id of draft.learnersNext) draft.learners.add(id);
  draft.learnersNext.clear();
  return draft.finish(false);
}

/** Whether `change` leaves a joint configuration. */
export const leavesJoint = (change: ConfChange): boolean =>
  change.steps.length === 0 && change.transition === "auto";

/**
 * The configuration after `change`, by the path that its transition and size ask for.
 * @throws ConfChangeError when it does not fit
 */
export function changeConf(config: ConfState, change: ConfChange): ConfResult {
  if (leavesJoint(change)) return leaveJoint(config);
  if (change.transition !== "auto" || change.steps.length > 1) {
    return enterJoint(config, change.transition !== "explicit", change.steps);
  }
  return simpleChange(config, change.steps);
}
