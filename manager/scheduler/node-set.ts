import type { Node, Task } from "../../proto/generated.ts";
import { NO_FACTS, VolumeUse, type ClusterFacts } from "./cluster-facts.ts";
import { versionOf } from "../store/table.ts";
import type { Placement } from "./group-pass.ts";
import { groupKey, holdsResources, NodeInfo, type LoadChange } from "./node-info.ts";

/** What may let a waiting task fit on a node: the node itself is another, or has more room. */
export type Opening = "node" | "room";

/** The scheduler's picture of every node. */
export class NodeSet {
  readonly #nodes = new Map<string, NodeInfo>();
  #openings = new Map<string, Opening>();
  #generation = 0;
  readonly #facts: ClusterFacts;
  readonly #use = new VolumeUse();

  constructor(facts: ClusterFacts = NO_FACTS) {
    this.#facts = facts;
  }

  get size(): number {
    return this.#nodes.size;
  }

  /**
   * Another number as soon as something changed that whoever is placing tasks has not decided
   * himself.
   */
  get generation(): number {
    return this.#generation;
  }

  all(): Iterable<NodeInfo> {
    return this.#nodes.values();
  }

  get(id: string): NodeInfo | undefined {
    return this.#nodes.get(id);
  }

  /** The nodes that may have become fit for more since the last call. */
  takeOpenings(): ReadonlyMap<string, Opening> {
    const openings = this.#openings;
    if (openings.size > 0) this.#openings = new Map();
    return openings;
  }

  /** Notes a node; a mere heartbeat opens nothing. */
  putNode(node: Node, tasks: Iterable<Task>): void {
    const known = this.#nodes.get(node.id);
    if (!known) {
      const info = new NodeInfo(node, this.#facts, this.#use);
      for (const task of tasks) info.add(task);
      this.#nodes.set(node.id, info);
      this.#open(node.id, "node");
      return;
    }
    const before = known.node;
    if (versionOf(before) === versionOf(node)) return;
    known.update(node);
    const matters =
      before.spec !== node.spec ||
      before.description !== node.description ||
      before.status?.state !== node.status?.state ||
      before.status?.addr !== node.status?.addr ||
      before.role !== node.role;
    if (matters) this.#open(node.id, "node");
  }

  /** Notes that something beyond the nodes changed that any of them may fit for. */
  openAll(): void {
    for (const id of this.#nodes.keys()) this.#open(id, "node");
  }

  removeNode(id: string): void {
    const info = this.#nodes.get(id);
    // Its tasks use volumes no more.
    for (const task of info ? [...info.tasks] : []) if (task.volumes.length > 0) info?.remove(task);
    this.#nodes.delete(id);
    this.#openings.delete(id);
    this.#generation++;
  }

  /** Notes a task's present state on the node it is, or was, assigned to. */
  putTask(task: Task, old: Task | undefined): void {
    if (old?.nodeId && old.nodeId !== task.nodeId) this.forget(old);
    if (task.nodeId) this.#note(task.nodeId, this.#nodes.get(task.nodeId)?.put(task, old));
    // A volume set free may be what a task waits for on any node.
    if (task.volumes.length > 0 && !holdsResources(task)) this.openAll();
  }

  /** Notes that a placement has been written: `task` is assigned now. */
  confirm({ info, counted, place }: Placement, task: Task): void {
    // The node may have left, and may have come back, meanwhile.
    if (this.#nodes.get(info.id) === info) this.#note(info.id, info.put(task, counted, place));
    else this.putTask(task, undefined);
  }

  /** Takes a task off a node: it is gone, or was never put there after all. */
  forget(task: Task, nodeId = task.nodeId): void {
    if (nodeId) this.#note(nodeId, this.#nodes.get(nodeId)?.remove(task));
  }

  /** Notes that a task failed on its node. */
  noteFailure(task: Task, nowMs: number): void {
    this.#nodes.get(task.nodeId)?.failures.note(groupKey(task), nowMs);
    this.#generation++;
  }

  #note(nodeId: string, change: LoadChange | undefined): void {
    if (change === "freed") this.#open(nodeId, "room");
    else if (change === "taken") this.#generation++;
  }

  #open(nodeId: string, opening: Opening): void {
    this.#generation++;
    if (opening === "node" || !this.#openings.has(nodeId)) this.#openings.set(nodeId, opening);
  }
}
