import { parseIdentity, tlsInfoOf } from "../ca/identity.ts";
import { KeyStore } from "../ca/key-store.ts";
import { CertificateRenewal } from "../ca/renew.ts";
import { Bell } from "../lib/bell.ts";
import { sleep, type Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { Scope } from "../lib/scope.ts";
import type { BootstrapObject } from "../manager/control/bootstrap.ts";
import type { Manager } from "../manager/manager.ts";
import { IssuanceState, NodeRole, type SessionMessage } from "../proto/generated.ts";
import { CsiPlugin } from "../proto/csi-plugin.ts";
import { NodeTls, type TlsMaterial } from "../proto/node-tls.ts";
import { RpcConnection } from "../proto/rpc-client.ts";
import { csiNodes, openWorker, type Runtime, type Worker } from "../worker/index.ts";
import { leaveRaft } from "./leave-raft.ts";
import type { SwarmdOptions } from "./options.ts";
import type { ManagerRole } from "./manager-role.ts";
import { openNodeRuntime } from "./node-runtime.ts";
import type { SavedMembership, StateDir } from "./state-dir.ts";
import type { RemoteManager } from "../engine/swarm-node.ts";

/** Wait before a change of role that failed is tried again, milliseconds. */
const ROLE_RETRY_MS = 1_000;

export interface MemberModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly state: StateDir;
  readonly options: SwarmdOptions;
  /** Version of this program. */
  readonly version: string;
}

/** How a membership begins. */
export interface MemberStart {
  readonly saved: SavedMembership;
  readonly material: TlsMaterial;
  /** Opens a manager's locked state; null when it is not locked. */
  readonly unlockKey: Uint8Array | null;
  /** What a new cluster starts with; only for its first manager. */
  readonly bootstrap?: readonly BootstrapObject[];
}

/**
 * This node in a swarm: its certificate, its worker, and its manager while it has that role. Roles
 * change under way; the certificate's role says what the node is, the cluster's node object what
 * it is to be.
 */
export class Member {
  readonly tls: NodeTls;
  readonly #modules: MemberModules;
  readonly #runtime: Runtime;
  /** Both halves of the node use them. */
  readonly #csiPlugins: readonly CsiPlugin[];
  readonly #renewal: CertificateRenewal;
  readonly #scope: Scope;
  readonly #bell = new Bell();
  readonly #registered: Promise<void>;
  #onRegistered: () => void = () => {};
  #saved: SavedMembership;
  #session: SessionMessage | undefined;
  /** Roles change no more. */
  #ending = false;
  #worker: Worker | undefined;
  #role: ManagerRole | undefined;

  /** Opens everything the node's role asks for. Nothing is left behind when it throws. */
  static async open(
    start: MemberStart,
    modules: MemberModules,
    signal: AbortSignal,
  ): Promise<Member> {
    const runtime = await openNodeRuntime(start.saved.nodeId, modules, signal);
    const member = new Member(start, runtime, modules);
    try {
      if (parseIdentity(start.material.certificate).role === "manager")
        await member.#openManager(start, signal);
      await member.#openWorker();
    } catch (error) {
      await member.#role?.close();
      await runtime.close();
      member.#closePlugins();
      throw error;
    }
    return member;
  }

  private constructor(start: MemberStart, runtime: Runtime, modules: MemberModules) {
    this.#saved = start.saved;
    this.#runtime = runtime;
    this.#modules = modules;
    this.#csiPlugins = modules.options.csiPlugins.map(
      (plugin) => new CsiPlugin(plugin, modules.clock),
    );
    this.tls = new NodeTls(start.material);
    this.#scope = new Scope(new AbortController().signal);
    this.#registered = new Promise((resolve) => {
      this.#onRegistered = resolve;
    });
    const keys = new KeyStore({ stateDirectory: modules.state.path }, modules);
    this.#renewal = new CertificateRenewal({
      ...modules,
      tls: this.tls,
      managers: () => this.managers.map(({ addr }) => addr),
      save: (material) => keys.save(material),
    });
    this.#scope.run((inner) => this.#renewal.run(inner));
    this.#scope.run((inner) => this.#followRole(inner));
    this.#scope.signal.addEventListener("abort", () => this.#bell.ring(), { once: true });
    this.tls.onUpdate(() => this.#bell.ring());
  }

  get saved(): SavedMembership {
    return this.#saved;
  }

  /** The manager's half; undefined on workers and while it starts. */
  get manager(): Manager | undefined {
    return this.#role?.manager;
  }

  /** Managers the node knows of, the best to ask first. */
  get managers(): readonly RemoteManager[] {
    const members = this.manager?.raft.status().members;
    if (members && members.length > 0)
      return members.map(({ nodeId, controlAddr }) => ({ nodeId, addr: controlAddr }));
    if (this.#session) return this.#session.managers;
    return this.#saved.managers.map((addr) => ({ nodeId: "", addr }));
  }

  /** Resolves when the node has registered with the leader for the first time. */
  registered(): Promise<void> {
    return this.#registered;
  }

  /** Settles when the membership has ended; rejects with what it could not live with. */
  ended(): Promise<void> {
    return this.#scope.join();
  }

  /** Stops, handing leadership over first. Tasks go on running and are found again. */
  async stop(): Promise<void> {
    await this.#end(() => Promise.resolve());
  }

  /** Ends a membership that failed because the node was removed: no task is left. */
  async evict(signal: AbortSignal): Promise<void> {
    await this.#end(() => this.#worker?.clear(signal) ?? Promise.resolve());
  }

  /** Leaves the swarm: out of Raft where it is in, no task left; the caller wipes the state. */
  async leave(signal: AbortSignal): Promise<void> {
    const { manager } = this;
    if (manager) await leaveRaft(manager, this.tls, this.#modules, signal);
    await this.#end(() => this.#worker?.clear(signal) ?? Promise.resolve());
  }

  async #end(beforeClosing: () => Promise<void>): Promise<void> {
    this.#ending = true;
    await this.#role?.close();
    await this.#closeScope();
    // A promotion may have been under way.
    await this.#role?.close();
    await beforeClosing();
    await this.#worker?.close();
    await this.#runtime.close();
    this.#closePlugins();
  }

  #closePlugins(): void {
    for (const plugin of this.#csiPlugins) plugin.close();
  }

  async #closeScope(): Promise<void> {
    try {
      await this.#scope.close();
    } catch {
      // What ended the membership before was told by ended().
    }
  }

  /** Notes what the leader says about this node. */
  #observe(message: SessionMessage): void {
    this.#session = message;
    if (message.rootCa !== "") this.#renewal.trust(message.rootCa);
    this.#onRegistered();
    this.#bell.ring();
  }

  async #openWorker(): Promise<void> {
    const { options, state, version, clock } = this.#modules;
    const { nodeId, clusterId } = this.#saved;
    const worker = await openWorker(
      {
        dir: state.join("worker"),
        caller: { nodeId, clusterId, role: "worker", addr: "" },
        hostname: options.hostname,
        labels: options.labels,
        genericResources: options.genericResources,
        devices: options.devices,
        cdiDirs: options.cdiDirs,
        version,
        managers: this.managers.map(({ addr }) => addr),
      },
      {
        ...this.#modules,
        runtime: this.#runtime,
        connect: (addr) => {
          const { manager } = this;
          if (manager?.controlAddr === addr) return manager.connect();
          return new RpcConnection({ addr, credentials: this.tls.client, now: () => clock.now() });
        },
        csi: csiNodes(this.#csiPlugins),
        tlsInfo: () => tlsInfoOf(this.tls.material),
        onTlsUpdate: (listener) => this.tls.onUpdate(listener),
        onSession: (message) => this.#observe(message),
      },
    );
    this.#worker = worker;
    this.#scope.run((signal) => worker.run(signal));
  }

  async #openManager(
    { bootstrap, unlockKey }: Pick<MemberStart, "bootstrap" | "unlockKey">,
    signal: AbortSignal,
  ): Promise<void> {
    const managers = this.managers.map(({ addr }) => addr);
    const start = { saved: this.#saved, managers, bootstrap, unlockKey };
    // Loaded only where a manager runs: it is more than half of the program.
    const { ManagerRole: Role } = await import("./manager-role.ts");
    const parts = { tls: this.tls, csiPlugins: this.#csiPlugins };
    const role = await Role.open(start, { ...this.#modules, ...parts }, signal);
    this.#role = role;
    this.#saved = role.saved;
    await this.#modules.state.save(this.#saved);
    // A manager that fails takes the node with it; one that was closed does not.
    this.#scope.run((inner) => role.run(inner));
    this.#scope.run(() => role.removed().then(() => this.#bell.ring()));
  }

  /** Makes the node what the cluster wants it to be, one step at a time. */
  async #followRole(signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#bell.wait();
      if (signal.aborted || this.#ending) return;
      try {
        await this.#stepRole(signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#modules.log.warn({ reason: messageOf(error) }, "change of role failed; trying again");
        await sleep(this.#modules.clock, ROLE_RETRY_MS, signal);
        this.#bell.ring();
      }
    }
  }

  async #stepRole(signal: AbortSignal): Promise<void> {
    const certified = parseIdentity(this.tls.material.certificate).role;
    const node = this.#session?.node;
    const running = this.#role?.manager;
    if (running?.raft.status().removed) {
      await this.#closeManager();
      this.#renewal.renewNow("worker");
      return;
    }
    if (node?.certificate?.state === IssuanceState.ROTATE) this.#renewal.renewNow(null);
    if (node?.role === NodeRole.MANAGER && certified === "worker")
      this.#renewal.renewNow("manager");
    if (node?.role === NodeRole.WORKER && certified === "manager" && !running)
      this.#renewal.renewNow("worker");
    if (node?.role === NodeRole.MANAGER && certified === "manager" && !running) {
      await this.#openManager({ unlockKey: null }, signal);
      this.#modules.log.info({}, "this node is a manager now");
    }
  }

  async #closeManager(): Promise<void> {
    const role = this.#role;
    if (!role) return;
    this.#role = undefined;
    await role.close();
    await this.#modules.state.removeRaft();
    this.#saved = { ...this.#saved, raftPort: 0 };
    await this.#modules.state.save(this.#saved);
    this.#modules.log.info({}, "this node is no manager any more");
  }
}
