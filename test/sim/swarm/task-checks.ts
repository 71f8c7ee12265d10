import type { StoreEvent, StoreView } from "../../../manager/store/tables.ts";
import {
  ChangeKind,
  NodeState,
  TaskState,
  UpdateConfigOrder,
  type Service,
  type Task,
} from "../../../proto/generated.ts";
import { demand } from "../violation.ts";
import { show } from "./describe.ts";
import { hashOf } from "./digest.ts";

type TaskEvent = Extract<StoreEvent, { kind: "task" }>;

const DAY_MS = 24 * 3600_000;

const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;

const isOnNode = (task: Task): boolean =>
  stateOf(task) >= TaskState.ASSIGNED && stateOf(task) <= TaskState.RUNNING;

/** Whether nothing is to be heard from the task's node. */
function isLost(task: Task, view: StoreView): boolean {
  const node = view.node.get(task.nodeId);
  return node === undefined || node.status?.state === NodeState.DOWN;
}

/** What must hold of every task that a commit changes. */
export function checkTasks(events: readonly StoreEvent[], view: StoreView): void {
  const slots = new Set<string>();
  for (const event of events) {
    if (event.kind !== "task") continue;
    checkTask(event, view);
    const { serviceId, slot, nodeId } = event.object;
    slots.add(slot === 0 ? `${serviceId}/@${nodeId}` : `${serviceId}/${slot}`);
  }
  for (const slot of slots) checkSlot(slot, view);
}

function checkTask({ change, object: task, old }: TaskEvent, view: StoreView): void {
  if (change === ChangeKind.REMOVE) return checkRemoved(task, view);
  checkReason(task);
  if (!old) return checkCreated(task);
  checkWriters(task, old);
  if (stateOf(task) === TaskState.ORPHANED && stateOf(old) !== TaskState.ORPHANED)
    checkOrphaned(task, view);
}

/** What a lost node had stays its own for a day, whoever leads. */
function checkOrphaned(task: Task, view: StoreView): void {
  const node = view.node.get(task.nodeId);
  const since = (task.meta?.updatedAtMs ?? 0) - (node?.meta?.updatedAtMs ?? 0);
  const lost = node === undefined || since >= DAY_MS;
  demand(lost, "orphan", () => `${show(task)} is given up while its node may come back`);
}

function checkCreated(task: Task): void {
  const named = task.serviceId !== "" && task.serviceAnnotations?.name !== "";
  demand(named, "task-without-service", () => `${show(task)} is made for no service`);
  const state = stateOf(task);
  const isReady = state === TaskState.PENDING && task.endpoint !== null;
  const isFresh = state === TaskState.NEW || isReady;
  demand(isFresh, "one-writer", () => `${show(task)} is not made as NEW, or without an endpoint`);
}

/** A task that may be running somewhere stays known. */
function checkRemoved(task: Task, view: StoreView): void {
  const gone = !isOnNode(task) || isLost(task, view);
  demand(gone, "live-task-removed", () => `${show(task)} is taken out while it is on its node`);
}

/** Whatever does not run says why. */
function checkReason(task: Task): void {
  const { message = "", err = "" } = task.status ?? {};
  const told = message !== "" || err !== "";
  demand(told, "reason", () => `${show(task)} has neither message nor error`);
  const state = stateOf(task);
  const bad = state === TaskState.FAILED || state === TaskState.REJECTED;
  demand(!bad || err !== "", "reason", () => `${show(task)} has no error`);
}

/** Each field has one writer, states only rise, and what a task is never changes. */
function checkWriters(task: Task, old: Task): void {
  const say = (what: string) => (): string => `${what} of ${show(task)} changes`;
  const same =
    task.serviceId === old.serviceId &&
    task.slot === old.slot &&
    task.specVersion?.index === old.specVersion?.index &&
    task.jobIteration?.index === old.jobIteration?.index;
  demand(same, "one-writer", say("the identity"));
  demand(hashOf(task.spec) === hashOf(old.spec), "one-writer", say("the spec"));
  const placed =
    task.nodeId === old.nodeId || (old.nodeId === "" && stateOf(old) < TaskState.ASSIGNED);
  demand(placed, "one-writer", say("the node"));
  const observed = stateOf(task) >= stateOf(old);
  demand(observed, "state-falls", () => `${show(task)} falls back from state ${stateOf(old)}`);
  const wanted = task.desiredState >= old.desiredState;
  demand(wanted, "state-falls", () => `${show(task)} was wanted at ${old.desiredState} before`);
  const both = task.desiredState !== old.desiredState && stateOf(task) !== stateOf(old);
  demand(
    !both || stateOf(old) < TaskState.ASSIGNED,
    "one-writer",
    say("desired and observed state"),
  );
}

/** Tasks of a slot that are told to run at one time: one, or two while one takes over. */
function checkSlot(key: string, view: StoreView): void {
  const service = view.service.get(key.slice(0, key.indexOf("/")));
  if (!service) return;
  const told: Task[] = [];
  for (const task of view.task.by("slot", key)) {
    const wanted = task.desiredState > TaskState.READY && task.desiredState <= TaskState.COMPLETE;
    if (wanted && stateOf(task) <= TaskState.RUNNING && !isLost(task, view)) told.push(task);
  }
  // A task that is moved runs on until its successor does, whatever the order of updates.
  const moved = told.some(({ id }) => told.some(({ origin }) => origin?.movedTaskId === id));
  const most = mayOverlap(service) || moved ? 2 : 1;
  const text = (): string => told.map(show).join(", ");
  demand(told.length <= most, "slot", () => `slot ${key} has ${told.length} of ${most}: ${text()}`);
}

/** Whether two tasks of one slot may run side by side. */
export function mayOverlap({ spec, previousSpec }: Service): boolean {
  // Of a service whose specification changed, tasks of both orders may be under way.
  const configs = [spec?.update, spec?.rollback, previousSpec?.update, previousSpec?.rollback];
  const drained = !spec?.update;
  return drained || configs.some((config) => config?.order === UpdateConfigOrder.START_FIRST);
}
