import type { ConfChangeStep } from "../../../raft/core/types.ts";
import type { Fault } from "./faults.ts";
import type { Group } from "./group.ts";
import type { Load } from "./load.ts";
import type { SimMember } from "./member.ts";
import type { Network } from "./network.ts";

/** Largest part by which a clock may be off: two of them stay within the lease's margin. */
const CLOCK_DRIFT = 0.04;

const NO_CONTEXT = new Uint8Array(0);

/** Carries out faults. Targets are chosen when a fault begins, by the draws it came with. */
export class Nemesis {
  readonly #group: Group;
  readonly #network: Network;
  readonly #load: Load;

  constructor(group: Group, network: Network, load: Load) {
    this.#group = group;
    this.#network = network;
    this.#load = load;
  }

  /** Begins `fault`; its end is scheduled. */
  begin(fault: Fault): void {
    const target = this.#target(fault);
    if (!target) return;
    const until = this.#network.scheduler.now + fault.lasts;
    switch (fault.kind) {
      case "crash":
        return this.#crash(target, fault.lasts);
      case "crash-all":
        return this.#crashAll(fault);
      case "disk-slow":
      case "disk-stall":
      case "disk-full":
        return this.#disturbDisk(fault, target);
      case "pause":
        return target.pause(until);
      case "host-stall":
        return target.stallHost(until);
      case "clock-rate":
        return this.#drift(fault, target);
      case "weather":
        return this.#weather(fault);
      case "split":
      case "one-way":
      case "isolate":
      case "bridge":
        return this.#partition(fault, target);
      case "flap":
        return this.#flap(fault, target);
      case "clog":
        return this.#clog(fault, until);
      default:
        return this.#manage(fault, target);
    }
  }

  #manage(fault: Fault, target: SimMember): void {
    switch (fault.kind) {
      case "transfer":
        return this.#group.transfer(this.#any(fault, 2));
      case "add":
        return this.#group.add();
      case "remove":
        return this.#group.remove(this.#any(fault, 2)?.id);
      case "remove-leader":
        return this.#group.remove(this.#group.leader?.id, 1);
      case "replace":
        return this.#group.replace(target, fault.lasts);
      case "joint":
        return this.#joint(fault);
      case "burst":
        return this.#burst(1 + this.#draw(fault, 2, 12));
      default:
    }
  }

  /** The leader in two cases of five, else anybody. */
  #target(fault: Fault): SimMember | undefined {
    const leader = this.#draw(fault, 0, 5) < 2 ? this.#group.leader : undefined;
    return leader ?? this.#any(fault, 1);
  }

  #draw({ draws }: Fault, at: number, bound: number): number {
    return draws[at]! % bound;
  }

  #any(fault: Fault, at: number): SimMember | undefined {
    const members = this.#group.active;
    return members[this.#draw(fault, at, Math.max(1, members.length))];
  }

  #crash(member: SimMember, lasts: number): void {
    member.crash();
    this.#network.scheduler.after(lasts, ["fault", "restart", member.name], () =>
      this.#group.restart(member),
    );
  }

  #crashAll(fault: Fault): void {
    for (const [i, member] of this.#group.active.entries()) {
      const delay = this.#draw(fault, 2 + (i % 6), 5_000);
      this.#network.scheduler.after(delay, ["fault", "crash", member.name], () =>
        this.#crash(member, fault.lasts + delay * 100),
      );
    }
  }

  #disturbDisk(fault: Fault, { disk }: SimMember): void {
    const { weather } = disk;
    const { scheduler } = this.#network;
    if (fault.kind === "disk-stall") weather.stalledUntil = scheduler.now + fault.lasts;
    else if (fault.kind === "disk-full") weather.writesLeft = this.#draw(fault, 3, 4);
    else {
      const usual = weather.latencyMax;
      weather.latencyMax = 1_000 + this.#draw(fault, 3, 400_000);
      scheduler.after(fault.lasts, ["fault", "disk is fast again"], () => {
        weather.latencyMax = usual;
      });
    }
  }

  #drift(fault: Fault, { clock, name }: SimMember): void {
    clock.setRate(1 + (this.#draw(fault, 3, 2001) / 1000 - 1) * CLOCK_DRIFT);
    this.#network.scheduler.after(fault.lasts, ["fault", "clock is right again", name], () =>
      clock.setRate(1),
    );
  }

  #weather(fault: Fault): void {
    const chance = (at: number, bound: number): number =>
      this.#draw(fault, at, 2) === 0 ? 0 : this.#draw(fault, at + 1, bound);
    this.#network.weather = {
      latencyMin: 200,
      latencyMax: 1_000 + this.#draw(fault, 1, 50_000),
      tail: chance(2, 200),
      tailMax: 1_500_000,
      loss: chance(3, 400),
      duplicate: chance(4, 300),
      reorder: chance(5, 500),
    };
    this.#network.scheduler.after(fault.lasts, ["fault", "calm weather"], () =>
      this.#network.calm(),
    );
  }

  /** Cuts ways between two sides, or around one member; mends them when the fault ends. */
  #partition(fault: Fault, target: SimMember): void {
    const names = this.#group.active.map(({ name }) => name);
    const side = (name: string): number => {
      if (fault.kind === "isolate") return name === target.name ? 0 : 1;
      return this.#draw(fault, 2 + (names.indexOf(name) % 6), 2);
    };
    const bridge = fault.kind === "bridge" ? target.name : undefined;
    const cuts: [string, string][] = [];
    for (const from of names)
      for (const to of names) {
        const apart = side(from) !== side(to) && from !== bridge && to !== bridge;
        if (apart && (fault.kind !== "one-way" || side(from) === 0)) cuts.push([from, to]);
      }
    this.#cut(cuts, fault.lasts);
  }

  #flap(fault: Fault, { name }: SimMember): void {
    const period = 100_000 + this.#draw(fault, 3, 900_000);
    const others = this.#group.active.filter((member) => member.name !== name);
    const cuts = others.flatMap((other): [string, string][] => [
      [name, other.name],
      [other.name, name],
    ]);
    for (let at = 0; at < fault.lasts; at += period * 2)
      this.#network.scheduler.after(at, ["fault", "flap", name], () => this.#cut(cuts, period));
  }

  #cut(cuts: readonly (readonly [string, string])[], lasts: number): void {
    for (const [from, to] of cuts) this.#network.cut(from, to);
    this.#group.noticeCuts();
    this.#network.scheduler.after(lasts, ["fault", "ways are mended"], () => {
      for (const [from, to] of cuts) this.#network.mend(from, to);
    });
  }

  #clog(fault: Fault, until: number): void {
    const from = this.#any(fault, 2);
    const to = this.#any(fault, 3);
    if (from && to) this.#network.clog(from.name, to.name, until);
  }

  /** Many proposals at once, at everybody who believes to lead. */
  #burst(count: number): void {
    for (const member of this.#group.active)
      if (member.status()?.role === "leader") this.#load.burst(member, count);
  }

  /** Proposes to exchange voters for learners and back through a joint configuration. */
  #joint(fault: Fault): void {
    const { leader } = this.#group;
    const config = leader?.status()?.config;
    if (!config) return;
    if (config.votersOutgoing.length > 0) {
      this.#group.changeConf({ transition: "auto", steps: [], context: NO_CONTEXT });
      return;
    }
    const known = config.learners.filter((id) => this.#group.active.some((m) => m.id === id));
    const steps: ConfChangeStep[] = known.map((id) => ({ type: "add-voter", id }));
    // Perhaps all but one. As configurations take effect when they are applied, the others may
    // know of their demotion before those who stay do, and may have the longer logs (etcd 12359).
    const first = this.#draw(fault, 2, config.voters.length);
    const demoted = this.#draw(fault, 3, config.voters.length);
    for (let i = 0; i < demoted; i++) {
      const id = config.voters[(first + i) % config.voters.length]!;
      steps.push({ type: "add-learner", id });
    }
    if (steps.length === 0) return;
    const transition = (["auto", "implicit", "explicit"] as const)[this.#draw(fault, 4, 3)]!;
    this.#group.changeConf({ transition, steps, context: NO_CONTEXT });
  }
}
