import { runSigner } from "../ca/signer.ts";
import { cancelled, linked, type Linked } from "../lib/abort.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { Scope } from "../lib/scope.ts";
import type { RaftNode } from "../raft/index.ts";
import { runAllocator } from "./allocator/allocator.ts";
import { StoreOfCa } from "./ca-store.ts";
import { createObjects, type BootstrapObject } from "./control/bootstrap.ts";
import { Dispatcher } from "./dispatcher/dispatcher.ts";
import { runLeadership, type LeaderLoop } from "./leadership.ts";
import { LogBroker } from "./logs/broker.ts";
import type { AuditLog } from "./reach/audit-log.ts";
import { Reach } from "./reach/broker.ts";
import { ORCHESTRATORS } from "./orchestrator/orchestrators.ts";
import { runRoles } from "./roles.ts";
import { runRootRotation } from "./root-rotation.ts";
import { ExternalSchedulers } from "./scheduler/external/external-schedulers.ts";
import { runRebalancer } from "./scheduler/rebalance/rebalancer.ts";
import { runScheduler } from "./scheduler/scheduler.ts";
import { isLeadershipLoss, type Store } from "./store/store.ts";
import type { ControllerDrivers } from "./volumes/controller-driver.ts";
import { runVolumes } from "./volumes/volumes.ts";

export interface LeaderOptions {
  readonly nodeId: string;
  /** What a new cluster starts with; only for its first manager. */
  readonly bootstrap?: readonly BootstrapObject[];
}

export interface LeaderModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly store: Store;
  readonly raft: Pick<RaftNode, "status" | "watchStatus" | "removeMember">;
  /** Drivers of cluster volumes. */
  readonly csi: ControllerDrivers;
  /** Where this manager notes who reached into tasks while it led. */
  readonly audit: Pick<AuditLog, "record">;
}

/** All that a manager does while it leads the cluster, begun and ended as leadership comes and goes. */
export class Leader {
  readonly #options: LeaderOptions;
  readonly #modules: LeaderModules;
  #broker: LogBroker | undefined;
  #schedulers: ExternalSchedulers | undefined;
  #dispatcher: Dispatcher | undefined;
  #reach: Reach | undefined;

  constructor(options: LeaderOptions, modules: LeaderModules) {
    this.#options = options;
    this.#modules = modules;
  }

  /** The agents' side; undefined while this manager does not lead. */
  get dispatcher(): Dispatcher | undefined {
    return this.#dispatcher;
  }

  /** The way of logs from agents to readers; undefined while this manager does not lead. */
  get broker(): LogBroker | undefined {
    return this.#broker;
  }

  /** The way into running tasks; undefined while this manager does not lead. */
  get reach(): Reach | undefined {
    return this.#reach;
  }

  /** What external schedulers talk to; undefined while this manager does not lead. */
  get schedulers(): ExternalSchedulers | undefined {
    return this.#schedulers;
  }

  /**
   * Follows leadership until `signal` aborts: everything that leads the cluster runs under one
   * signal per term. Throws a broken invariant.
   */
  async run(signal: AbortSignal): Promise<void> {
    const scope = new Scope(signal);
    scope.run((inner) => this.#follow(scope, inner));
    await scope.join();
  }

  async #follow(scope: Scope, signal: AbortSignal): Promise<void> {
    let term = 0;
    let leadership: { readonly link: Linked; readonly ended: Promise<void> } | undefined;
    try {
      for await (const { leading } of this.#modules.raft.watchStatus(signal)) {
        if (leading === term) continue;
        term = leading;
        leadership?.link.abort(cancelled("leadership ended"));
        await leadership?.ended;
        leadership = undefined;
        if (leading === 0) continue;
        this.#modules.log.info({ term }, "this manager leads the swarm");
        const link = linked(signal);
        const ended = this.#lead(link.signal).finally(() => link[Symbol.dispose]());
        scope.run(() => ended);
        leadership = { link, ended: ended.catch(() => {}) }; // its error is the scope's
      }
    } finally {
      leadership?.link.abort(cancelled("the manager stops"));
      await leadership?.ended;
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const modules = this.#modules;
    const { store } = modules;
    const { bootstrap } = this.#options;
    try {
      if (bootstrap && store.view.cluster.size === 0)
        await store.update((tx) => createObjects(tx, bootstrap), signal);
    } catch (error) {
      if (isLeadershipLoss(error)) return;
      throw error;
    }
    const dispatcher = new Dispatcher({ nodeId: this.#options.nodeId }, modules);
    this.#dispatcher = dispatcher;
    const broker = new LogBroker(modules);
    this.#broker = broker;
    const reach = new Reach({}, modules);
    this.#reach = reach;
    const schedulers = new ExternalSchedulers(modules);
    this.#schedulers = schedulers;
    const loops: Record<string, LeaderLoop> = {
      allocator: (inner) => runAllocator(modules, inner),
      scheduler: (inner) => runScheduler({ ...modules, desk: schedulers.desk }, inner),
      externalSchedulers: (inner) => schedulers.run(inner),
      rebalancer: (inner) => runRebalancer(modules, inner),
      dispatcher: (inner) => dispatcher.run(inner),
      logs: (inner) => broker.run(inner),
      reach: (inner) => reach.run(inner),
      roles: (inner) => runRoles(modules, inner),
      volumes: (inner) => runVolumes({ ...modules, drivers: modules.csi }, inner),
      rootRotation: (inner) => runRootRotation(modules, inner),
      signer: (inner) => runSigner({ ...modules, store: new StoreOfCa(store) }, inner),
    };
    for (const [name, run] of Object.entries(ORCHESTRATORS))
      loops[name] = (inner) => run(modules, inner);
    try {
      await runLeadership(loops, modules, signal);
    } finally {
      this.#dispatcher = undefined;
      this.#broker = undefined;
      this.#reach = undefined;
      this.#schedulers = undefined;
    }
  }
}
