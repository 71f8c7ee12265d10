import { encodeConfChange, LEAVE_JOINT } from "../../../raft/core/conf-change-codec.ts";
import type { ConfChange, Entry, Id } from "../../../raft/core/types.ts";
import type { LogWrite } from "../../../raft/shell/log/log-store.ts";
import { MemoryLogStore } from "../../../raft/shell/log/memory-log-store.ts";
import { encodeMember, type MemberRecord } from "../../../raft/shell/membership.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import { SimDisk, type DiskWeather } from "./disk.ts";
import { show } from "./log-tree.ts";
import { SimMember, type World } from "./member.ts";
import { SimSnapshots } from "./snapshots.ts";

/** A group grows no larger than this by faults. */
const MEMBERS_MAX = 7;

/** Pause of the one who tidies up after the faults, µs. */
const TEND_US = 400_000;

const DISK_MIN_US = 50;

/** All machines of a run, and who of them belongs to the group. */
export class Group {
  readonly #world: World;
  readonly #members: SimMember[] = [];
  /** Taken out of the group, or their disks are lost: never started again. */
  readonly #retired = new Set<SimMember>();
  readonly #resting = new Set<SimMember>();
  #names = 0;
  #adding = false;
  #healing = false;

  constructor(world: World) {
    this.#world = world;
  }

  get members(): readonly SimMember[] {
    return this.#members;
  }

  /** Machines that are not retired. */
  get active(): readonly SimMember[] {
    return this.#members.filter((member) => !this.#retired.has(member));
  }

  /** The machine `name`; of one that came back under its name with an empty disk the present self. */
  find(name: string): SimMember | undefined {
    const named = (member: SimMember): boolean => member.name === name;
    return this.active.find(named) ?? this.#members.find(named);
  }

  /** The running leader of the highest term. */
  get leader(): SimMember | undefined {
    let best: SimMember | undefined;
    let term = -1;
    for (const member of this.#members) {
      const status = member.status();
      if (status?.role !== "leader" || status.term <= term) continue;
      best = member;
      term = status.term;
    }
    return best;
  }

  /** Starts a group of `count` voters whose logs already say so. */
  async begin(count: number): Promise<void> {
    const records = Array.from({ length: count }, (_, i) => this.#record(i + 1));
    const entries = records.map((record, i): Entry => {
      const steps = [{ type: "add-voter", id: record.id }] as const;
      const change = { transition: "auto", steps, context: encodeMember(record) } as const;
      return { index: i + 1, term: 1, type: "conf-change", data: encodeConfChange(change) };
    });
    const hardState = { term: 1, vote: 0, commit: count };
    for (const record of records) {
      const member = this.#make(record, []);
      const write: LogWrite = { entries, hardState, snapshot: null };
      const store = await MemoryLogStore.open(member.disk.memory);
      const before = store.hardState;
      await store.write(write);
      member.disk.written(write, before);
    }
    const { checker } = this.#world;
    checker.commit(checker.tree.find(count, 1)!);
    for (const member of this.#members) member.start();
  }

  restart(member: SimMember): void {
    if (!this.#retired.has(member) && !this.#resting.has(member)) member.start();
  }

  /** The process of `member` has ended by itself. */
  exited(member: SimMember, reason: "removed" | "failed"): void {
    member.crash();
    if (reason === "removed") this.#retired.add(member);
    else
      this.#world.network.scheduler.after(500_000, [member.name, "restart"], () =>
        this.restart(member),
      );
  }

  /** Connections across a cut break, sooner or later. */
  noticeCuts(): void {
    const { network } = this.#world;
    for (const a of network.living)
      for (const b of network.living) if (!network.connects(a.name, b.name)) a.lost(b.id, false);
  }

  transfer(to: SimMember | undefined): void {
    const { leader } = this;
    if (!leader?.host || !to) return;
    ignore(leader.host.transferLeadership(new AbortController().signal, to.id));
  }

  /** Admits a machine with an empty disk. */
  add(): void {
    const { leader } = this;
    if (!leader?.host || this.active.length >= MEMBERS_MAX || this.#adding) return;
    const record = this.#record(0);
    this.#adding = true;
    const { nodeId, addr, controlAddr } = record;
    const answered = leader.host
      .addMember({ nodeId, addr, controlAddr }, new AbortController().signal)
      .then(({ id, members }) => {
        this.admit({ ...record, id }, members);
      });
    ignore(answered);
    // Whoever asked may never get an answer; nobody waits for that.
    this.#world.network.scheduler.after(2_000_000, ["admin", "may add again"], () => {
      this.#adding = false;
    });
  }

  /** Starts a machine with an empty disk, which the leader has admitted to `members`. */
  admit(record: MemberRecord, members: readonly MemberRecord[]): void {
    const peers = members.filter((peer) => peer.id !== record.id).map(recordOf);
    this.#make(record, peers).start();
  }

  /**
   * Takes `id` out and leaves at least `rest`; whoever is lost comes first, so that no second loss
   * costs the quorum.
   */
  remove(id: Id | undefined, rest = 2): void {
    const { leader } = this;
    const target = this.#lostVoters()[0] ?? id;
    if (!leader?.host || target === undefined || this.active.length <= rest) return;
    ignore(leader.host.removeMember(target, new AbortController().signal));
  }

  /** Proposes a change of several members at once; not while one of them is lost. */
  changeConf(change: ConfChange): void {
    if (this.#lostVoters().length === 0) this.leader?.core?.proposeConfChange(change);
  }

  /** The disk of `member` is lost: it is taken out, and a machine with a new id comes. */
  replace(member: SimMember, delay: number): void {
    if (!this.#canLoseOne() || this.#healing) return;
    member.crash();
    this.#retired.add(member);
    const { scheduler } = this.#world.network;
    scheduler.after(delay, ["admin", "replace", member.name], () => {
      this.remove(member.id);
      this.add();
    });
  }

  /** Down while the others recover. */
  isResting(member: SimMember): boolean {
    return this.#resting.has(member);
  }

  /**
   * Everything works again: every machine that still belongs starts, the others are taken out.
   * With `core` as many stay down as a group can do without, unless its members are in question.
   */
  heal(core: boolean): void {
    this.#healing = true;
    if (core && this.#sameEverywhere()) this.#rest();
    this.healRest(this.#resting);
    this.#tend();
  }

  #rest(): void {
    const members = this.active;
    const down = (members.length - 1) >> 1;
    for (const member of members.slice(members.length - down)) {
      member.crash();
      this.#resting.add(member);
    }
  }

  /** Whether every log leads to one and the same plain configuration, of all active machines. */
  #sameEverywhere(): boolean {
    const { checker } = this.#world;
    const { confIndex } = checker.tree.committed[checker.tree.committedIndex]!;
    const founders = this.#members.length;
    return (
      confIndex === founders &&
      this.active.length === founders &&
      this.active.every(({ disk }) => disk.last.confIndex <= founders)
    );
  }

  /** Starts everybody but `resting`. */
  healRest(resting: ReadonlySet<SimMember> = new Set()): void {
    if (resting !== this.#resting) this.#resting.clear();
    for (const member of this.active) {
      if (resting.has(member)) continue;
      Object.assign(member.disk.weather, this.#goodWeather());
      member.clock.setRate(1);
      member.resume();
      member.start();
    }
  }

  /** One line about a member, for reports. */
  describe(member: SimMember): string {
    const status = member.status();
    const fate = this.#retired.has(member) ? "retired" : "down";
    if (!status) return `${member.name} (${member.id}): ${fate}, log to ${show(member.disk.last)}`;
    const { role, term, lead, commit, applied, lastIndex, config } = status;
    return (
      `${member.name} (${member.id}): ${role} of term ${term}, leader ${lead}, applied ${applied}, ` +
      `commit ${commit}, last ${lastIndex}, ${JSON.stringify(config)}`
    );
  }

  #tend(): void {
    const { leader } = this;
    const config = leader?.status()?.config;
    if (leader?.host && config) {
      const ids = [...config.voters, ...config.learners];
      const gone = ids.find((id) => this.#isLost(id));
      const joint = config.votersOutgoing.length > 0;
      if (joint && !config.autoLeave) leader.core?.proposeConfChange(LEAVE_JOINT);
      else if (gone !== undefined)
        ignore(leader.host.removeMember(gone, new AbortController().signal));
    }
    this.#world.network.scheduler.after(TEND_US, ["admin", "tend"], () => this.#tend());
  }

  /**
   * Whether the group survives the loss of any one voter: it has three or more, all of them there,
   * and everybody has the same configuration without another to come.
   */
  #canLoseOne(): boolean {
    const { leader } = this;
    const status = leader?.status();
    if (!leader || !status || this.#lostVoters().length > 0) return false;
    const { voters, votersOutgoing } = status.config;
    if (voters.length < 3 || votersOutgoing.length > 0) return false;
    if (status.pendingConfIndex > status.applied) return false;
    const text = JSON.stringify(status.config);
    return this.active.every((member) => {
      const config = member.status()?.config;
      return config !== undefined && JSON.stringify(config) === text;
    });
  }

  /** Voters of the newest configuration that will never come back. */
  #lostVoters(): readonly Id[] {
    const config = this.leader?.status()?.config;
    const voters = [...(config?.voters ?? []), ...(config?.votersOutgoing ?? [])];
    return voters.filter((id) => this.#isLost(id));
  }

  #isLost(id: Id): boolean {
    return !this.active.some((member) => member.id === id);
  }

  #goodWeather(): DiskWeather {
    const latencyMax = this.#world.settings.diskMaxUs;
    return { latencyMin: DISK_MIN_US, latencyMax, stalledUntil: 0, writesLeft: Infinity };
  }

  #record(id: Id): MemberRecord {
    const nodeId = `n${++this.#names}`;
    return { id, nodeId, addr: `${nodeId}:2378`, controlAddr: `${nodeId}:2377` };
  }

  #make(record: MemberRecord, peers: readonly MemberRecord[]): SimMember {
    const weather = this.#goodWeather();
    const disk = new SimDisk(this.#world.checker.tree, weather, new SimSnapshots());
    const member = new SimMember(record, peers, disk, this.#world);
    this.#members.push(member);
    return member;
  }
}

/** Requests of the operator may fail in many ways, and then there is nothing to do about it. */
function ignore(request: Promise<unknown>): void {
  request.catch((error: unknown) => {
    if (!isSwarmError(error)) throw error;
  });
}

function recordOf({ id, nodeId, addr, controlAddr }: MemberRecord): MemberRecord {
  return { id, nodeId, addr, controlAddr };
}
