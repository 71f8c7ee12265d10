import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/random.ts";
import type { Message } from "../../../raft/core/message.ts";
import type { ConfChangeStep, Entry, Id } from "../../../raft/core/types.ts";
import { bytes, conf, Member } from "./member.ts";
import type { Options } from "./member.ts";

/** Steps of one run; runs are short and many, because most faults need few steps. */
const STEPS = 1200;
const SEEDS = 60;
/** Ticks within which a healed group must be at rest. */
const RECOVERY_TICKS = 400;

/**
 * A group under random loss, duplication, reordering, crashes that lose what is not durable,
 * compaction, configuration changes, transfers and reads; the storage workers are arbitrarily
 * slow. Every step checks election safety, log agreement and what is durable before it is said.
 */
class Chaos {
  readonly #random: SeededRandom;
  readonly #options: Options;
  readonly #members = new Map<Id, Member>();
  #network: Message[] = [];
  readonly #truth = new Map<number, Entry>();
  readonly #leaders = new Map<number, Id>();
  readonly #votes = new Map<string, Id>();
  readonly #checkedTo = new Map<Id, number>();
  /** Reads in flight: the highest commit anywhere when they were asked. */
  readonly #reads = new Map<number, number>();
  #nextRead = 1;
  #proposals = 0;

  constructor(seed: number, options: Options) {
    this.#random = new SeededRandom(seed);
    this.#options = options;
    // The first configuration is part of a snapshot, so that newcomers get it from there.
    const confState = conf([1, 2, 3]);
    const past = { term: 1, snapshot: { index: 2, term: 1, confState } };
    for (const id of [1, 2, 3]) this.#add(new Member(id, confState, this.#limits(id), past));
  }

  /** Very small limits reach the rare transitions. */
  #limits(id: Id): Options {
    const random = this.#random.split(`member ${id}`);
    return {
      asyncStorageWrites: true,
      durableVoteRequests: true,
      coalesceAppends: true,
      electionTicks: 10,
      maxBytesPerMessage: 80,
      maxInflightMessages: 3,
      maxInflightBytes: 400,
      maxApplyingBytes: 200,
      maxUncommittedBytes: 500,
      onRemoval: "hand-over",
      tellCommit: true,
      random: (bound) => random.int(bound),
      ...this.#options,
    };
  }

  #add(member: Member): void {
    this.#members.set(member.id, member);
  }

  run(): void {
    for (let i = 0; i < STEPS; i++) this.#step();
    this.#recover();
  }

  get #all(): Member[] {
    return [...this.#members.values()];
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#random.int(list.length)]!;
  }

  #step(): void {
    const member = this.#pick(this.#all);
    const dice = this.#random.int(1000);
    if (dice < 300) this.#work(member);
    else if (dice < 600) this.#deliverOne();
    else if (dice < 700) member.tick();
    else if (dice < 800) this.#propose(member);
    else if (dice < 830) this.#network.splice(this.#random.int(this.#network.length + 1), 1);
    else if (dice < 850 && this.#network.length > 0) this.#network.push(this.#pick(this.#network));
    else if (dice < 870) this.#changeConf();
    else if (dice < 885) member.core.transferLeader(this.#pick(this.#all).id);
    else if (dice < 905) this.#crash(member);
    else if (dice < 920) this.#compact(member);
    else if (dice < 935) member.core.campaign();
    else if (dice < 945) member.core.reportUnreachable(this.#pick(this.#all).id);
    else if (dice < 955) member.core.reportSnapshot(this.#pick(this.#all).id, dice % 2 === 0);
    else if (dice < 960) member.core.forgetLeader();
    else if (dice < 990) this.#read(member);
    else this.#fetch(member);
    this.#check(member);
  }

  #work(member: Member): void {
    if (member.core.hasReady()) member.handleReady();
    if (member.appendWork.length > 0 && this.#random.int(2) === 0) member.appendOne();
    if (member.applyWork.length > 0 && this.#random.int(2) === 0) member.applyOne();
    this.#send(member);
  }

  #send(member: Member): void {
    for (const m of member.outbox.splice(0)) {
      this.#checkPromise(member, m);
      this.#network.push(m);
    }
  }

  #deliverOne(): void {
    if (this.#network.length === 0) return;
    // Mostly in order; sometimes not.
    const at = this.#random.int(4) === 0 ? this.#random.int(this.#network.length) : 0;
    const [m] = this.#network.splice(at, 1);
    const to = this.#members.get(m!.to);
    if (to) {
      to.step(m!);
      this.#check(to);
    }
  }

  #propose(member: Member): void {
    const count = 1 + this.#random.int(3);
    const data = Array.from({ length: count }, () => bytes(`p${this.#proposals++}`));
    member.core.propose(data);
  }

  #changeConf(): void {
    const leader = this.#all.find(({ status }) => status.role === "leader");
    if (!leader) return;
    const steps: ConfChangeStep[] = [];
    for (let i = 0; i <= this.#random.int(3); i++) {
      const type = this.#pick(["add-voter", "add-learner", "remove"] as const);
      steps.push({ type, id: 1 + this.#random.int(5) });
    }
    const transition = this.#pick(["auto", "implicit", "explicit"] as const);
    const joint = leader.status.config.votersOutgoing.length > 0;
    const change = joint
      ? ({ transition: "auto", steps: [] } as const)
      : ({ transition, steps } as const);
    leader.core.proposeConfChange({ ...change, context: new Uint8Array(0) });
    for (const { id } of joint ? [] : steps) {
      if (this.#members.has(id)) continue;
      this.#add(new Member(id, conf([]), this.#limits(id)));
    }
  }

  /** Loses everything but the disk, and perhaps the state machine. */
  #crash(member: Member): void {
    member.restart(this.#random.int(2) === 0);
    member.now += 5000;
  }

  #compact(member: Member): void {
    const { disk } = member;
    const upTo = Math.min(member.appliedIndex, disk.lastIndex());
    if (upTo < disk.firstIndex()) return;
    const index = disk.firstIndex() + this.#random.int(upTo - disk.firstIndex() + 1);
    disk.takeSnapshot(member.appliedIndex, member.confState);
    disk.compact(index);
    disk.coldUpTo = Math.max(0, disk.lastIndex() - this.#random.int(6));
  }

  #fetch(member: Member): void {
    for (const fetch of member.fetches.splice(0)) {
      const { disk } = member;
      const held = fetch.lo >= disk.firstIndex() && fetch.hi <= disk.lastIndex() + 1;
      const entries = held ? disk.read(fetch.lo, fetch.hi, fetch.maxBytes) : [];
      member.core.entriesFetched(fetch, entries);
    }
  }

  #read(member: Member): void {
    const id = this.#nextRead++;
    this.#reads.set(id, Math.max(...this.#all.map(({ status }) => status.commit)));
    member.read(id);
  }

  #check(member: Member): void {
    const { role, term, commit, applied, lastIndex } = member.status;
    assert.ok(applied <= commit && commit <= lastIndex, "applied <= commit <= last");
    if (role === "leader") {
      const known = this.#leaders.get(term) ?? member.id;
      assert.equal(known, member.id, `term ${term} has one leader`);
      this.#leaders.set(term, member.id);
    }
    const from = this.#checkedTo.get(member.id) ?? 0;
    for (const entry of member.applied.slice(from)) {
      const known = this.#truth.get(entry.index);
      if (known) assert.deepEqual(entry, known, `entry ${entry.index} is the same everywhere`);
      else this.#truth.set(entry.index, entry);
    }
    this.#checkedTo.set(member.id, member.applied.length);
    for (const { id, index } of member.reads.splice(0)) {
      const least = this.#reads.get(id) ?? 0;
      assert.ok(index >= least, `read ${id} at ${index} misses what was committed to ${least}`);
    }
    member.failedReads.length = 0;
  }

  /** What leaves a node must be on its disk first. */
  #checkPromise(member: Member, m: Message): void {
    const { disk } = member;
    if (m.type === "MsgVoteResp" && !m.reject) {
      assert.ok(disk.hardState.term > m.term || disk.hardState.vote === m.to, "a vote is durable");
      const key = `${m.from}@${m.term}`;
      const known = this.#votes.get(key) ?? m.to;
      assert.equal(known, m.to, `${m.from} votes once in term ${m.term}`);
      this.#votes.set(key, m.to);
    }
    if (m.type === "MsgVote")
      assert.ok(disk.hardState.term >= m.term, "a candidate's term is durable");
    if (m.type === "MsgAppResp") {
      assert.ok(disk.hardState.term >= m.term, "an acknowledgement's term is durable");
      const overtaken = disk.hardState.term > m.term;
      if (!m.reject) assert.ok(overtaken || disk.lastIndex() >= m.index, "so are its entries");
    }
  }

  /**
   * Who must not stop yet. A removed member is told so and stops, but only once every voter that
   * stays knows: until then it may be the only one that can be elected.
   */
  #needed(): ReadonlySet<Id> {
    const newest = this.#all.toSorted((a, b) => b.appliedIndex - a.appliedIndex)[0]!;
    const knowing = newest.status.config.voters.map((id) => this.#members.get(id)!);
    const needed = new Set<Id>();
    for (const { status } of [newest, ...knowing]) {
      const { voters, votersOutgoing, learners } = status.config;
      for (const id of [...voters, ...votersOutgoing, ...learners]) needed.add(id);
    }
    return needed;
  }

  /** Without faults everybody comes to agree and to rest, and reads are answered. */
  #recover(): void {
    for (let tick = 0; tick < RECOVERY_TICKS; tick++) {
      const needed = this.#needed();
      for (const member of this.#all) {
        if (needed.has(member.id)) member.tick();
        // A transport notices sooner or later that a snapshot did not arrive.
        if (tick % 100 > 0) continue;
        for (const { id } of this.#all) member.core.reportSnapshot(id, false);
      }
      for (let round = 0; round < 6; round++) {
        for (const member of this.#all) {
          this.#fetch(member);
          this.#network.push(...member.take());
          this.#check(member);
        }
        for (const m of this.#network.splice(0)) this.#members.get(m.to)?.step(m);
      }
    }
    const leader = this.#all
      .filter(({ status }) => status.role === "leader")
      .toSorted((a, b) => b.status.term - a.status.term)[0];
    assert.ok(leader, "somebody leads in the end");
    const { config, commit } = leader.status;
    assert.equal(commit, leader.status.lastIndex, "everything is committed");
    for (const id of [...config.voters, ...config.learners]) {
      assert.equal(this.#members.get(id)!.status.applied, commit, `${id} has applied everything`);
    }
    leader.core.transferLeader(leader.id);
    const result = leader.core.propose([bytes("last")]);
    assert.equal(result.ok, true, "proposals are taken again");
  }
}

describe("a group under random faults", () => {
  const modes: [string, Options][] = [
    ["with surveys and CheckQuorum", { preVote: true, checkQuorum: true }],
    ["with leases", { preVote: true, checkQuorum: true, readMode: "lease" }],
    ["by the paper alone, each append for itself", { coalesceAppends: false }],
  ];
  for (const [name, options] of modes) {
    it(`stays safe and recovers, ${name}`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        try {
          new Chaos(seed, options).run();
        } catch (error) {
          throw new Error(`seed ${seed}`, { cause: error });
        }
      }
    }).timeout(300_000);
  }
});
