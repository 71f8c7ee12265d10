import { isSwarmError, SwarmError } from "../../../lib/errors.ts";
import { removedNodeError } from "../../../ca/removed-node.ts";
import type { Caller } from "../../../proto/call.ts";
import type { Logger } from "../../../lib/log.ts";
import type { RpcService } from "../../../proto/method.ts";
import {
  ControlService,
  DispatcherService,
  MembershipService,
  SchedulingService,
  type ControlApi,
  type DispatcherApi,
} from "../../../proto/generated.ts";
import type { CommittedEntry, StateMachine } from "../../../raft/index.ts";
import type { RaftHost } from "../../../raft/shell/host/raft-host.ts";
import type { BootstrapObject } from "../../../manager/control/bootstrap.ts";
import { openControl } from "../../../manager/control/control.ts";
import { forwardingControl } from "../../../manager/control/forward.ts";
import { Leader } from "../../../manager/leader.ts";
import { leaderOnly } from "../../../manager/leader-only.ts";
import { Membership } from "../../../manager/membership.ts";
import { Store } from "../../../manager/store/store.ts";
import type { Lane } from "../raft/lane.ts";
import type { Application, Life } from "../raft/member.ts";
import { SessionChecks } from "./session-checks.ts";
import type { StoreWatch } from "./store-watch.ts";
import type { Connection, Server, Wire } from "./wire.ts";

/** What all managers of a run share. */
export interface ManagerWorld {
  readonly wire: Wire;
  readonly log: Logger;
  readonly bootstrap: readonly BootstrapObject[];
  readonly watch: StoreWatch;
  /** Who serves the control address; undefined while nobody does. */
  readonly manager: (addr: string) => Server | undefined;
  readonly onViolation: (error: unknown) => void;
}

/**
 * One life of a manager: what `Manager` is made of, with the simulated network in the place of its
 * port.
 */
export class SimManager implements Application, Server {
  readonly name: string;
  readonly lane: Lane;
  readonly store: Store;
  readonly stateMachine: StateMachine;
  /** The control API as any manager offers it; undefined until it takes part. */
  control: ControlApi | undefined;
  leader: Leader | undefined;
  readonly #life: Life;
  readonly #world: ManagerWorld;
  #host: RaftHost | undefined;
  #link: { readonly addr: string; readonly connection: Connection } | undefined;
  readonly #apis = new Map<RpcService<unknown>, object>();

  constructor(life: Life, world: ManagerWorld) {
    this.name = life.member.name;
    this.lane = life.lane;
    this.#life = life;
    this.#world = world;
    const store = new Store(life);
    this.store = store;
    const replica = world.watch.replica(this.name, store);
    this.stateMachine = {
      apply: (entries: readonly CommittedEntry[]) => {
        for (const entry of entries) {
          store.apply([entry]);
          replica.applied(entry.index);
        }
      },
      snapshot: () => store.snapshot(),
      restore: async (index, chunks) => {
        await store.restore(index, chunks);
        replica.restored(index);
      },
    };
  }

  /** Whether this manager leads and holds everything ever committed. */
  get isLeading(): boolean {
    return (this.#host?.status().leading ?? 0) !== 0;
  }

  started(host: RaftHost): void {
    const { wire, log, bootstrap, onViolation } = this.#world;
    const { member, clock, random } = this.#life;
    const { store } = this;
    this.#host = host;
    member.onEnd(() => wire.ended(this.lane));
    store.attach(host);
    const modules = { clock, random, log, store, raft: host };
    const local = openControl(modules);
    this.control = forwardingControl({
      ...modules,
      local,
      leader: () => {
        if (this.isLeading) return { api: local, local: true };
        const connection = this.#leaderConnection();
        return connection && { api: connection.api(ControlService), local: false };
      },
      catchUp: (signal) => host.readBarrier(signal),
      holdsState: () => [...store.view.cluster.all()].length > 0,
    });
    // Nobody reaches into tasks here.
    const audit = { record: () => Promise.resolve() };
    const leader = new Leader(
      { nodeId: this.name, bootstrap },
      { ...modules, audit, csi: new Map() },
    );
    this.leader = leader;
    this.#serve(local, leader, new Membership({ store, raft: host }));
    leader.run(new AbortController().signal).catch((error: unknown) => {
      // The end of the Raft member is told elsewhere.
      if (!isSwarmError(error)) onViolation(error);
    });
  }

  api(service: RpcService<unknown>, { nodeId }: Caller): object | undefined {
    // As the authorizer of a real manager does, by what it knows.
    const [cluster] = this.store.view.cluster.all();
    if (cluster?.blacklistedCertificates[nodeId]) throw removedNodeError(nodeId);
    return this.#apis.get(service);
  }

  #serve(api: ControlApi, leader: Leader, membership: Membership): void {
    const refuse = (): never => {
      throw this.#notLeader();
    };
    const control = leaderOnly(ControlService, () => (this.isLeading ? api : undefined), refuse);
    this.#apis.set(ControlService, control);
    // Agents are told where the leader is.
    const sessions = new SessionChecks();
    const local = (): DispatcherApi | undefined =>
      leader.dispatcher && sessions.watched(leader.dispatcher);
    this.#apis.set(DispatcherService, leaderOnly(DispatcherService, local, refuse));
    const scheduling = leaderOnly(SchedulingService, () => leader.schedulers, refuse);
    this.#apis.set(SchedulingService, scheduling);
    // Joiners know one address only, so these go on to the leader.
    const passed = leaderOnly(
      MembershipService,
      () => (this.isLeading ? membership : undefined),
      () => this.#leaderConnection()?.api(MembershipService) ?? refuse(),
    );
    this.#apis.set(MembershipService, passed);
  }

  #notLeader(): SwarmError {
    const addr = this.#leaderAddr();
    const details: Record<string, string> = addr === undefined ? {} : { leader: addr };
    return new SwarmError("not-leader", "this manager does not lead", { details });
  }

  #leaderAddr(): string | undefined {
    const status = this.#host?.status();
    return status?.members.find(({ id }) => id === status.leaderId)?.controlAddr;
  }

  #leaderConnection(): Connection | undefined {
    const addr = this.#leaderAddr();
    if (addr === undefined) return undefined;
    if (this.#link?.addr !== addr || !this.#link.connection.open) {
      this.#link?.connection.close();
      const connection = this.#world.wire.connect(this, () => this.#world.manager(addr));
      this.#link = { addr, connection };
    }
    return this.#link.connection;
  }
}
