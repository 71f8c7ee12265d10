import assert from "node:assert/strict";
import type { Message, MessageType } from "../../../raft/core/message.ts";
import type { ConfChange, Entry, Id, ProposeResult } from "../../../raft/core/types.ts";
import { bytes, conf, Member } from "./member.ts";
import type { Options, Past } from "./member.ts";

/** More rounds than any honest exchange needs. */
const ROUNDS_MAX = 10_000;

/** Members joined by a network that loses exactly what a test tells it to, in one thread. */
export class Network {
  readonly members = new Map<Id, Member>();
  readonly queue: Message[] = [];
  readonly #cut = new Set<string>();
  readonly #muted = new Set<MessageType>();
  readonly #down = new Set<Id>();
  /** What was applied at each index, by whoever came first: all others must agree. */
  readonly #truth = new Map<number, Entry>();
  readonly #leaders = new Map<number, Id>();

  constructor(members: Iterable<Member> = []) {
    for (const member of members) this.add(member);
  }

  add(member: Member): Member {
    this.members.set(member.id, member);
    return member;
  }

  at(id: Id): Member {
    const member = this.members.get(id);
    assert.ok(member, `member ${id} exists`);
    return member;
  }

  /** Loses everything from `from` to `to`. */
  cut(from: Id, to: Id): void {
    this.#cut.add(`${from}>${to}`);
  }

  isolate(id: Id): void {
    for (const other of this.members.keys()) {
      this.cut(id, other);
      this.cut(other, id);
    }
  }

  /** Loses all messages of `type`. */
  mute(type: MessageType): void {
    this.#muted.add(type);
  }

  /** Takes members out of service: they get nothing and do nothing. */
  stop(...ids: readonly Id[]): void {
    for (const id of ids) this.#down.add(id);
  }

  heal(): void {
    this.#cut.clear();
    this.#muted.clear();
    this.#down.clear();
  }

  #lost(m: Message): boolean {
    return (
      this.#muted.has(m.type) ||
      this.#cut.has(`${m.from}>${m.to}`) ||
      this.#down.has(m.to) ||
      this.#down.has(m.from) ||
      !this.members.has(m.to)
    );
  }

  /** Lets every member do its work once; messages are queued. */
  work(): void {
    for (const member of this.members.values()) {
      if (!this.#down.has(member.id)) this.queue.push(...member.take());
      this.#check(member);
    }
  }

  /** Works and delivers until nothing is left to do. */
  settle(): void {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      this.work();
      const due = this.queue.splice(0);
      if (due.length === 0) return;
      for (const m of due) this.deliver(m);
    }
    assert.fail(`no rest after ${ROUNDS_MAX} rounds`);
  }

  deliver(m: Message): void {
    if (!this.#lost(m)) this.at(m.to).step(m);
  }

  /** Election safety, state machine safety: checked after every step of work. */
  #check(member: Member): void {
    const { role, term } = member.status;
    if (role === "leader") {
      const known = this.#leaders.get(term) ?? member.id;
      assert.equal(known, member.id, `term ${term} has one leader`);
      this.#leaders.set(term, member.id);
    }
    for (const applied of member.applied) {
      const known = this.#truth.get(applied.index);
      if (known) assert.deepEqual(applied, known, `members agree on entry ${applied.index}`);
      else this.#truth.set(applied.index, applied);
    }
  }

  campaign(id: Id): void {
    this.at(id).core.campaign();
    this.settle();
  }

  /** Ticks `id` and lets everybody work. */
  tick(id: Id, count = 1): void {
    for (let i = 0; i < count; i++) {
      this.at(id).tick();
      this.settle();
    }
  }

  propose(id: Id, ...texts: readonly string[]): ProposeResult {
    const result = this.at(id).core.propose(texts.map(bytes));
    this.settle();
    return result;
  }

  change(id: Id, steps: ConfChange["steps"], rest: Partial<ConfChange> = {}): ProposeResult {
    const change = { transition: "auto", steps, context: new Uint8Array(0), ...rest } as const;
    const result = this.at(id).core.proposeConfChange(change);
    this.settle();
    return result;
  }

  /** The leader of the highest term; fails when there is none. */
  get leader(): Member {
    const leaders = [...this.members.values()].filter((m) => m.status.role === "leader");
    const best = leaders.toSorted((a, b) => b.status.term - a.status.term)[0];
    assert.ok(best, "somebody leads");
    return best;
  }

  roles(): readonly string[] {
    return [...this.members.values()].map(({ status }) => `${status.role}@${status.term}`);
  }
}

/** `count` members, ids from 1, all voters, all alike. */
export function cluster(count: number, options: Options = {}, past: Past = {}): Network {
  const ids = Array.from({ length: count }, (_, i) => i + 1);
  return new Network(ids.map((id) => new Member(id, conf(ids), options, past)));
}

/** A cluster whose members start with the given logs (terms from index 1). */
export function clusterOf(logs: readonly (readonly number[])[], options: Options = {}): Network {
  const ids = logs.map((_, i) => i + 1);
  return new Network(
    logs.map((terms, i) => {
      const entries = terms.map((term, at) => ({
        term,
        index: at + 1,
        type: "normal" as const,
        data: bytes(`${term}/${at + 1}`),
      }));
      const term = terms.at(-1) ?? 0;
      return new Member(i + 1, conf(ids), options, { entries, term });
    }),
  );
}
