import { ChangeKind, type Task } from "../../proto/generated.ts";
import { runController, type Controller } from "../store/controller.ts";
import type { StoreEvent, StoreView } from "../store/tables.ts";
import type { Transaction } from "../store/transaction.ts";
import { Backlog } from "./backlog.ts";
import { TRANSACTION_CHANGES_MAX } from "./draft.ts";
import type { Modules } from "./modules.ts";
import { planEnforceNode, planEnforceVolume } from "./plan-enforce.ts";
import { isNodeChange } from "./relevance.ts";
import { workOff } from "./work-off.ts";

/** Nodes looked at between two turns of the event loop. */
const ENFORCE_SLICE_NODES_MAX = 50;

/** Rejects tasks that a change of their node or volume has left where they must not be. */
class ConstraintEnforcer implements Controller {
  readonly name = "constraint-enforcer";
  readonly kinds = ["node", "volume"] as const;
  readonly #modules: Modules;
  readonly #dirty = new Backlog<"node" | "volume">();

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  init(view: StoreView): void {
    for (const node of view.node.all()) this.#dirty.add(node.id, "node");
    for (const volume of view.volume.all()) this.#dirty.add(volume.id, "volume");
  }

  mark(event: StoreEvent): void {
    if (event.change === ChangeKind.REMOVE) return;
    if (event.kind === "volume") this.#dirty.add(event.object.id, "volume");
    if (event.kind === "node" && isNodeChange(event.old, event.object, event.change))
      this.#dirty.add(event.object.id, "node");
  }

  act(signal: AbortSignal): Promise<number | undefined> {
    return workOff(this.#dirty, this.#modules, (tx) => this.#plan(tx), signal);
  }

  #plan(tx: Transaction): void {
    let seen = 0;
    for (const [id, kind] of this.#dirty) {
      if (seen++ >= ENFORCE_SLICE_NODES_MAX) return;
      const left = TRANSACTION_CHANGES_MAX - tx.size;
      const rejected = this.#rejected(tx.view, id, kind);
      for (const task of rejected.slice(0, left)) tx.update("task", task);
      if (rejected.length > left) return;
      this.#dirty.take(id);
    }
  }

  #rejected(view: StoreView, id: string, kind: "node" | "volume"): readonly Task[] {
    const now = this.#modules.clock.now();
    if (kind === "volume") {
      const volume = view.volume.get(id);
      return volume ? planEnforceVolume(view, volume, now) : [];
    }
    const node = view.node.get(id);
    return node ? planEnforceNode(view, node, now) : [];
  }
}

/** Rejects tasks whose node or volume no longer suits them, until `signal` aborts. */
export function runConstraintEnforcer(modules: Modules, signal: AbortSignal): Promise<void> {
  return runController(new ConstraintEnforcer(modules), modules, signal);
}
