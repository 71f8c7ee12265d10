import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { ChangeKind, NodeRole } from "../proto/generated.ts";
import type { RaftNode } from "../raft/index.ts";
import { runController, type Controller } from "./store/controller.ts";
import { isLeadershipLoss, type Store } from "./store/store.ts";
import type { StoreEvent, StoreView } from "./store/tables.ts";

/** Wait before a role change that could not be made is tried again, milliseconds. */
const RETRY_MS = 2_000;

export interface RoleModules {
  readonly store: Store;
  readonly raft: Pick<RaftNode, "status" | "removeMember">;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Makes `node.role` follow `spec.desired_role`, its only writer. A promoted node gets the role at
 * once, renews its certificate and joins Raft by itself. A demoted one leaves Raft first: as long
 * as it counts in the quorum it must stay a manager. Members whose node was removed, or is a worker,
 * are taken out of Raft as well.
 */
class RoleReconciler implements Controller {
  readonly name = "roles";
  readonly kinds = ["node"] as const;
  readonly #modules: RoleModules;
  readonly #dirty = new Set<string>();

  constructor(modules: RoleModules) {
    this.#modules = modules;
  }

  init(view: StoreView): void {
    for (const node of view.node.all()) this.#dirty.add(node.id);
    for (const member of this.#modules.raft.status().members) this.#dirty.add(member.nodeId);
  }

  mark(event: StoreEvent): void {
    if (event.kind !== "node") return;
    const { object, change } = event;
    if (change === ChangeKind.REMOVE || object.role !== object.spec?.desiredRole)
      this.#dirty.add(object.id);
  }

  async act(signal: AbortSignal): Promise<number | undefined> {
    const nodeIds = [...this.#dirty];
    this.#dirty.clear();
    for (const nodeId of nodeIds) {
      try {
        await this.#reconcile(nodeId, signal);
      } catch (error) {
        if (signal.aborted || isLeadershipLoss(error)) throw error;
        this.#modules.log.warn({ nodeId, reason: messageOf(error) }, "role change has to wait");
        this.#dirty.add(nodeId);
      }
    }
    return this.#dirty.size > 0 ? RETRY_MS : undefined;
  }

  async #reconcile(nodeId: string, signal: AbortSignal): Promise<void> {
    const { store, raft, log } = this.#modules;
    const node = store.view.node.get(nodeId);
    const member = raft.status().members.find((known) => known.nodeId === nodeId);
    if (node?.spec?.desiredRole !== NodeRole.MANAGER) {
      if (member) {
        await raft.removeMember(member.id, signal);
        log.info({ nodeId, raftId: member.id }, "manager left the Raft group");
      }
    }
    if (!node || node.role === node.spec?.desiredRole) return;
    await store.update((tx) => {
      const current = tx.view.node.get(nodeId);
      if (!current?.spec || current.role === current.spec.desiredRole) return;
      tx.update("node", { ...current, role: current.spec.desiredRole });
    }, signal);
    log.info({ nodeId, role: node.spec?.desiredRole }, "node has a new role");
  }
}

/** Runs the role reconciler until `signal` aborts. */
export function runRoles(modules: RoleModules, signal: AbortSignal): Promise<void> {
  return runController(new RoleReconciler(modules), modules, signal);
}
