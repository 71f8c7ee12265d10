import { SwarmError } from "../../../lib/errors.ts";
import type { Clock } from "../../../lib/clock.ts";
import type { SeededRandom } from "../../../lib/random.ts";
import type { Config } from "../../../raft/core/config.ts";
import type { RaftCore } from "../../../raft/core/raft-core.ts";
import type { Status } from "../../../raft/core/types.ts";
import type { StateMachine } from "../../../raft/index.ts";
import type { FromDriver, Port, ToDriver } from "../../../raft/shell/driver/port.ts";
import { RaftDriver } from "../../../raft/shell/driver/raft-driver.ts";
import { RaftHost } from "../../../raft/shell/host/raft-host.ts";
import type { MemberRecord } from "../../../raft/shell/membership.ts";
import { failureLog } from "../failure-log.ts";
import { Violation } from "../violation.ts";
import type { Checker, Observed } from "./checker.ts";
import { SimLogStore, type SimDisk } from "./disk.ts";
import { SimClock, Lane, type Process } from "./lane.ts";
import type { Network } from "./network.ts";
import { SimTransport } from "./transport.ts";

/** What runs on a member beside Raft, in one of its lives. */
export interface Application {
  readonly stateMachine: StateMachine;
  /** The member takes part from now on. */
  started?(host: RaftHost): void;
}

/** One life of a process, as an application on it sees it. */
export interface Life {
  readonly member: SimMember;
  /** The thread that the state machine lives in. */
  readonly lane: Lane;
  readonly clock: Clock;
  readonly random: SeededRandom;
}

/** What all members of a run share. */
export interface World {
  readonly network: Network;
  readonly checker: Checker;
  readonly random: SeededRandom;
  readonly settings: MemberSettings;
  readonly openApplication: (life: Life) => Application;
  /** The process of a member has ended by itself. */
  readonly onExit: (member: SimMember, reason: "removed" | "failed") => void;
  /** A broken promise. */
  readonly onViolation: (error: unknown) => void;
}

export interface MemberSettings {
  readonly electionTicks: number;
  readonly snapshotEntries: number;
  readonly keepEntries: number;
  /** Longest time that a write takes as a rule, µs. */
  readonly diskMaxUs: number;
  /** Of entries that a log store keeps in memory. */
  readonly cacheBytes: number;
  readonly core: Partial<Config>;
  /** Wall clock at the start of a run, ms; 0 where nobody reads it. */
  readonly epochMs?: number;
}

const TICK_MS = 100;

/** Nothing is encrypted here. */
const NO_LOCK = { set: (): void => {}, rotate: (): void => {} };

/** Delay of a hop between the two threads of a member, µs. */
const HOP_MAX_US = 200;
/** Delay until the driver's next turn, µs. */
const TURN_MAX_US = 30;

/** One machine: its disk and clock, and the process that runs on it now and then. */
export class SimMember implements Observed {
  readonly record: MemberRecord;
  readonly disk: SimDisk;
  readonly clock: SimClock;
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #peers: readonly MemberRecord[];
  #life: MemberLife | undefined;
  #lives = 0;

  constructor(record: MemberRecord, peers: readonly MemberRecord[], disk: SimDisk, world: World) {
    this.record = record;
    this.disk = disk;
    this.#peers = peers;
    this.#world = world;
    this.#random = world.random.split(record.nodeId);
    const offset = this.#random.int(1_000_000);
    const { epochMs = 0 } = world.settings;
    this.clock = new SimClock(world.network.scheduler, offset, epochMs);
    world.checker.addDisk(record.id, disk);
  }

  get id(): number {
    return this.record.id;
  }

  get name(): string {
    return this.record.nodeId;
  }

  get localNow(): number {
    return this.clock.now;
  }

  get running(): boolean {
    return this.#life !== undefined;
  }

  /** The node as the rest of its process sees it; undefined while it does not run. */
  get host(): RaftHost | undefined {
    return this.#life?.host;
  }

  get application(): Application | undefined {
    return this.#life?.application;
  }

  get core(): RaftCore | undefined {
    return this.#life?.core;
  }

  status(): Status | undefined {
    return this.#life?.core?.status();
  }

  /** Starts the process from what the disk holds. */
  start(): void {
    if (this.#life) return;
    this.#lives++;
    const random = this.#random.split(`life ${this.#lives}`);
    const life = new MemberLife(this, this.#world, random);
    this.#life = life;
    life.driverLane.guard(life.begin(this.#peers));
  }

  /** The process ends without a word; the disk keeps what it has, and perhaps a bit more. */
  crash(): void {
    const life = this.#life;
    if (!life) return;
    this.#life = undefined;
    life.alive = false;
    this.#world.checker.ended(this);
    life.store?.crash().catch(this.#world.onViolation);
    for (const peer of this.#world.network.living) peer.lost(this.id, true);
    for (const tell of life.endListeners) tell();
  }

  /** Neither thread does anything before `until`, global µs. */
  pause(until: number): void {
    this.#life?.driverLane.stop(until);
    this.#life?.hostLane.stop(until);
  }

  /** The host's thread does nothing before `until`, global µs. */
  stallHost(until: number): void {
    this.#life?.hostLane.stop(until);
  }

  resume(): void {
    this.#life?.driverLane.resume();
    this.#life?.hostLane.resume();
  }

  /** Calls `listener` when the present process ends. */
  onEnd(listener: () => void): void {
    this.#life?.endListeners.add(listener);
  }

  offEnd(listener: () => void): void {
    this.#life?.endListeners.delete(listener);
  }
}

/** One life of a process: the real driver and host over simulated disk, network and clock. */
class MemberLife implements Process {
  readonly name: string;
  readonly scheduler: World["network"]["scheduler"];
  readonly driverLane: Lane;
  readonly hostLane: Lane;
  readonly application: Application;
  readonly endListeners = new Set<() => void>();
  readonly #member: SimMember;
  readonly #world: World;
  readonly #random: SeededRandom;
  alive = true;
  store: SimLogStore | undefined;
  core: RaftCore | undefined;
  host: RaftHost | undefined;

  constructor(member: SimMember, world: World, random: SeededRandom) {
    this.name = member.name;
    this.scheduler = world.network.scheduler;
    this.#member = member;
    this.#world = world;
    this.#random = random;
    this.driverLane = new Lane(this, "");
    this.hostLane = new Lane(this, "host: ");
    const clock = member.clock.on(this.hostLane);
    const own = random.split("application");
    this.application = world.openApplication({ member, lane: this.hostLane, clock, random: own });
  }

  fail(error: unknown): void {
    if (this.alive) this.#world.onViolation(error);
  }

  async begin(peers: readonly MemberRecord[]): Promise<void> {
    const { record, disk, clock } = this.#member;
    const { checker, network, settings } = this.#world;
    const random = this.#random;
    const lane = this.driverLane;
    const { cacheBytes, electionTicks } = settings;
    const store = await SimLogStore.open(disk, { lane, random: random.split("disk"), cacheBytes });
    this.store = store;
    const transport = new SimTransport(record, {
      network,
      lane,
      leaving: (message) => checker.leaving(message),
    });
    const hops = random.split("hops");
    const ports = simPorts(this.hostLane, lane, () => hops.int(HOP_MAX_US));
    const snapshotDelay = (): number => disk.weather.latencyMax;
    const log = failureLog((error) => this.#failed(error));
    this.host = new RaftHost(record, {
      port: ports.host,
      stateMachine: this.application.stateMachine,
      lock: NO_LOCK,
      snapshots: disk.snapshots.open(this.hostLane, snapshotDelay),
      clock: clock.on(this.hostLane),
      log,
      defer: (task) => this.hostLane.after(hops.int(TURN_MAX_US), ["turn"], task),
    });
    const { host } = this;
    this.#follow(host);
    this.hostLane.guard(host.ready().then(() => this.application.started?.(host)));
    const snapshots = {
      intervalEntries: settings.snapshotEntries,
      keepEntries: settings.keepEntries,
    };
    const options = { self: record, peers, tickMs: TICK_MS, electionTicks, snapshots };
    const driver = new RaftDriver(
      { ...options, core: settings.core },
      {
        clock: clock.on(lane),
        random,
        log,
        store,
        cipher: null,
        snapshots: disk.snapshots.open(lane, snapshotDelay),
        transport,
        port: ports.driver,
        defer: (task) => lane.after(hops.int(TURN_MAX_US), ["turn"], task),
        onCore: (core) => {
          this.core = core;
        },
      },
    );
    await driver.start();
  }

  /** Ends the process when the node does, or when it is told that it was removed. */
  #follow(host: RaftHost): void {
    host.closed().catch(() => {
      if (this.alive) this.#world.onExit(this.#member, "failed");
    });
    const watch = async (): Promise<void> => {
      for await (const { removed } of host.watchStatus(new AbortController().signal))
        if (removed && this.alive) this.#world.onExit(this.#member, "removed");
    };
    watch().catch(() => {});
  }

  /** A disk that fails is a fault of ours; anything else that ends a member is one of its own. */
  #failed(error: unknown): void {
    if (!this.alive || (error instanceof SwarmError && error.code === "exhausted")) return;
    if (error instanceof Violation) this.#world.onViolation(error);
    else {
      const cause = error instanceof Error ? error : new Error(String(error));
      const failure = new Violation("node-failed", `${this.name}: ${cause.message}`);
      failure.stack = cause.stack ?? "";
      this.#world.onViolation(failure);
    }
  }
}

/** The way between the two threads of a member: ordered, and each hop takes its time. */
function simPorts(
  hostLane: Lane,
  driverLane: Lane,
  delay: () => number,
): { host: Port<FromDriver, ToDriver>; driver: Port<ToDriver, FromDriver> } {
  const toDriver = hop<ToDriver>(driverLane, delay);
  const toHost = hop<FromDriver>(hostLane, delay);
  return {
    host: { post: toDriver.post, flush: () => {}, onMessages: toHost.listen },
    driver: { post: toHost.post, flush: () => {}, onMessages: toDriver.listen },
  };
}

function hop<T>(
  lane: Lane,
  delay: () => number,
): { post: (message: T) => void; listen: (listener: (messages: readonly T[]) => void) => void } {
  let queue: T[] = [];
  let due = false;
  let listener: ((messages: readonly T[]) => void) | undefined;
  const schedule = (): void => {
    if (due || !listener || queue.length === 0) return;
    due = true;
    lane.after(delay(), ["port", queue], () => {
      due = false;
      const messages = queue;
      queue = [];
      listener?.(messages);
    });
  };
  return {
    post(message) {
      queue.push(message);
      schedule();
    },
    listen(taker) {
      listener = taker;
      schedule();
    },
  };
}
