import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/random.ts";
import type { Message } from "../../../raft/core/message.ts";
import type { Id } from "../../../raft/core/types.ts";
import { bytes, conf, Member } from "./member.ts";

const STEP_MS = 10;
const RUN_MS = 20_000;
const IDS = [1, 2, 3] as const;
const OPTIONS = {
  checkQuorum: true,
  preVote: true,
  readMode: "lease",
  asyncStorageWrites: true,
  coalesceAppends: true,
} as const;

/** A member whose clock runs at its own rate and began at its own time. */
interface Clocked {
  readonly member: Member;
  readonly rate: number;
  readonly offset: number;
  nextTick: number;
}

interface Flight {
  readonly at: number;
  readonly message: Message;
}

/**
 * Members with clocks of different rates behind a network that delays, and cuts one member off
 * (both ways or one way) now and then. Every member asks for a read in every step.
 */
class ClockedGroup {
  readonly #random: SeededRandom;
  readonly #members: Clocked[];
  #flights: Flight[] = [];
  #cut: { readonly id: Id; readonly until: number; readonly oneWay: boolean } | null = null;
  readonly #asked = new Map<number, number>();
  #nextRead = 1;
  /** Reads that a leader answered in the very step in which they were asked. */
  atOnce = 0;
  /** Answers that missed something committed before the question. */
  stale = 0;
  terms = 0;

  constructor(seed: number, drift: number) {
    this.#random = new SeededRandom(seed);
    this.#members = IDS.map((id, i) => {
      const random = this.#random.split(`member ${id}`);
      const options = { ...OPTIONS, random: (bound: number) => random.int(bound) };
      // The extremes of what is allowed, and the middle; who gets which differs by seed.
      const rate = 1 + drift * (((i + seed) % 3) - 1);
      const offset = this.#random.int(10_000);
      return {
        member: new Member(id, conf(IDS), options),
        rate,
        offset,
        nextTick: offset + this.#random.int(100),
      };
    });
  }

  run(): this {
    for (let time = 0; time < RUN_MS; time += STEP_MS) {
      this.#partition(time);
      for (const one of this.#members) this.#step(one, time);
      this.#deliver(time);
    }
    return this;
  }

  #partition(time: number): void {
    if (this.#cut && time >= this.#cut.until) this.#cut = null;
    if (this.#cut || this.#random.int(100) > 0) return;
    const until = time + 500 + this.#random.int(3000);
    const leader = this.#members.find(({ member }) => member.core.role === "leader");
    const id = leader && this.#random.int(3) > 0 ? leader.member.id : 1 + this.#random.int(3);
    this.#cut = { id, until, oneWay: this.#random.int(3) === 0 };
  }

  #step(one: Clocked, time: number): void {
    const { member } = one;
    const now = one.offset + time * one.rate;
    for (; one.nextTick <= now; one.nextTick += member.config.tickMs) member.core.tick(now);
    if (member.core.role === "leader") member.core.propose([bytes("x")]);
    const committed = Math.max(...this.#members.map((other) => other.member.core.commit));
    const id = this.#nextRead++;
    this.#asked.set(id, committed);
    member.core.readIndex(id, now);
    for (const message of member.take()) {
      this.#flights.push({ at: time + 1 + this.#random.int(40), message });
    }
    for (const read of member.reads.splice(0)) {
      if (read.id === id) this.atOnce++;
      if (read.index < this.#asked.get(read.id)!) this.stale++;
    }
    this.terms = Math.max(this.terms, member.core.term);
    member.failedReads.length = 0;
    member.applied.length = 0;
  }

  #deliver(time: number): void {
    const due = this.#flights.filter(({ at }) => at <= time);
    this.#flights = this.#flights.filter(({ at }) => at > time);
    for (const { message: m } of due) {
      const cut = this.#cut;
      const lost = cut && (m.to === cut.id || (m.from === cut.id && !cut.oneWay));
      const to = this.#members.find(({ member }) => member.id === m.to);
      if (to && !lost) to.member.step(m);
    }
  }
}

describe("lease reads by clocks that differ", () => {
  it("are never stale while rates differ by less than the margin, and mostly immediate", () => {
    let terms = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const group = new ClockedGroup(seed, 0.045).run();
      assert.equal(group.stale, 0, `seed ${seed}`);
      assert.ok(group.atOnce > 200, `seed ${seed}: ${group.atOnce} at once`);
      terms += group.terms;
    }
    // Leaders were lost and replaced while they held leases.
    assert.ok(terms > 30, `${terms} terms`);
  });

  it("are stale when clocks differ by far more: this test would notice", () => {
    let stale = 0;
    for (let seed = 1; seed <= 60 && stale === 0; seed++) {
      stale += new ClockedGroup(seed, 0.55).run().stale;
    }
    assert.ok(stale > 0);
  });
});
