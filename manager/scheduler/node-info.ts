import {
  PublishMode,
  TaskState,
  type Node,
  type Resources,
  type Task,
} from "../../proto/generated.ts";
import { genericAmount, genericKind, reservationOf } from "../resources/reservation.ts";
import { NO_FACTS, VolumeUse, type ClusterFacts } from "./cluster-facts.ts";
import { clusterMounts } from "./cluster-mounts.ts";
import { FailureMemory } from "./failure-memory.ts";

/** `service/version` of a task, and the node that its volumes hold it to: a group is placed alike. */
export function groupKey(task: Task): string {
  const group = `${task.serviceId}/${task.specVersion?.index ?? 0}`;
  return task.volumeNodeId === "" ? group : `${group}@${task.volumeNodeId}`;
}

/** Whether a task takes up room on its node. Its room is its own until it has really ended. */
export function holdsResources(task: Task): boolean {
  return (task.status?.state ?? TaskState.NEW) <= TaskState.RUNNING;
}

/** Whether a task counts for evening out: it runs, or is to run. */
export function isActive(task: Task): boolean {
  return task.desiredState <= TaskState.COMPLETE && holdsResources(task);
}

const NONE: readonly string[] = [];

/** `protocol/port` of the host ports a task publishes. */
export function hostPorts(task: Task): readonly string[] {
  const ports = task.endpoint?.spec?.ports;
  if (!ports || ports.length === 0) return NONE;
  return ports
    .filter((port) => port.publishMode === PublishMode.HOST && port.publishedPort !== 0)
    .map((port) => `${port.protocol}/${port.publishedPort}`);
}

/** Active tasks of one service on a node. */
export interface ServiceLoad {
  /** Of the service, as a task of it carries them. */
  labels: Readonly<Record<string, string>>;
  tasks: number;
}

/** What taking a task in did to a node: nothing that counts, only took room, or may have made some. */
export type LoadChange = "none" | "taken" | "freed";

const NO_RESOURCES = { nanoCpus: 0, memoryBytes: 0 } as const;

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
  readonly failures = new FailureMemory();
  /** An array: a map that grows asks each key for its hash again, all over the memory. */
  readonly #tasks: Task[] = [];
  readonly #services = new Map<string, ServiceLoad>();
  readonly #ports = new Map<string, number>();
  readonly #generic = new Map<string, number>();

  /** What its tasks are noted in as users of volumes, together with those of other nodes. */
  readonly use: VolumeUse;
  readonly facts: ClusterFacts;

  constructor(node: Node, facts: ClusterFacts = NO_FACTS, use: VolumeUse = new VolumeUse()) {
    this.id = node.id;
    this.node = node;
    this.facts = facts;
    this.use = use;
    this.#addCapacity(1);
  }

  /** The node object changed; its tasks did not. */
  update(node: Node): void {
    this.#addCapacity(-1);
    this.node = node;
    this.#addCapacity(1);
  }

  get tasks(): readonly Task[] {
    return this.#tasks;
  }

  /** Active tasks of a service. */
  countOf(serviceId: string): number {
    return this.#services.get(serviceId)?.tasks ?? 0;
  }

  /** The services that have active tasks here. */
  get services(): Iterable<Readonly<ServiceLoad>> {
    return this.#services.values();
  }

  /** Active tasks by service. */
  *serviceCounts(): Iterable<readonly [string, number]> {
    for (const [serviceId, { tasks }] of this.#services) yield [serviceId, tasks];
  }

  hasPort(port: string): boolean {
    return this.#ports.has(port);
  }

  /**
   * Takes a task in, or notes how it changed: `old` is how it was, as far as that is known, and
   * `place` where among `tasks` it was put. Tasks that hold nothing any more are let go.
   */
  put(task: Task, old: Task | undefined, place = -1): LoadChange {
    const isThere = old !== undefined && this.#tasks[place] === old;
    const at = isThere ? place : this.#find(old ?? task);
    const before = this.#tasks[at];
    if (!before) return this.add(task);
    if (!holdsResources(task)) return this.remove(before);
    this.#tasks[at] = task;
    if (weighsTheSame(before, task)) return "none";
    this.#take(before, -1);
    this.#take(task, 1);
    return "freed";
  }

  /** Takes a task in that is not here. One that holds nothing is let be. */
  add(task: Task): LoadChange {
    if (!holdsResources(task)) return "none";
    this.#tasks.push(task);
    this.#take(task, 1);
    return "taken";
  }

  /** Lets a task go, if it is here. */
  remove(task: Task): LoadChange {
    const at = this.#find(task);
    const before = this.#tasks[at];
    if (!before) return "none";
    const last = this.#tasks.pop();
    if (last && last !== before) this.#tasks[at] = last;
    this.#take(before, -1);
    return "freed";
  }

  /** Where in `#tasks` a task is, most likely as it is given, and one of the latest; else −1. */
  #find(task: Task): number {
    // Was let go when it came to hold nothing.
    if (!holdsResources(task)) return -1;
    const at = this.#tasks.lastIndexOf(task);
    return at >= 0 ? at : this.#tasks.findIndex(({ id }) => id === task.id);
  }

  /** Units of a generic resource that are not claimed. */
  freeGeneric(kind: string): number {
    const offered = genericAmount(this.node.description?.resources?.generic ?? [], kind);
    return offered - (this.#generic.get(kind) ?? 0);
  }

  /** Share of the node that is reserved by its dominant resource, 0 to 1. */
  utilization(): number {
    const { nanoCpus, memoryBytes } = this.node.description?.resources ?? NO_RESOURCES;
    const cpu = nanoCpus > 0 ? 1 - this.freeCpu / nanoCpus : 0;
    const memory = memoryBytes > 0 ? 1 - this.freeMemory / memoryBytes : 0;
    return Math.max(cpu, memory);
  }

  /** How many tasks that reserve so much fit by CPU and memory; Infinity for tasks without. */
  roomFor(reserved: Resources | null): number {
    if (!reserved) return Infinity;
    const cpu = reserved.nanoCpus > 0 ? Math.floor(this.freeCpu / reserved.nanoCpus) : Infinity;
    const { memoryBytes } = reserved;
    return Math.min(cpu, memoryBytes > 0 ? Math.floor(this.freeMemory / memoryBytes) : Infinity);
  }

  #addCapacity(sign: 1 | -1): void {
    const { nanoCpus, memoryBytes } = this.node.description?.resources ?? NO_RESOURCES;
    this.freeCpu += sign * nanoCpus;
    this.freeMemory += sign * memoryBytes;
  }

  #take(task: Task, sign: 1 | -1): void {
    const reserved = reservationOf(task);
    if (reserved) {
      this.freeCpu -= sign * reserved.nanoCpus;
      this.freeMemory -= sign * reserved.memoryBytes;
    }
    for (const port of hostPorts(task)) add(this.#ports, port, sign);
    for (const claim of task.assignedGenericResources) {
      const amount = claim.resource === "discrete" ? claim.discrete.value : 1;
      add(this.#generic, genericKind(claim), sign * amount);
    }
    if (task.volumes.length > 0) this.#useVolumes(task, sign);
    if (!isActive(task)) return;
    this.total += sign;
    this.#count(task, sign);
  }

  #useVolumes(task: Task, sign: 1 | -1): void {
    const mounts = clusterMounts(task);
    for (const { id, target } of task.volumes) {
      const readOnly = mounts.find((mount) => mount.target === target)?.readOnly ?? false;
      if (sign > 0) this.use.add(id, task.id, { nodeId: this.id, readOnly });
      else this.use.remove(id, task.id, this.id);
    }
  }

  #count(task: Task, sign: 1 | -1): void {
    const labels = task.serviceAnnotations?.labels ?? {};
    const load = this.#services.get(task.serviceId);
    if (!load) this.#services.set(task.serviceId, { labels, tasks: sign });
    else if (load.tasks + sign === 0) this.#services.delete(task.serviceId);
    else {
      load.tasks += sign;
      load.labels = labels;
    }
  }
}

/** Whether nothing that a node's load is made of differs: a step of a running task's life. */
function weighsTheSame(before: Task, after: Task): boolean {
  return (
    before.spec === after.spec &&
    before.endpoint === after.endpoint &&
    before.assignedGenericResources === after.assignedGenericResources &&
    before.volumes === after.volumes &&
    before.desiredState <= TaskState.COMPLETE === after.desiredState <= TaskState.COMPLETE
  );
}

function add(counts: Map<string, number>, key: string, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}
