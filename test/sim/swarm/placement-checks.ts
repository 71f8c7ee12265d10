import { nodeFits } from "../../../manager/constraint/constraint.ts";
import { reservationOf } from "../../../manager/resources/reservation.ts";
import type { StoreEvent, StoreView } from "../../../manager/store/tables.ts";
import {
  NodeAvailability,
  PublishMode,
  TaskState,
  type Node,
  type Task,
} from "../../../proto/generated.ts";
import { demand } from "../violation.ts";
import { show } from "./describe.ts";
import { hashOf } from "./digest.ts";

/** A decision is made on a node as it was; so old it is at most when it is committed, µs. */
const DECISION_AGE_US = 3_000_000;

const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;

const isOnNode = (task: Task): boolean =>
  stateOf(task) >= TaskState.ASSIGNED && stateOf(task) <= TaskState.RUNNING;

/** What must hold of each placement. */
export class PlacementChecks {
  readonly #now: () => number;
  /** When each node's spec was changed last, µs. */
  readonly #changedAt = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  check(events: readonly StoreEvent[], view: StoreView): void {
    for (const event of events) {
      if (event.kind === "node" && hashOf(event.object.spec) !== hashOf(event.old?.spec ?? null))
        this.#changedAt.set(event.object.id, this.#now());
      if (event.kind !== "task" || !event.old) continue;
      const { object: task, old } = event;
      if (stateOf(old) >= TaskState.ASSIGNED || stateOf(task) !== TaskState.ASSIGNED) continue;
      checkRoom(task, view);
      checkNeighbours(task, view);
      const node = view.node.get(task.nodeId);
      if (node && this.#now() - (this.#changedAt.get(node.id) ?? 0) > DECISION_AGE_US)
        checkNode(task, node);
    }
  }
}

/** What is reserved on a node is no more than it has. */
function checkRoom(task: Task, view: StoreView): void {
  const total = view.node.get(task.nodeId)?.description?.resources;
  if (!total || !reservationOf(task)) return;
  let [cpus, memory] = [0, 0];
  for (const other of view.task.by("node", task.nodeId)) {
    if (!isOnNode(other)) continue;
    cpus += reservationOf(other)?.nanoCpus ?? 0;
    memory += reservationOf(other)?.memoryBytes ?? 0;
  }
  const fits = cpus <= total.nanoCpus && memory <= total.memoryBytes;
  demand(fits, "reservations", () => `${show(task)} does not fit on node ${task.nodeId}`);
}

/** Ports of a host are used once, and a service is on a node as often as it may. */
function checkNeighbours(task: Task, view: StoreView): void {
  const most = task.spec?.placement?.maxReplicas ?? 0;
  const ports = hostPorts(task);
  let siblings = 0;
  for (const other of view.task.by("node", task.nodeId)) {
    if (!isOnNode(other)) continue;
    const active = other.desiredState <= TaskState.COMPLETE;
    const alike = hashOf(other.spec?.placement ?? null) === hashOf(task.spec?.placement ?? null);
    if (other.serviceId === task.serviceId && active && alike) siblings++;
    const clash = other.id !== task.id && hostPorts(other).some((port) => ports.includes(port));
    demand(!clash, "host-port", () => `${show(task)} and ${show(other)} have one port`);
  }
  const few = most === 0 || siblings <= most;
  demand(few, "max-replicas", () => `${show(task)} is number ${siblings} of ${most}`);
}

function hostPorts({ endpoint }: Task): readonly string[] {
  return (endpoint?.spec?.ports ?? [])
    .filter((port) => port.publishMode === PublishMode.HOST && port.publishedPort !== 0)
    .map((port) => `${port.protocol}/${port.publishedPort}`);
}

function checkNode(task: Task, node: Node): void {
  const active = node.spec?.availability === NodeAvailability.ACTIVE;
  demand(active, "availability", () => `${show(task)} is placed on a node that takes none`);
  const fits = nodeFits(node, task.spec?.placement?.constraints ?? []);
  demand(fits, "constraint", () => `${show(task)} is placed against its constraints`);
}
