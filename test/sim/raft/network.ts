import type { SeededRandom } from "../../../lib/random.ts";
import type { Message } from "../../../raft/core/message.ts";
import type { Scheduler } from "../scheduler.ts";
import type { SimTransport } from "./transport.ts";

/** How the network behaves at the moment; times in µs, chances per mille. */
export interface NetWeather {
  latencyMin: number;
  latencyMax: number;
  /** Chance of a latency from the tail, up to `tailMax`. */
  tail: number;
  tailMax: number;
  loss: number;
  duplicate: number;
  reorder: number;
}

/** Calm weather on a local network. */
export const CALM: NetWeather = Object.freeze({
  latencyMin: 200,
  latencyMax: 2_000,
  tail: 0,
  tailMax: 0,
  loss: 0,
  duplicate: 0,
  reorder: 0,
});

/** A notice a broken connection takes to be seen, and the pause between two attempts; µs. */
const BREAK_NOTICED = { min: 50_000, max: 3_000_000 };

/** What happens with messages between machines. Ways have a direction and are told by name. */
export class Network {
  readonly scheduler: Scheduler;
  readonly random: SeededRandom;
  weather: NetWeather = { ...CALM };
  /** Ways on which everything is lost. */
  readonly #cut = new Map<string, number>();
  /** Ways on which everything waits until the moment given. */
  readonly #clogged = new Map<string, number>();
  readonly #byId = new Map<number, SimTransport>();
  /** When the last frame on a way arrives, so that the next one does not overtake it. */
  readonly #lastArrival = new Map<string, number>();
  /** Deliver what an earlier life was sent: shows why frames are bound to lives. */
  hostile = false;

  constructor(scheduler: Scheduler, random: SeededRandom) {
    this.scheduler = scheduler;
    this.random = random;
  }

  /** The newest life of member `id`. */
  attach(id: number, transport: SimTransport): void {
    this.#byId.set(id, transport);
  }

  /** The living process of member `id`. */
  peer(id: number): SimTransport | undefined {
    const transport = this.#byId.get(id);
    return transport?.alive ? transport : undefined;
  }

  get living(): readonly SimTransport[] {
    return [...this.#byId.values()].filter(({ alive }) => alive);
  }

  cut(from: string, to: string): void {
    const way = `${from}>${to}`;
    this.#cut.set(way, (this.#cut.get(way) ?? 0) + 1);
  }

  mend(from: string, to: string): void {
    const way = `${from}>${to}`;
    this.#cut.set(way, Math.max(0, (this.#cut.get(way) ?? 0) - 1));
  }

  clog(from: string, to: string, until: number): void {
    this.#clogged.set(`${from}>${to}`, until);
  }

  calm(): void {
    this.weather = { ...CALM };
  }

  /** Everything works again. */
  heal(): void {
    this.calm();
    this.#cut.clear();
    this.#clogged.clear();
  }

  isCut(from: string, to: string): boolean {
    return (this.#cut.get(`${from}>${to}`) ?? 0) > 0;
  }

  /** Whether a connection can be held: it needs both directions. */
  connects(from: string, to: string): boolean {
    return !this.isCut(from, to) && !this.isCut(to, from);
  }

  /** µs until a break is noticed. */
  breakDelay(): number {
    return BREAK_NOTICED.min + this.random.int(BREAK_NOTICED.max - BREAK_NOTICED.min);
  }

  latency(): number {
    const { latencyMin, latencyMax, tail, tailMax } = this.weather;
    const usual = latencyMin + this.random.int(latencyMax - latencyMin + 1);
    return this.#chance(tail) ? usual + this.random.int(tailMax + 1) : usual;
  }

  /** Carries a frame from one life to another; lost, delayed or doubled as the weather has it. */
  carry(from: SimTransport, to: SimTransport, messages: readonly Message[]): void {
    const { loss, duplicate } = this.weather;
    if (this.isCut(from.name, to.name) || this.#chance(loss)) return;
    this.#schedule(from, to, messages);
    if (this.#chance(duplicate)) this.#schedule(from, to, messages);
  }

  #schedule(from: SimTransport, to: SimTransport, messages: readonly Message[]): void {
    const { scheduler } = this;
    const way = `${from.name}>${to.name}`;
    let at = scheduler.now + this.latency();
    at = Math.max(at, this.#clogged.get(way) ?? 0);
    // Appends have a stream of their own, so order is kept between frames of a kind only.
    const stream = messages[0]?.type === "MsgApp" ? `${way}/append` : way;
    if (!this.#chance(this.weather.reorder)) {
      at = Math.max(at, (this.#lastArrival.get(stream) ?? 0) + 1);
      this.#lastArrival.set(stream, at);
    }
    const { hostile } = this;
    scheduler.after(at - scheduler.now, [to.name, `< ${from.name}`, messages], () => {
      const reached = hostile ? (this.peer(to.id) ?? to) : to;
      if (!this.isCut(from.name, to.name) && (hostile || from.alive))
        reached.arrive(from, messages);
    });
  }

  #chance(perMille: number): boolean {
    return perMille > 0 && this.random.int(1000) < perMille;
  }
}
