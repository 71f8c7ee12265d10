import { changeConf, EMPTY_CONF_STATE } from "../../../raft/core/conf-change.ts";
import { decodeConfChange } from "../../../raft/core/conf-change-codec.ts";
import type { ConfState, Entry, Id } from "../../../raft/core/types.ts";
import { demand } from "../violation.ts";

/** The configurations that committed changes lead to, by the index of the change. */
export class ConfigHistory {
  readonly #byIndex = new Map<number, ConfState>([[0, EMPTY_CONF_STATE]]);
  #newest: ConfState = EMPTY_CONF_STATE;

  /** A change was committed; changes come in order. */
  committed({ index, data }: Entry): void {
    const { config } = changeConf(this.#newest, decodeConfChange(data));
    checkMembers(config);
    if (this.#newest.voters.length > 0) checkChange(this.#newest, config);
    this.#byIndex.set(index, config);
    this.#newest = config;
  }

  /** Whether `config` is the one that the change at `index` led to. */
  is(index: number, config: ConfState): boolean {
    const known = this.#byIndex.get(index);
    return known !== undefined && equal(known, config);
  }

  /** Fails unless `config`, which `name` has in force, is the one after `index`. */
  demand(index: number, config: ConfState, name: string): void {
    const text = (): string =>
      `${name} has ${JSON.stringify(config)} after ${index}, not ` +
      JSON.stringify(this.#byIndex.get(index));
    demand(this.is(index, config), "configuration", text);
  }
}

/** Whether more than half of the voters, of both halves when joint, satisfy `has`. */
export function isQuorum(config: ConfState, has: (id: Id) => boolean): boolean {
  return halves(config).every((voters) => voters.filter(has).length * 2 > voters.length);
}

/** A member has one place in a configuration. */
function checkMembers(config: ConfState): void {
  const { voters, votersOutgoing, learners, learnersNext } = config;
  const clash = learners.some((id) => voters.includes(id) || votersOutgoing.includes(id));
  demand(!clash, "configuration", () => `both voter and learner: ${JSON.stringify(config)}`);
  const waiting = learnersNext.every((id) => votersOutgoing.includes(id));
  demand(waiting, "configuration", () => `a learner waits for nothing: ${JSON.stringify(config)}`);
}

/** Any two quorums, one of each configuration, share a member (Raft §4). */
function checkChange(before: ConfState, after: ConfState): void {
  const overlap = halves(before).some((a) => halves(after).some((b) => differByOne(a, b)));
  const text = (): string => `${JSON.stringify(before)} then ${JSON.stringify(after)}`;
  demand(overlap, "configuration", text);
}

function halves({ voters, votersOutgoing }: ConfState): readonly (readonly Id[])[] {
  return votersOutgoing.length > 0 ? [voters, votersOutgoing] : [voters];
}

/** Majorities of `a` and `b` overlap for certain: they are equal, or differ by one voter. */
function differByOne(a: readonly Id[], b: readonly Id[]): boolean {
  const gone = a.filter((id) => !b.includes(id)).length;
  const come = b.filter((id) => !a.includes(id)).length;
  return gone + come <= 1;
}

function equal(a: ConfState, b: ConfState): boolean {
  return (
    same(a.voters, b.voters) &&
    same(a.votersOutgoing, b.votersOutgoing) &&
    same(a.learners, b.learners) &&
    same(a.learnersNext, b.learnersNext) &&
    a.autoLeave === b.autoLeave
  );
}

function same(a: readonly Id[], b: readonly Id[]): boolean {
  return a === b || (a.length === b.length && a.every((id, i) => id === b[i]));
}
