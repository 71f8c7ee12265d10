import type { RaftCore } from "../../core/raft-core.ts";
import type { Id } from "../../core/types.ts";
import type { RaftStatus } from "../../index.ts";
import type { LogStore } from "../log/log-store.ts";
import { memberList } from "../membership.ts";
import type { Group } from "./group.ts";
import type { FromDriver } from "./port.ts";

/** What this part needs of its driver. */
export interface StatusModules {
  readonly core: RaftCore;
  readonly store: LogStore;
  readonly group: Group;
  readonly isReachable: (id: Id) => boolean;
  readonly post: (message: FromDriver) => void;
}

/** Tells the host how the member stands, when that has changed. */
export class StatusReport {
  readonly #modules: StatusModules;
  #last: RaftStatus | undefined;
  /** Told by a peer; this node's own log may never say so. */
  #removed = false;

  constructor(modules: StatusModules) {
    this.#modules = modules;
  }

  /** The last status said that this node does not lead yet, though it may be the leader. */
  get leading(): number {
    return this.#last?.leading ?? 0;
  }

  /** This node was taken out of the group. */
  removed(): void {
    this.#removed = true;
    this.publish();
  }

  /** Posts the status unless only commit and applied have moved. */
  publish(): void {
    const status = this.#take();
    if (this.#last && sameStanding(this.#last, status)) return;
    this.#last = status;
    this.#modules.post({ kind: "status", status });
  }

  #take(): RaftStatus {
    const { core, store, group, isReachable } = this.#modules;
    const { id, term, role, lead, commit, applied } = core.status();
    const leading = role === "leader" && store.term(applied) === term ? term : 0;
    const members = memberList(group.membership).map((member) => ({
      ...member,
      reachable: member.id === id || isReachable(member.id),
    }));
    const removed = this.#removed || group.isRemoved(id);
    return { id, term, role, leaderId: lead, commit, applied, leading, members, removed };
  }
}

function sameStanding(a: RaftStatus, b: RaftStatus): boolean {
  return (
    a.term === b.term &&
    a.role === b.role &&
    a.leaderId === b.leaderId &&
    a.leading === b.leading &&
    a.removed === b.removed &&
    JSON.stringify(a.members) === JSON.stringify(b.members)
  );
}
