import { PublishMode, TaskState, type Node, type Task } from "../../proto/generated.ts";
import { genericAmount, reservationOf } from "../resources/reservation.ts";
import { versionOf } from "../store/table.ts";

/** Early failures of one service version on a node count for this long, milliseconds. */
export const FAILURE_WINDOW_MS = 5 * 60_000;

/** So many failures within the window put a node behind all others. */
export const FAILURES_MAX = 5;

/** `service/version` of a task: tasks of one group are placed alike. */
export function groupKey(task: Task): string {
  return `${task.serviceId}/${task.specVersion?.index ?? 0}`;
}

/** Whether a task takes up room on its node. Its room is its own until it has really ended. */
export function holdsResources(task: Task): boolean {
  return (task.status?.state ?? TaskState.NEW) <= TaskState.RUNNING;
}

/** Whether a task counts for evening out: it runs, or is to run. */
export function isActive(task: Task): boolean {
  return task.desiredState <= TaskState.COMPLETE && holdsResources(task);
}

/** `protocol/port` of the host ports a task publishes. */
export function hostPorts(task: Task): readonly string[] {
  return (task.endpoint?.spec?.ports ?? [])
    .filter((port) => port.publishMode === PublishMode.HOST && port.publishedPort !== 0)
    .map((port) => `${port.protocol}/${port.publishedPort}`);
}

/**
 * What the scheduler knows of one node, kept up to date task by task: a placement costs a few
 * additions, not a scan over the node's tasks.
 */
export class NodeInfo {
  readonly id: string;
  node: Node;
  /** Not reserved, in nano-CPUs. */
  freeCpu = 0;
  /** Not reserved, in bytes. */
  freeMemory = 0;
  /** Active tasks of any service. */
  total = 0;
  readonly #tasks = new Map<string, Task>();
  readonly #byService = new Map<string, number>();
  readonly #ports = new Map<string, number>();
  readonly #failures = new Map<string, number[]>();

  constructor(node: Node) {
    this.id = node.id;
    this.node = node;
    this.#resetFree();
  }

  /** The node object changed; its tasks did not. */
  update(node: Node): void {
    this.node = node;
    this.#resetFree();
    for (const task of this.#tasks.values()) this.#take(task, 1, false);
  }

  get tasks(): Iterable<Task> {
    return this.#tasks.values();
  }

  /** Active tasks of a service. */
  countOf(serviceId: string): number {
    return this.#byService.get(serviceId) ?? 0;
  }

  hasPort(port: string): boolean {
    return (this.#ports.get(port) ?? 0) > 0;
  }

  /** Takes a task in, or notes how it changed. Tasks that hold nothing any more are let go. */
  put(task: Task): void {
    const before = this.#tasks.get(task.id);
    if (before) this.#take(before, -1, true);
    this.#tasks.delete(task.id);
    if (!holdsResources(task)) return;
    this.#tasks.set(task.id, task);
    this.#take(task, 1, true);
  }

  remove(taskId: string): void {
    const task = this.#tasks.get(taskId);
    if (!task) return;
    this.#tasks.delete(taskId);
    this.#take(task, -1, true);
  }

  /** Notes that a task of the group failed here. */
  noteFailure(group: string, nowMs: number): void {
    const recent = this.#failures.get(group)?.filter((at) => nowMs - at < FAILURE_WINDOW_MS) ?? [];
    recent.push(nowMs);
    this.#failures.set(group, recent);
  }

  /** Recent failures of the group when there were so many that they matter, else 0. */
  failuresOf(group: string, nowMs: number): number {
    const known = this.#failures.get(group);
    if (!known) return 0;
    const recent = known.filter((at) => nowMs - at < FAILURE_WINDOW_MS);
    if (recent.length === 0) this.#failures.delete(group);
    return recent.length >= FAILURES_MAX ? recent.length : 0;
  }

  /** Units of a generic resource that are not claimed. */
  freeGeneric(kind: string): number {
    let free = genericAmount(this.node.description?.resources?.generic ?? [], kind);
    for (const task of this.#tasks.values())
      free -= genericAmount(task.assignedGenericResources, kind);
    return free;
  }

  /** Share of the node that is reserved by its dominant resource, 0 to 1. */
  utilization(): number {
    const { nanoCpus, memoryBytes } = this.node.description?.resources ?? NO_RESOURCES;
    const cpu = nanoCpus > 0 ? 1 - this.freeCpu / nanoCpus : 0;
    const memory = memoryBytes > 0 ? 1 - this.freeMemory / memoryBytes : 0;
    return Math.max(cpu, memory);
  }

  #resetFree(): void {
    const { nanoCpus, memoryBytes } = this.node.description?.resources ?? NO_RESOURCES;
    this.freeCpu = nanoCpus;
    this.freeMemory = memoryBytes;
  }

  #take(task: Task, sign: 1 | -1, counts: boolean): void {
    const reserved = reservationOf(task);
    if (reserved) {
      this.freeCpu -= sign * reserved.nanoCpus;
      this.freeMemory -= sign * reserved.memoryBytes;
    }
    if (!counts) return;
    for (const port of hostPorts(task)) add(this.#ports, port, sign);
    if (!isActive(task)) return;
    this.total += sign;
    add(this.#byService, task.serviceId, sign);
  }
}

const NO_RESOURCES = { nanoCpus: 0, memoryBytes: 0 } as const;

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

/** The scheduler's picture of every node. */
export class NodeSet {
  readonly #nodes = new Map<string, NodeInfo>();

  get size(): number {
    return this.#nodes.size;
  }

  all(): Iterable<NodeInfo> {
    return this.#nodes.values();
  }

  get(id: string): NodeInfo | undefined {
    return this.#nodes.get(id);
  }

  /** Notes a node. Returns whether that may let waiting tasks fit: all but its mere heartbeat. */
  putNode(node: Node, tasks: Iterable<Task>): boolean {
    const known = this.#nodes.get(node.id);
    if (!known) {
      const info = new NodeInfo(node);
      for (const task of tasks) info.put(task);
      this.#nodes.set(node.id, info);
      return true;
    }
    const before = known.node;
    if (versionOf(before) === versionOf(node)) return false;
    known.update(node);
    return (
      before.spec !== node.spec ||
      before.description !== node.description ||
      before.status?.state !== node.status?.state ||
      before.role !== node.role
    );
  }

  removeNode(id: string): void {
    this.#nodes.delete(id);
  }

  /** Notes a task's present state on the node it is, or was, assigned to. */
  putTask(task: Task, old: Task | undefined): void {
    if (old?.nodeId && old.nodeId !== task.nodeId) this.#nodes.get(old.nodeId)?.remove(old.id);
    if (task.nodeId) this.#nodes.get(task.nodeId)?.put(task);
  }

  removeTask(task: Task): void {
    if (task.nodeId) this.#nodes.get(task.nodeId)?.remove(task.id);
  }
}
