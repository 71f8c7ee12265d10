import { AssignmentDigest } from "../../proto/assignment-digest.ts";
import { AssignmentChangeAction, AssignmentsMessageType } from "../../proto/generated.ts";
import type {
  AssignmentChange,
  AssignmentsMessage,
  Config,
  NetworkMap,
  Secret,
  Task,
} from "../../proto/generated.ts";
import { SwarmError } from "../../lib/errors.ts";
import type { VolumeChange } from "../volumes/node-volumes.ts";

/** What a message asks of the node's tasks. */
export interface TaskChanges {
  /** Every other task is to be removed. */
  readonly complete: boolean;
  readonly updated: readonly Task[];
  readonly removed: readonly string[];
  readonly volumes: readonly VolumeChange[];
}

/**
 * What the managers assigned to this node. Secrets and configs are kept in memory only. A gap in
 * the sequence or a hash that differs means that something was lost: the stream is then reopened
 * and starts again with the complete set.
 */
export class Assignments {
  readonly #secrets = new Map<string, Secret>();
  readonly #configs = new Map<string, Config>();
  readonly #networks = new Map<string, NetworkMap>();
  #versions = new Map<string, number>();
  #digest = new AssignmentDigest();
  #sequence = 0;

  secret(id: string): Secret | undefined {
    return this.#secrets.get(id);
  }

  config(id: string): Config | undefined {
    return this.#configs.get(id);
  }

  /**
   * Whether the managers assigned the task since this agent started: what it uses came with it, or
   * is not there any more.
   */
  has(taskId: string): boolean {
    return this.#versions.has(taskId);
  }

  /** The overlays in use on this node. */
  networks(): readonly NetworkMap[] {
    return [...this.#networks.values()];
  }

  /** Applies a message. Throws `lagged` when it does not fit; nothing of it then counts. */
  apply(message: AssignmentsMessage): TaskChanges {
    const complete = message.type === AssignmentsMessageType.COMPLETE;
    if (complete) this.#reset();
    else if (message.appliesTo !== this.#sequence)
      throw new SwarmError(
        "lagged",
        `assignments build on ${message.appliesTo}, this node is at ${this.#sequence}`,
      );
    this.#sequence = message.resultsIn;
    const updated: Task[] = [];
    const removed: string[] = [];
    const volumes: VolumeChange[] = [];
    for (const change of message.changes) {
      this.#change(change, updated, removed);
      const { action, assignment } = change;
      if (assignment?.item !== "volume") continue;
      const isWanted = action !== AssignmentChangeAction.REMOVE;
      volumes.push({ volume: assignment.volume, isWanted });
    }
    const hash = this.#digest.toString();
    if (message.hash !== "" && message.hash !== hash)
      throw new SwarmError("lagged", `assignments hash to ${hash}, not to ${message.hash}`);
    return { complete, updated, removed, volumes };
  }

  #reset(): void {
    this.#secrets.clear();
    this.#configs.clear();
    this.#networks.clear();
    this.#versions = new Map();
    this.#digest = new AssignmentDigest();
  }

  #change(change: AssignmentChange, updated: Task[], removed: string[]): void {
    const { assignment } = change;
    if (!assignment) return;
    const remove = change.action === AssignmentChangeAction.REMOVE;
    switch (assignment.item) {
      case "task":
        this.#count(assignment.task, remove);
        if (remove) removed.push(assignment.task.id);
        else updated.push(assignment.task);
        return;
      case "secret":
        put(this.#secrets, assignment.secret.id, assignment.secret, remove);
        return;
      case "config":
        put(this.#configs, assignment.config.id, assignment.config, remove);
        return;
      case "network":
        put(this.#networks, assignment.network.network?.id ?? "", assignment.network, remove);
        return;
      case "volume":
      case undefined:
        return;
    }
  }

  #count({ id, meta }: Task, remove: boolean): void {
    const before = this.#versions.get(id);
    if (before !== undefined) this.#digest.remove(id, before);
    this.#versions.delete(id);
    if (remove) return;
    const version = meta?.version?.index ?? 0;
    this.#versions.set(id, version);
    this.#digest.add(id, version);
  }
}

function put<T>(map: Map<string, T>, id: string, value: T, remove: boolean): void {
  if (remove) map.delete(id);
  else map.set(id, value);
}
