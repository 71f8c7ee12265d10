import { X509Certificate } from "node:crypto";
import { authorizer } from "../ca/authorize.ts";
import { CaServer } from "../ca/server.ts";
import { abortable } from "../lib/abort.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { Scope } from "../lib/scope.ts";
import {
  ControlService,
  DispatcherService,
  LogBrokerService,
  LogsService,
  MembershipService,
  NodeCaService,
  ReachBrokerService,
  ReachService,
  SchedulingService,
  type ControlApi,
  type LogsApi,
  type ReachApi,
} from "../proto/generated.ts";
import type { CsiPlugin } from "../proto/csi-plugin.ts";
import type { LocalConnection } from "../proto/local-connection.ts";
import type { NodeTls } from "../proto/node-tls.ts";
import { hostOf } from "../proto/rpc-server.ts";
import type { RaftNode, StateMachine } from "../raft/index.ts";
import { StoreOfCa } from "./ca-store.ts";
import type { BootstrapObject } from "./control/bootstrap.ts";
import { openControl } from "./control/control.ts";
import { forwardingControl } from "./control/forward.ts";
import { ControlServer, type ManagerApis } from "./control-server.ts";
import { Leader } from "./leader.ts";
import { LeaderLink } from "./leader-link.ts";
import { leaderOnly } from "./leader-only.ts";
import { resumingLogs } from "./logs/resume.ts";
import { followLock } from "./lock.ts";
import { Membership } from "./membership.ts";
import { AuditLog } from "./reach/audit-log.ts";
import { Store } from "./store/store.ts";
import { csiControllers } from "./volumes/csi-controller.ts";

export interface ManagerOptions {
  readonly nodeId: string;
  readonly clusterId: string;
  /** Where the control port listens; port 0 = any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** What others connect to; port 0 = the port listened on. */
  readonly advertise: { readonly host: string; readonly port: number };
  /** The key that this manager's Raft directory was unlocked with; null when it is not locked. */
  readonly unlockKey: Uint8Array | null;
  /** File of the audit log; its older parts lie beside it. */
  readonly auditPath: string;
  /** What a new cluster starts with; only for its first manager. */
  readonly bootstrap?: readonly BootstrapObject[];
}

export interface ManagerModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly tls: NodeTls;
  /** CSI plugins of this host, for cluster volumes. */
  readonly csiPlugins: readonly CsiPlugin[];
  /**
   * Opens the member of the Raft group for `stateMachine`; `controlAddr` is how this manager's
   * control port is reached, which the membership tells everyone.
   */
  readonly openRaft: (stateMachine: StateMachine, controlAddr: string) => Promise<RaftNode>;
}

/** A manager: a replica of the cluster's state, and what leads the cluster while it is the leader. */
export class Manager {
  /** `host:port` that others reach its control port at. */
  readonly controlAddr: string;
  /** Port its control server listens on. */
  readonly port: number;
  readonly raft: RaftNode;
  readonly store: Store;
  /** The control API as any manager offers it: changes go to the leader by themselves. */
  readonly control: ControlApi;
  readonly logs: LogsApi;
  /** The way into running tasks. */
  readonly reach: ReachApi;
  readonly #options: ManagerOptions;
  readonly #modules: ManagerModules;
  readonly #server: ControlServer;
  readonly #link: LeaderLink;
  readonly #leader: Leader;

  /** Listens, joins Raft and answers calls; {@link run} then follows leadership. */
  static async open(options: ManagerOptions, modules: ManagerModules): Promise<Manager> {
    const store = new Store(modules);
    const server = new ControlServer({
      tls: modules.tls,
      log: modules.log,
      authorize: authorizer({
        clock: modules.clock,
        clusterId: () => options.clusterId,
        isBlacklisted: (nodeId) => {
          const [cluster] = store.view.cluster.all();
          return cluster?.blacklistedCertificates[nodeId] !== undefined;
        },
      }),
    });
    const port = await server.listen(options.listen.host, options.listen.port);
    const { host, port: wanted } = options.advertise;
    const name = host.includes(":") ? `[${host}]` : host;
    const controlAddr = `${name}:${wanted || port}`;
    try {
      const raft = await modules.openRaft(store, controlAddr);
      store.attach(raft);
      return new Manager(options, modules, { store, server, raft, controlAddr, port });
    } catch (error) {
      await server.close((ms, fire) => modules.clock.after(ms, fire));
      throw error;
    }
  }

  private constructor(
    options: ManagerOptions,
    modules: ManagerModules,
    parts: Pick<Manager, "store" | "raft" | "controlAddr" | "port"> & { server: ControlServer },
  ) {
    this.#options = options;
    this.#modules = modules;
    this.store = parts.store;
    this.raft = parts.raft;
    this.controlAddr = parts.controlAddr;
    this.port = parts.port;
    this.#server = parts.server;
    this.#link = new LeaderLink({ ...modules, raft: this.raft });
    const audit = new AuditLog({ path: options.auditPath });
    const csi = csiControllers(modules.csiPlugins);
    const own = { store: this.store, raft: this.raft, audit, csi };
    this.#leader = new Leader(options, { ...modules, ...own });
    const local = openControl({ ...modules, store: this.store, raft: this.raft });
    this.control = this.#forwarding(local);
    const apis = this.#leaderOnly();
    this.logs = resumingLogs(apis.logs, modules);
    this.reach = apis.reach;
    this.#server.attach({ control: this.#gated(local), ...apis });
  }

  /** What this manager's state is locked with at the moment; null while autolock is off. */
  get unlockKey(): Uint8Array | null {
    const [cluster] = this.store.view.cluster.all();
    return cluster && cluster.unlockKey.length > 0 ? cluster.unlockKey : null;
  }

  /** Whether this manager leads and holds everything ever committed. */
  get isLeading(): boolean {
    return this.raft.status().leading !== 0;
  }

  /**
   * The node's own way to its manager, with the certificate that the node has now (`NodeTls`): nothing
   * is encrypted, packed and sent only to be taken up again by the same process.
   */
  connect(): LocalConnection {
    const { raw: certificate } = new X509Certificate(this.#modules.tls.material.certificate);
    const addr = hostOf(this.controlAddr);
    return this.#server.connect({ certificate, addr });
  }

  /**
   * Follows leadership until `signal` aborts: everything that leads the cluster runs under one
   * signal per term. Throws what ended the Raft member, or a broken invariant.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { unlockKey } = this.#options;
    const scope = new Scope(signal);
    scope.run((inner) => this.#leader.run(inner));
    scope.run((inner) => abortable(this.raft.closed(), inner));
    scope.run((inner) =>
      followLock({ ...this.#modules, store: this.store, raft: this.raft }, unlockKey, inner),
    );
    await scope.join();
  }

  /** Hands leadership over, leaves the port and closes the state. */
  async stop(): Promise<void> {
    await this.raft.stop();
    this.#link.close();
    this.store.close();
    await this.#server.close((ms, fire) => this.#modules.clock.after(ms, fire));
  }

  #forwarding(local: ControlApi): ControlApi {
    return forwardingControl({
      ...this.#modules,
      local,
      leader: () => {
        if (this.isLeading) return { api: local, local: true };
        if (this.#link.leaderAddr === undefined) return undefined;
        return { api: this.#link.api(ControlService), local: false };
      },
      catchUp: (signal) => this.raft.readBarrier(signal),
      holdsState: () => [...this.store.view.cluster.all()].length > 0,
    });
  }

  /** The control API for other managers: a call forwarded to a manager goes no further. */
  #gated(local: ControlApi): ControlApi {
    return leaderOnly(
      ControlService,
      () => (this.isLeading ? local : undefined),
      () => {
        throw this.#link.notLeader();
      },
    );
  }

  #leaderOnly(): Omit<ManagerApis, "control"> {
    const leads = <T>(api: T): (() => T | undefined) => {
      return () => (this.isLeading ? api : undefined);
    };
    const refuse = (): never => {
      throw this.#link.notLeader();
    };
    const caServer = new CaServer({ ...this.#modules, store: new StoreOfCa(this.store) });
    const membership = new Membership({ store: this.store, raft: this.raft });
    return {
      // Agents are told where the leader is: their streams would only pass through here.
      dispatcher: leaderOnly(DispatcherService, () => this.#leader.dispatcher, refuse),
      logBroker: leaderOnly(LogBrokerService, () => this.#leader.broker, refuse),
      reachBroker: leaderOnly(ReachBrokerService, () => this.#leader.reach, refuse),
      scheduling: leaderOnly(SchedulingService, () => this.#leader.schedulers, refuse),
      // Joiners know one address only, so these go on to the leader.
      nodeCa: leaderOnly(NodeCaService, leads(caServer), () => this.#link.api(NodeCaService)),
      membership: leaderOnly(MembershipService, leads(membership), () =>
        this.#link.api(MembershipService),
      ),
      logs: leaderOnly(
        LogsService,
        () => this.#leader.broker,
        () => this.#link.api(LogsService),
      ),
      reach: leaderOnly(
        ReachService,
        () => this.#leader.reach,
        () => this.#link.api(ReachService),
      ),
    };
  }
}
