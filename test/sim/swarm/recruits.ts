import { linked } from "../../../lib/abort.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import type { SeededRandom } from "../../../lib/random.ts";
import { MembershipService, NodeRole } from "../../../proto/generated.ts";
import type { Group } from "../raft/group.ts";
import { Lane, type Process } from "../raft/lane.ts";
import type { SimMember } from "../raft/member.ts";
import { CLUSTER_ID } from "./cluster.ts";
import type { SimManager } from "./manager.ts";
import type { RequestModules } from "./request.ts";
import type { Wire } from "./wire.ts";

/** How often a machine looks whether it is to be a manager, µs. */
const LOOK_US = 500_000;

/** An admission that is not answered within this time is asked for again, µs. */
const TIMEOUT_US = 5_000_000;

export interface RecruitModules extends RequestModules {
  readonly wire: Wire;
  readonly group: Group;
}

/**
 * A machine that joins the managers once its node has the role, as `ManagerRole.open` does, each
 * time with an empty disk, and that stops being one when its node has lost the role.
 */
export class Recruit {
  readonly #name: string;
  readonly #random: SeededRandom;
  readonly #modules: RecruitModules;
  readonly #process: Process;

  constructor(name: string, random: SeededRandom, modules: RecruitModules) {
    this.#name = name;
    this.#random = random;
    this.#modules = modules;
    const { scheduler, onViolation } = modules;
    this.#process = { name, scheduler, alive: true, fail: onViolation };
  }

  /** Looks after the machine's role to the end of the run. */
  start(): void {
    const lane = new Lane(this.#process, "recruit: ");
    const look = (): void => {
      const role = this.#role();
      const machine = this.#machine();
      const joins = role === NodeRole.MANAGER && !machine;
      if (joins) this.#ask(lane);
      else if (role === NodeRole.WORKER && machine) this.#modules.group.exited(machine, "removed");
      lane.after(LOOK_US + (joins ? TIMEOUT_US : 0), ["looks"], look);
    };
    lane.after(LOOK_US, ["looks"], look);
  }

  /** The machine while it is a manager. */
  #machine(): SimMember | undefined {
    return this.#modules.group.active.find(({ name }) => name === this.#name);
  }

  /** The role as the leader knows it, who tells the node in its session. */
  #role(): NodeRole | undefined {
    const { managers, group } = this.#modules;
    const leader = managers().find(({ name }) => name === group.leader?.name);
    return leader?.isLeading ? leader.store.view.node.get(this.#name)?.role : undefined;
  }

  #ask(lane: Lane): void {
    const managers = this.#modules.managers();
    const manager = managers[this.#random.int(Math.max(1, managers.length))];
    if (manager) lane.guard(this.#join(lane, manager));
  }

  async #join(lane: Lane, manager: SimManager): Promise<void> {
    const { wire, group } = this.#modules;
    const connection = wire.connect({ name: this.#name, lane }, () => manager);
    const link = linked(new AbortController().signal);
    lane.after(TIMEOUT_US, ["gives up"], () => link.abort());
    const addrs = { addr: `${this.#name}:2378`, controlAddr: `${this.#name}:2377` };
    const caller = {
      nodeId: this.#name,
      role: "manager",
      clusterId: CLUSTER_ID,
      addr: "",
    } as const;
    try {
      const api = connection.api(MembershipService);
      const { raftId, members } = await api.joinRaft(addrs, { caller, signal: link.signal });
      if (!link.signal.aborted && !this.#machine())
        group.admit({ id: raftId, nodeId: this.#name, ...addrs }, members);
    } catch (error) {
      if (!isSwarmError(error) && !link.signal.aborted) throw error;
    } finally {
      connection.close();
    }
  }
}
