import {
  DRAIN_ATTEMPTS_MAX,
  DRAIN_PLACE_WAIT_MS,
} from "../../../manager/orchestrator/plan-drain.ts";
import { slotKey } from "../../../manager/store/schema.ts";
import type { StoreEvent, StoreView } from "../../../manager/store/tables.ts";
import {
  ChangeKind,
  NodeAvailability,
  NodeState,
  RestartPolicyCondition,
  TaskState,
  UpdateConfigOrder,
} from "../../../proto/generated.ts";
import type { RestartPolicy, Service, Task } from "../../../proto/generated.ts";
import { demand } from "../violation.ts";
import { show } from "./describe.ts";
import { isUpdating } from "./service-checks.ts";

/** A decision is made on the node as it was; so old it is at most when it is committed, ms. */
const DECISION_AGE_MS = 3_000;

const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;

/**
 * A task that runs on a drained node runs on until its successor does, or has had its time, unless
 * somebody asked for another order.
 */
export function checkDrain(events: readonly StoreEvent[], view: StoreView): void {
  for (const event of events) {
    if (event.kind !== "task" || event.change !== ChangeKind.UPDATE || !event.old) continue;
    const { object: task, old } = event;
    const ended =
      old.desiredState === TaskState.RUNNING && task.desiredState === TaskState.SHUTDOWN;
    const service = view.service.get(task.serviceId);
    if (!ended || !service || stateOf(task) !== TaskState.RUNNING) continue;
    if (isPlain(service, task) && isDraining(task, view))
      demand(
        isFollowed(task, view),
        "drain",
        () => `${show(task)} is ended before its successor runs`,
      );
  }
}

/** Whether nothing but the drain has a say in the task's end. */
function isPlain(service: Service, task: Task): boolean {
  const { spec, specVersion } = service;
  const { update, task: template } = spec ?? {};
  const startsFirst = !update || update.order === UpdateConfigOrder.START_FIRST;
  const plain = spec?.mode === "replicated" && startsFirst && comesBack(template?.restart ?? null);
  return plain && !isUpdating(service) && specVersion?.index === task.specVersion?.index;
}

/** Whether a task that ends is always followed by another. */
function comesBack(restart: RestartPolicy | null): boolean {
  if (!restart) return true;
  return restart.condition === RestartPolicyCondition.ANY && restart.maxAttempts === 0;
}

function isDraining(task: Task, view: StoreView): boolean {
  const node = view.node.get(task.nodeId);
  const settled = (task.meta?.updatedAtMs ?? 0) - (node?.meta?.updatedAtMs ?? 0) > DECISION_AGE_MS;
  const drained = node?.spec?.availability === NodeAvailability.DRAIN;
  return settled && drained && node.status?.state !== NodeState.DOWN;
}

function isFollowed(task: Task, view: StoreView): boolean {
  const now = task.meta?.updatedAtMs ?? 0;
  for (const other of view.task.by("slot", slotKey(task))) {
    if (other.id === task.id) continue;
    const age = now - (other.meta?.createdAtMs ?? now);
    const tries = (other.origin?.restarts ?? 0) - (task.origin?.restarts ?? 0);
    if (stateOf(other) === TaskState.RUNNING) return true;
    if (age >= DRAIN_PLACE_WAIT_MS || tries >= DRAIN_ATTEMPTS_MAX) return true;
  }
  return false;
}
