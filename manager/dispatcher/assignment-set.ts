import { AssignmentDigest } from "../../proto/assignment-digest.ts";
import { make } from "../../proto/codec.ts";
import {
  AssignmentChangeAction,
  AssignmentsMessageType,
  TaskState,
  type AssignmentChange,
  type AssignmentsMessage,
  type Task,
} from "../../proto/generated.ts";
import { configIds, secretIds } from "../store/schema.ts";
import { versionOf } from "../store/table.ts";
import type { StoreView } from "../store/tables.ts";
import { VolumeAssignments } from "./volume-assignments.ts";

type Dependency = "secret" | "config";

/** Whether an agent has anything to do or to know about `task`. */
function isAssigned(task: Task): boolean {
  return (task.status?.state ?? TaskState.NEW) >= TaskState.ASSIGNED;
}

/** Whether the agent must hear of the change from `sent` to `task`: its own reports are not news. */
function differs(sent: Task, task: Task): boolean {
  return (
    sent.desiredState !== task.desiredState ||
    sent.spec !== task.spec ||
    sent.networks !== task.networks ||
    sent.endpoint !== task.endpoint ||
    sent.volumes !== task.volumes ||
    sent.assignedGenericResources !== task.assignedGenericResources
  );
}

/** Secrets and configs are given to a node only while a task there may still use them. */
function dependenciesOf(task: Task): readonly (readonly [Dependency, string])[] {
  if (
    task.desiredState > TaskState.COMPLETE ||
    (task.status?.state ?? TaskState.NEW) > TaskState.RUNNING
  ) {
    return [];
  }
  return [
    ...secretIds(task.spec).map((id) => ["secret", id] as const),
    ...configIds(task.spec).map((id) => ["config", id] as const),
  ];
}

/**
 * What one node was told, and the messages that bring it up to date. Pure: the only input is a
 * view of the store.
 */
export class AssignmentSet {
  readonly #nodeId: string;
  readonly #tasks = new Map<string, Task>();
  /** `kind/id` of the secrets and configs the node holds, with their versions. */
  readonly #held = new Map<string, number>();
  readonly #digest = new AssignmentDigest();
  readonly #volumes: VolumeAssignments;
  #sequence = 0;

  constructor(nodeId: string) {
    this.#nodeId = nodeId;
    this.#volumes = new VolumeAssignments(nodeId);
  }

  /** The whole set, as the first message of a stream. */
  complete(view: StoreView): AssignmentsMessage {
    return this.#message(this.#diff(view), AssignmentsMessageType.COMPLETE);
  }

  /**
   * What changed since the last message; undefined when nothing did.
   * @param changed the tasks that have changed since; undefined = any, or something else than tasks
   */
  incremental(view: StoreView, changed?: ReadonlySet<string>): AssignmentsMessage | undefined {
    const changes = (changed && this.#diffOf(changed, view)) ?? this.#diff(view);
    if (changes.length === 0) return undefined;
    return this.#message(changes, AssignmentsMessageType.INCREMENTAL);
  }

  #diff(view: StoreView): AssignmentChange[] {
    const tasks: AssignmentChange[] = [];
    const wanted = new Map<string, readonly [Dependency, string]>();
    const present = view.task.by("node", this.#nodeId);
    for (const task of present) {
      if (!isAssigned(task)) continue;
      for (const [kind, id] of dependenciesOf(task)) wanted.set(`${kind}/${id}`, [kind, id]);
      const sent = this.#tasks.get(task.id);
      if (sent && !differs(sent, task)) continue;
      tasks.push(this.#tell(task));
    }
    for (const sent of this.#tasks.values()) {
      const task = view.task.get(sent.id);
      if (task && task.nodeId === this.#nodeId) continue;
      tasks.push(this.#takeBack(sent));
    }
    for (const id of this.#volumes.secrets(view)) wanted.set(`secret/${id}`, ["secret", id]);
    // Secrets and volumes come before the tasks that use them, and secrets go after.
    const { added, dropped } = this.#dependencies(view, wanted);
    return [...added, ...this.#volumes.changes(view), ...tasks, ...dropped];
  }

  /**
   * The difference in certain tasks: an agent's every report is one, and it may have hundreds.
   * Undefined where secrets or configs are in play: whether they stay is for all tasks to say.
   */
  #diffOf(ids: ReadonlySet<string>, view: StoreView): AssignmentChange[] | undefined {
    if (this.#held.size > 0) return undefined;
    const updates: Task[] = [];
    const gone: Task[] = [];
    for (const id of ids) {
      const task = view.task.get(id);
      const sent = this.#tasks.get(id);
      if (task?.nodeId !== this.#nodeId) {
        if (sent) gone.push(sent);
      } else if (isAssigned(task)) {
        if (dependenciesOf(task).length > 0) return undefined;
        if (!sent || differs(sent, task)) updates.push(task);
      }
    }
    return [
      ...updates.map((task) => this.#tell(task)),
      ...gone.map((sent) => this.#takeBack(sent)),
    ];
  }

  #tell(task: Task): AssignmentChange {
    this.#remember(task, this.#tasks.get(task.id));
    return update({ item: "task", task });
  }

  #takeBack(sent: Task): AssignmentChange {
    this.#tasks.delete(sent.id);
    this.#digest.remove(sent.id, versionOf(sent));
    return remove({ item: "task", task: make("Task", { id: sent.id }) });
  }

  #remember(task: Task, sent: Task | undefined): void {
    if (sent) this.#digest.remove(sent.id, versionOf(sent));
    this.#digest.add(task.id, versionOf(task));
    this.#tasks.set(task.id, task);
  }

  #dependencies(view: StoreView, wanted: ReadonlyMap<string, readonly [Dependency, string]>) {
    const added: AssignmentChange[] = [];
    const dropped: AssignmentChange[] = [];
    for (const [key, [kind, id]] of wanted) {
      const secret = kind === "secret" ? view.secret.get(id) : undefined;
      const config = kind === "config" ? view.config.get(id) : undefined;
      const version = secret ? versionOf(secret) : config ? versionOf(config) : 0;
      if (version === 0 || this.#held.get(key) === version) continue;
      this.#held.set(key, version);
      if (secret) added.push(update({ item: "secret", secret }));
      if (config) added.push(update({ item: "config", config }));
    }
    for (const key of this.#held.keys()) {
      if (wanted.has(key)) continue;
      this.#held.delete(key);
      const [kind, id] = key.split("/") as [Dependency, string];
      dropped.push(
        remove(
          kind === "secret"
            ? { item: "secret", secret: make("Secret", { id }) }
            : { item: "config", config: make("Config", { id }) },
        ),
      );
    }
    return { added, dropped };
  }

  #message(changes: readonly AssignmentChange[], type: AssignmentsMessageType): AssignmentsMessage {
    const appliesTo = this.#sequence++;
    const hash = this.#digest.toString();
    return { type, appliesTo, resultsIn: this.#sequence, changes, hash };
  }
}

type Item = NonNullable<AssignmentChange["assignment"]>;

const update = (assignment: Item): AssignmentChange => ({
  action: AssignmentChangeAction.UPDATE,
  assignment,
});

const remove = (assignment: Item): AssignmentChange => ({
  action: AssignmentChangeAction.REMOVE,
  assignment,
});
