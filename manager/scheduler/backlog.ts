import type { Task } from "../../proto/generated.ts";
import type { NodeSet, Opening } from "./node-set.ts";
import type { Explanation, Pipeline } from "./pipeline.ts";

/** Why a group waits, and what will let it go on. */
interface Blocked {
  readonly pipeline: Pipeline;
  readonly explanation: Explanation;
}

/**
 * What tells groups of one service apart: the version, and the node that volumes hold tasks to. Asked
 * for with each change of a task, so that the usual case makes no string.
 */
function keyWithin({ specVersion, volumeNodeId }: Task): string | number {
  const version = specVersion?.index ?? 0;
  return volumeNodeId === "" ? version : `${version}@${volumeNodeId}`;
}

/** Equal tasks, one service and one version, that have no node yet. */
export interface Group {
  readonly serviceId: string;
  readonly key: string | number;
  readonly tasks: Map<string, Task>;
  blocked: Blocked | undefined;
  /** When the tasks were last told why they wait, milliseconds. */
  explainedAtMs: number;
}

/**
 * Tasks without a node: those to be looked at, and those that wait until a node opens that fits
 * them. Tasks whose node is given wait for that node alone.
 */
export class Backlog {
  /** By service, then by what else tells its groups apart. */
  readonly #groups = new Map<string, Map<string | number, Group>>();
  readonly #ready = new Set<Group>();
  readonly #blocked = new Set<Group>();
  readonly #givenReady = new Map<string, Task>();
  /** By node. */
  readonly #givenWaiting = new Map<string, Map<string, Task>>();

  /** Adds a task, or notes how it changed; one that waits goes on waiting. */
  put(task: Task): void {
    if (task.nodeId !== "") {
      const waiting = this.#givenWaiting.get(task.nodeId);
      if (waiting?.has(task.id)) waiting.set(task.id, task);
      else this.#givenReady.set(task.id, task);
      return;
    }
    const group = this.#groupOf(task) ?? this.#newGroup(task);
    const before = group.tasks.size;
    group.tasks.set(task.id, task);
    if (group.tasks.size > before) this.#ready.add(group);
  }

  #groupOf(task: Task): Group | undefined {
    return this.#groups.get(task.serviceId)?.get(keyWithin(task));
  }

  #newGroup(task: Task): Group {
    const { serviceId } = task;
    const key = keyWithin(task);
    const tasks = new Map<string, Task>();
    const group = { serviceId, key, tasks, blocked: undefined, explainedAtMs: -Infinity };
    const groups = this.#groups.get(serviceId);
    if (groups) groups.set(key, group);
    else this.#groups.set(serviceId, new Map([[key, group]]));
    return group;
  }

  /** Takes a task out, if it is here. */
  remove(task: Task): void {
    if (task.nodeId !== "") {
      this.#givenReady.delete(task.id);
      const waiting = this.#givenWaiting.get(task.nodeId);
      waiting?.delete(task.id);
      if (waiting?.size === 0) this.#givenWaiting.delete(task.nodeId);
    }
    const group = this.#groupOf(task);
    if (group?.tasks.delete(task.id)) this.dropIfEmpty(group);
  }

  /** Hands out the tasks whose node is given and that are to be looked at. */
  *takeGiven(): Iterable<Task> {
    for (const [id, task] of this.#givenReady) {
      this.#givenReady.delete(id);
      yield task;
    }
  }

  /** Hands out the groups to be looked at; their tasks stay in them until they are placed. */
  *takeReady(): Iterable<Group> {
    for (const group of this.#ready) {
      this.#ready.delete(group);
      this.#blocked.delete(group);
      yield group;
    }
  }

  /** `group` waits until a node opens that `pipeline` lets through. */
  block(group: Group, pipeline: Pipeline, explanation: Explanation): void {
    group.blocked = { pipeline, explanation };
    this.#blocked.add(group);
  }

  /** `task` waits for its node. */
  waitForNode(task: Task): void {
    const waiting = this.#givenWaiting.get(task.nodeId);
    if (waiting) waiting.set(task.id, task);
    else this.#givenWaiting.set(task.nodeId, new Map([[task.id, task]]));
  }

  /** Looks again at a blocked group, to tell its tasks the latest reason. */
  wake(group: Group): void {
    if (this.#blocked.has(group)) this.#ready.add(group);
  }

  dropIfEmpty(group: Group): void {
    if (group.tasks.size > 0) return;
    const groups = this.#groups.get(group.serviceId);
    groups?.delete(group.key);
    if (groups?.size === 0) this.#groups.delete(group.serviceId);
    this.#ready.delete(group);
    this.#blocked.delete(group);
  }

  /** Makes ready what one of the nodes that opened lets through. Yields after each group. */
  *open(openings: ReadonlyMap<string, Opening>, nodes: NodeSet): Iterable<null> {
    for (const nodeId of openings.keys()) {
      for (const task of this.#givenWaiting.get(nodeId)?.values() ?? [])
        this.#givenReady.set(task.id, task);
      this.#givenWaiting.delete(nodeId);
    }
    for (const group of this.#blocked) {
      if (!this.#ready.has(group) && isOpen(group.blocked, openings, nodes)) this.#ready.add(group);
      yield null;
    }
  }
}

function isOpen(
  blocked: Blocked | undefined,
  openings: ReadonlyMap<string, Opening>,
  nodes: NodeSet,
): boolean {
  if (!blocked) return true;
  const { pipeline, explanation } = blocked;
  for (const [nodeId, opening] of openings) {
    if (opening === "room" && !explanation.lacksRoom) continue;
    const info = nodes.get(nodeId);
    if (info && pipeline.fits(info)) return true;
  }
  return false;
}
