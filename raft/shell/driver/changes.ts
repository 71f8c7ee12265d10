import { SwarmError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log.ts";
import type { Random } from "../../../lib/random.ts";
import { SerialQueue } from "../../../lib/serial-queue.ts";
import type { RaftCore } from "../../core/raft-core.ts";
import type { ConfChangeStep, DropReason, Entry, Id, Status } from "../../core/types.ts";
import {
  encodeMember,
  memberList,
  removalProblem,
  voterIds,
  type MemberRecord,
} from "../membership.ts";
import type { Group } from "./group.ts";
import type { GroupCall, MemberAdded } from "./port.ts";
import { fromPortError } from "./port-error.ts";
import { refusal } from "./proposals.ts";
import type { Turns } from "./turns.ts";

/** Entries a learner may lack and still be promoted: what is proposed within a moment. */
const PROMOTE_LAG_ENTRIES = 512;
/** Changes that may wait or run at a time. */
const WAITING_CHANGES_MAX = 64;

/** What this part needs of its driver. */
export interface ChangeModules {
  readonly core: RaftCore;
  readonly random: Random;
  readonly log: Logger;
  /** Pulses after every turn of the driver. */
  readonly turns: Turns;
  readonly group: Group;
  /** Asks for a turn of the driver, so that what the core was told takes effect. */
  readonly wake: () => void;
}

/** Configuration changes and transfers of a leader, one after the other. */
export class Changes {
  readonly #modules: ChangeModules;
  readonly #queue = new SerialQueue({ what: "changes of the managers", max: WAITING_CHANGES_MAX });
  /** Changes in the log by index, told when they are applied or lost. */
  readonly #appended = new Map<
    number,
    { readonly term: number; readonly done: (applied: boolean) => void }
  >();

  constructor(modules: ChangeModules) {
    this.#modules = modules;
  }

  /** Runs a call after those before it. */
  call(call: GroupCall): Promise<MemberAdded | null> {
    switch (call.method) {
      case "add-member":
        return this.#queue.run(() => this.#add(call.member));
      case "remove-member":
        return this.#queue.run(() => this.#remove(call.id));
      case "transfer":
        return this.#queue.run(() => this.transfer(call.to));
    }
  }

  /** A configuration change was applied. */
  applied(entry: Entry): void {
    const change = this.#appended.get(entry.index);
    this.#appended.delete(entry.index);
    change?.done(change.term === entry.term);
  }

  /** Leadership is gone; what is in the log may or may not be committed. */
  abort(): void {
    for (const change of this.#appended.values()) change.done(false);
    this.#appended.clear();
  }

  /**
   * Does what a leader owes the group: corrects the address of a member that was moved, promotes
   * a learner that has caught up. Called once a tick.
   */
  tend(status: Status): void {
    if (status.role !== "leader" || this.#queue.size > 0) return;
    const moved = this.#modules.group.moved();
    if (moved) {
      this.#attempt({ type: "update", id: moved.id }, moved);
      return;
    }
    for (const { id, view } of status.progress) {
      const caughtUp = view.match + PROMOTE_LAG_ENTRIES >= status.lastIndex;
      if (!view.isLearner || !view.recentActive || view.state !== "replicate" || !caughtUp)
        continue;
      this.#attempt({ type: "add-voter", id }, null);
      return;
    }
  }

  /** A change nobody waits for: when it is refused, a later tick tries again. */
  #attempt(step: ConfChangeStep, member: MemberRecord | null): void {
    this.#queue
      .run(() => this.#change(step, member))
      .catch((error: unknown) => {
        this.#modules.log.debug({ err: error, step }, "a change of the managers was refused");
      });
  }

  /** Hands leadership to `to`, or with 0 to the voter that is most caught up. */
  async transfer(to: Id): Promise<null> {
    const { core, turns, wake } = this.#modules;
    const status = core.status();
    this.#mustLead(status);
    const target = to === 0 ? this.#successor(status) : to;
    if (target === undefined || !voterIds(this.#modules.group.membership).includes(target))
      throw new SwarmError(
        "failed-precondition",
        "there is no other voting manager that can be reached to take over leadership",
      );
    core.transferLeader(target);
    wake();
    for (;;) {
      await turns.next();
      const { role, transferee } = core.status();
      // Whoever leads now, or soon: it is not this node.
      if (role !== "leader") return null;
      if (transferee === 0)
        throw new SwarmError("aborted", "leadership could not be handed over in time: try again");
    }
  }

  async #add(member: Omit<MemberRecord, "id">): Promise<MemberAdded> {
    this.#mustLead(this.#modules.core.status());
    const { members, removed } = this.#modules.group.membership;
    const known = [...members.values()].find(({ nodeId }) => nodeId === member.nodeId);
    const taken = new Set([...members.keys(), ...removed]);
    const record = { ...member, id: known?.id ?? this.#freshId(taken) };
    if (!known) await this.#change({ type: "add-learner", id: record.id }, record);
    else if (known.addr !== record.addr || known.controlAddr !== record.controlAddr)
      await this.#change({ type: "update", id: record.id }, record);
    return { id: record.id, members: memberList(this.#modules.group.membership) };
  }

  async #remove(id: Id): Promise<null> {
    const status = this.#modules.core.status();
    this.#mustLead(status);
    this.#mustBePossible({ type: "remove", id });
    // Followers may learn last that the change is committed: were this the leader and gone by then,
    // they could lack the quorum of the old configuration to go on.
    if (id === status.id) {
      await this.transfer(0);
      this.#mustLead(this.#modules.core.status());
    }
    await this.#change({ type: "remove", id }, null);
    return null;
  }

  /** Refuses what the members, as they are now, do not allow. */
  #mustBePossible({ type, id }: ConfChangeStep): void {
    const { membership } = this.#modules.group;
    const member = membership.members.get(id);
    if (type === "add-learner") return;
    if (!member) throw new SwarmError("not-found", `manager ${id} is not a member`);
    if (type !== "remove") return;
    const problem = removalProblem(membership, id, (voter) => this.#modules.group.isAlive(voter));
    if (problem)
      throw new SwarmError(
        "failed-precondition",
        `manager ${member.nodeId} cannot be taken out: ${problem}`,
      );
  }

  /**
   * Proposes a change, waits until it is applied. While it waits for another one, that may take
   * away what it rests on: who was taken out must not come back by a promotion.
   */
  async #change(step: ConfChangeStep, member: MemberRecord | null): Promise<null> {
    const { core, turns, wake } = this.#modules;
    const change = { transition: "auto", steps: [step], context: encodeMember(member) } as const;
    for (;;) {
      this.#mustBePossible(step);
      const result = core.proposeConfChange(change);
      if (result.ok) {
        wake();
        await this.#outcome(result.index, result.term);
        return null;
      }
      if (result.reason !== "conf-pending" && result.reason !== "transferring")
        throw this.#refused(result.reason, result.lead);
      await turns.next();
    }
  }

  #outcome(index: number, term: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (applied: boolean): void => {
        if (applied) resolve();
        else
          reject(
            new SwarmError(
              "aborted",
              "leadership was lost before the change of the managers was confirmed: look at " +
                "the list of managers, then try again",
            ),
          );
      };
      this.#appended.set(index, { term, done });
    });
  }

  #successor(status: Status): Id | undefined {
    const candidates = status.progress.filter(
      ({ id, view }) => id !== status.id && !view.isLearner && this.#modules.group.isAlive(id),
    );
    return candidates.toSorted((a, b) => b.view.match - a.view.match)[0]?.id;
  }

  #freshId(taken: ReadonlySet<number>): Id {
    for (;;) {
      const id = this.#modules.random.int(Number.MAX_SAFE_INTEGER);
      if (id > 0 && !taken.has(id)) return id;
    }
  }

  #mustLead(status: Status): void {
    if (status.role !== "leader") throw this.#refused("not-leader", status.lead);
  }

  #refused(reason: DropReason, lead: Id): SwarmError {
    if (reason === "conf-invalid" || reason === "joint-mismatch")
      return new SwarmError("failed-precondition", `the managers cannot be changed: ${reason}`);
    const leader = this.#modules.group.membership.members.get(lead)?.controlAddr;
    return fromPortError(refusal(reason, leader));
  }
}
