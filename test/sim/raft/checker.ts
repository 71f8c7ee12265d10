import type { CommittedEntry } from "../../../raft/index.ts";
import type { Message } from "../../../raft/core/message.ts";
import type { Id, Status } from "../../../raft/core/types.ts";
import { demand } from "../violation.ts";
import type { SimDisk } from "./disk.ts";
import { ConfigHistory, isQuorum } from "./configuration.ts";
import { LogTree, show, type LogNode } from "./log-tree.ts";
import type { Command, MachineWatch } from "./register-machine.ts";

/** What the checker sees of a running member. */
export interface Observed {
  readonly id: Id;
  readonly name: string;
  readonly disk: SimDisk;
  /** The member's own monotonic ms. */
  readonly localNow: number;
}

interface Leadership {
  readonly id: Id;
  /** The durable end of its log when it was elected. */
  readonly tip: LogNode;
}

/** One entry passes however large it is. */
const LARGEST_ENTRY_BYTES = 512;

/** Bounds that a leader must keep to. */
export interface Limits {
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  readonly maxBytesPerMessage: number;
}

/** The promises of Raft over all lives of all members, checked as the run goes on. */
export class Checker implements MachineWatch {
  readonly tree = new LogTree();
  readonly #limits: Limits;
  /** By member; a lost machine's disk stays, because what it acknowledged was true. */
  readonly #disks = new Map<Id, SimDisk>();
  readonly #leaders = new Map<number, Leadership>();
  /** How far the leader of each term has committed. */
  readonly #committedBy = new Map<number, number>();
  #newestTerm = 0;
  readonly #votes = new Map<string, Id>();
  readonly #configs = new ConfigHistory();
  readonly #digests: number[] = [];
  /** Attempts that members refused for certain. */
  readonly refused = new Set<number>();
  /** Commands that took effect, by session and number. */
  readonly effective = new Map<string, number>();
  /** Whoever led when it was last looked at, and in which term. */
  readonly #leading = new Map<Observed, number>();
  /** Leaders with a lease: until when, on their own clocks. */
  readonly #leases = new Map<Observed, { readonly term: number; readonly until: number }>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  addDisk(id: Id, disk: SimDisk): void {
    this.#disks.set(id, disk);
  }

  /** A member's state after something happened to it. */
  observe(member: Observed, status: Status): void {
    const { commit, applied, lastIndex, role } = status;
    const ordered = applied <= commit && commit <= lastIndex;
    demand(ordered, "order", () => `applied ${applied}, commit ${commit}, last ${lastIndex}`);
    const durable = applied <= member.disk.last.index;
    demand(durable, "durable-apply", () => `${member.name} has applied ${applied}, not durable`);
    if (role === "leader") this.#observeLeader(member, status);
    else this.#observeOther(member, status);
    const known = this.tree.committedIndex;
    demand(commit <= known, "commit", () => `${member.name} commits ${commit}, known ${known}`);
    this.#checkConfiguration(member, status);
  }

  #observeOther(member: Observed, status: Status): void {
    const term = this.#leading.get(member);
    this.#leading.delete(member);
    this.#leases.delete(member);
    // A leader may commit something and end its leadership in the same breath, for a higher term too.
    if (term !== undefined && status.commit > this.tree.committedIndex)
      this.#committed({ ...status, term });
  }

  /** The configuration in force is the applied one; of a snapshot being installed, its own. */
  #checkConfiguration({ name }: Observed, { applied, commit, config, role }: Status): void {
    const { committed } = this.tree;
    const inForce = committed[applied]!.confIndex;
    let at = committed[role === "leader" ? applied : commit]!.confIndex;
    while (at > inForce && !this.#configs.is(at, config)) at = committed[at]!.parent!.confIndex;
    if (at <= inForce) this.#configs.demand(inForce, config, name);
  }

  /** A member's process has ended. */
  ended(member: Observed): void {
    this.#leading.delete(member);
    this.#leases.delete(member);
  }

  #observeLeader(member: Observed, status: Status): void {
    const { term, commit } = status;
    const leader = this.#leaders.get(term);
    if (!leader) this.#elected(member, term);
    else demand(leader.id === member.id, "election-safety", () => `term ${term} has two leaders`);
    this.#leading.set(member, term);
    if (status.leaseUntil > 0) this.#leases.set(member, { term, until: status.leaseUntil });
    else this.#leases.delete(member);
    if (commit > this.tree.committedIndex || this.#newestTerm > term) this.#committed(status);
    this.#checkProgress(member, status);
    this.#checkPendingChange(member, status);
  }

  /** A leader adds no change of the configuration while another waits to be applied. */
  #checkPendingChange({ name, disk }: Observed, { term, applied }: Status): void {
    const { confIndex } = disk.last;
    if (confIndex <= Math.max(applied, disk.base.index)) return;
    const newest = LogTree.ancestor(disk.last, confIndex);
    const alone = newest.term < term || newest.parent!.confIndex <= applied;
    demand(alone, "pending-change", () => `${name} has two changes above ${applied}`);
  }

  #elected({ id, name, disk }: Observed, term: number): void {
    // Votes may come in late: what later leaders have committed by then need not be there.
    let index = 0;
    for (const [by, through] of this.#committedBy) if (by < term) index = Math.max(index, through);
    const newest = this.tree.committed[index]!;
    const message = (): string => `${name} leads term ${term} without ${show(newest)}`;
    demand(disk.holds(newest), "leader-completeness", message);
    this.#leaders.set(term, { id, tip: disk.last });
    this.#newestTerm = Math.max(this.#newestTerm, term);
  }

  /** A leader says that `commit` is committed. */
  #committed({ id, term, commit, config }: Status): void {
    const before = this.tree.committedIndex;
    if (commit <= before && this.tree.committed[commit]!.term <= term) return;
    // A leader moves its commit index only to an entry of its own term (Raft §5.4.2).
    const node = this.tree.find(commit, term);
    const message = (): string => `${id} commits ${commit}@${term}, which is on no disk`;
    demand(node !== undefined, "commit", message);
    const held = (voter: Id): boolean => this.#disks.get(voter)?.holds(node!) ?? false;
    demand(
      isQuorum(config, held),
      "durable-commit",
      () => `${show(node!)} is not durable on a quorum`,
    );
    this.commit(node!);
    this.#committedBy.set(term, node!.index);
    this.#checkLaterLeaders(node!, term);
    this.#checkLeases(term);
  }

  /** Declares `node` and its past committed. */
  commit(node: LogNode): void {
    const before = this.tree.committedIndex;
    this.tree.commit(node);
    for (let at = before + 1; at <= node.index; at++) {
      const { entry } = this.tree.committed[at]!;
      if (entry?.type === "conf-change") this.#configs.committed(entry);
    }
  }

  /** Leaders elected meanwhile must have what an older one finds committed only now. */
  #checkLaterLeaders(node: LogNode, term: number): void {
    for (let later = term + 1; later <= this.#newestTerm; later++) {
      const leader = this.#leaders.get(later);
      if (!leader) continue;
      const held = LogTree.ancestor(leader.tip, node.index) === node;
      const message = (): string => `${leader.id} was elected in ${later} without ${show(node)}`;
      demand(held, "leader-completeness", message);
    }
  }

  /** When a leader of `term` commits, no other of a lower term may serve reads by lease. */
  #checkLeases(term: number): void {
    for (const [member, lease] of this.#leases) {
      const holds = lease.term < term && member.localNow < lease.until;
      const message = (): string =>
        `${member.name} of term ${lease.term} has a lease while term ${term} commits`;
      demand(!holds, "lease", message);
    }
  }

  #checkProgress({ name }: Observed, { term, progress, lastIndex, id }: Status): void {
    const { maxInflightMessages, maxInflightBytes, maxBytesPerMessage } = this.#limits;
    for (const { id: peer, view } of progress) {
      const { match, next, inflight, inflightBytes } = view;
      const say = (what: string) => (): string => `${name} about ${peer}: ${what}`;
      demand(match < next, "progress", say(`match ${match}, next ${next}`));
      if (peer === id) continue;
      const bounded =
        next <= lastIndex + 1 &&
        inflight <= maxInflightMessages &&
        inflightBytes <= maxInflightBytes + Math.max(maxBytesPerMessage, LARGEST_ENTRY_BYTES);
      demand(bounded, "window", say(`next ${next}, ${inflight} in flight, ${inflightBytes} B`));
      const disk = this.#disks.get(peer);
      if (disk?.term !== term) continue;
      const durable = disk.last.index;
      demand(match <= durable, "progress", say(`match ${match}, durable ${durable}`));
    }
  }

  /** A message is about to leave a member: what it promises must be durable. */
  leaving(message: Message): void {
    const { type, from, term } = message;
    const disk = this.#disks.get(from);
    if (!disk) return;
    if (type === "MsgVoteResp" && !message.reject) this.#checkVote(disk, message, message.to);
    else if (type === "MsgVote") this.#checkVote(disk, message, from);
    else if (type === "MsgAppResp") {
      demand(disk.term >= term, "durable-term", () => `${from} answers in ${term}, not durable`);
      if (!message.reject) this.#checkAck(disk, message);
    }
  }

  #checkVote(disk: SimDisk, { from, term }: Message, candidate: Id): void {
    const key = `${from}@${term}`;
    const given = this.#votes.get(key) ?? candidate;
    demand(given === candidate, "vote-safety", () => `${from} votes twice in term ${term}`);
    this.#votes.set(key, candidate);
    const { hardState } = disk.memory;
    // Once the disk is further, the vote was durable in between: writes are taken in order.
    const durable =
      hardState.term > term || (hardState.term === term && hardState.vote === candidate);
    demand(durable, "durable-vote", () => `the vote of ${from} in term ${term} is not durable`);
  }

  #checkAck(disk: SimDisk, { from, term, index }: Message): void {
    if (disk.term > term || index === 0) return;
    const node = disk.at(index);
    const held = node !== undefined || index < disk.base.index;
    demand(held, "durable-ack", () => `${from} acknowledges ${index}, durable ${disk.last.index}`);
    const leader = this.#leaders.get(term);
    if (!node || !leader || node.term === term) return;
    const agrees = LogTree.ancestor(leader.tip, index) === node;
    const message = (): string => `${from} acknowledges ${show(node)}, not of leader ${leader.id}`;
    demand(agrees, "durable-ack", message);
  }

  applied({ index, term, data }: CommittedEntry, command: Command): void {
    const node = this.tree.committed[index];
    const same = node?.term === term && node.entry?.data === data;
    demand(same, "state-machine-safety", () => `${index}@${term} applied, not what is committed`);
    const { attempt, session, seq } = command;
    const refused = this.refused.has(attempt);
    demand(!refused, "refusal", () => `entry ${index} was refused to its proposer`);
    const key = `${session}.${seq}`;
    if (!this.effective.has(key)) this.effective.set(key, index);
  }

  digest(index: number, digest: number): void {
    const known = (this.#digests[index] ??= digest);
    demand(known === digest, "state-machine-safety", () => `two states after ${index}`);
  }

  restored(index: number, digest: number): void {
    let at = index;
    while (at > 0 && this.#digests[at] === undefined) at--;
    const known = this.#digests[at] ?? 0;
    demand(known === digest, "snapshot", () => `the snapshot at ${index} has another state`);
  }
}
