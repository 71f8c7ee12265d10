import { make } from "../../proto/codec.ts";
import {
  NodeAvailability,
  TaskState,
  type Node,
  type Resources,
  type Task,
  type Volume,
} from "../../proto/generated.ts";
import { nodeFits } from "../constraint/constraint.ts";
import { genericAmount, genericKind, reservationOf } from "../resources/reservation.ts";
import type { StoreView } from "../store/tables.ts";
import { stateOf } from "./task-state.ts";

const NODE_MESSAGE = "task rejected by constraint enforcer";
/** What is said of a task whose node a change of labels took from it; as in SwarmKit. */
export const NODE_REASON = "assigned node no longer meets constraints";
const VOLUME_MESSAGE = "task rejected by volume enforcer";
const VOLUME_REASON = "attached to volume which is being drained";

/**
 * The tasks on `node` that must not be there any more, as REJECTED: their service's constraints do
 * not hold, or the node has less than what its tasks reserve; the oldest tasks keep their place.
 * Only active nodes are looked at: others lose their tasks, or keep them, for other reasons.
 */
export function planEnforceNode(view: StoreView, node: Node, now: number): readonly Task[] {
  if (node.spec?.availability !== NodeAvailability.ACTIVE) return [];
  const rejected: Task[] = [];
  const room = roomOf(node);
  const tasks = [...view.task.by("node", node.id)].filter(isHeld).sort(byAge);
  for (const task of tasks) {
    const service = view.service.get(task.serviceId);
    const spec = service?.spec?.task ?? task.spec;
    const fits = nodeFits(node, spec?.placement?.constraints ?? []) && take(room, task);
    if (!fits) rejected.push(rejectedTask(task, now, NODE_MESSAGE, NODE_REASON));
  }
  return rejected;
}

/** The tasks that use `volume` while it is drained, as REJECTED. */
export function planEnforceVolume(view: StoreView, volume: Volume, now: number): readonly Task[] {
  if (volume.spec?.availability !== NodeAvailability.DRAIN) return [];
  const rejected: Task[] = [];
  for (const task of view.task.all()) {
    if (isHeld(task) && task.volumes.some(({ id }) => id === volume.id))
      rejected.push(rejectedTask(task, now, VOLUME_MESSAGE, VOLUME_REASON));
  }
  return rejected;
}

/** Whether the task has a place on its node that can be taken from it. */
function isHeld(task: Task): boolean {
  const state = stateOf(task);
  if (state < TaskState.ASSIGNED || state >= TaskState.COMPLETE) return false;
  return task.desiredState >= TaskState.ASSIGNED && task.desiredState <= TaskState.COMPLETE;
}

function byAge(a: Task, b: Task): number {
  return (a.meta?.createdAtMs ?? 0) - (b.meta?.createdAtMs ?? 0) || (a.id < b.id ? -1 : 1);
}

interface Room {
  cpu: number;
  memory: number;
  readonly generic: Map<string, number>;
}

/** What `node` has to give; nothing is known of a node that described no resources. */
function roomOf(node: Node): Room | undefined {
  const resources = node.description?.resources;
  if (!resources) return undefined;
  const generic = new Map<string, number>();
  for (const kind of kindsOf(resources)) generic.set(kind, genericAmount(resources.generic, kind));
  return { cpu: resources.nanoCpus, memory: resources.memoryBytes, generic };
}

/** Takes what `task` reserves out of `room`; false when there is not enough, and none is taken. */
function take(room: Room | undefined, task: Task): boolean {
  const wanted = reservationOf(task);
  if (!room || !wanted) return true;
  if (wanted.nanoCpus > room.cpu || wanted.memoryBytes > room.memory) return false;
  const generic = [...kindsOf(wanted)].map(
    (kind) => [kind, (room.generic.get(kind) ?? 0) - genericAmount(wanted.generic, kind)] as const,
  );
  if (generic.some(([, left]) => left < 0)) return false;
  room.cpu -= wanted.nanoCpus;
  room.memory -= wanted.memoryBytes;
  for (const [kind, left] of generic) room.generic.set(kind, left);
  return true;
}

function kindsOf({ generic }: Resources): Set<string> {
  return new Set(generic.map(genericKind));
}

function rejectedTask(task: Task, now: number, message: string, err: string): Task {
  const state = TaskState.REJECTED;
  const fields = { ...task.status, state, message, err, timestampMs: now, appliedAtMs: now };
  return { ...task, status: make("TaskStatus", fields) };
}
