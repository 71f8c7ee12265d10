import { TaskState, UpdateStatusState, type Service, type Task } from "../../../proto/generated.ts";
import type { StoreView } from "../../store/tables.ts";

/** Whether the service's tasks are of one mind: nothing else is about to move or replace them. */
export function isAtRest({ spec, updateStatus, pendingDelete }: Service): boolean {
  if (pendingDelete || spec?.mode !== "replicated") return false;
  // Its own scheduler put them where they are.
  if ((spec.task?.placement?.scheduler ?? "") !== "") return false;
  const state = updateStatus?.state ?? UpdateStatusState.UNKNOWN;
  return (
    state === UpdateStatusState.UNKNOWN ||
    state === UpdateStatusState.COMPLETED ||
    state === UpdateStatusState.ROLLBACK_COMPLETED
  );
}

/** Whether a move has been asked for that is neither done nor refused. */
export function hasOpenMove({ move, moveRefusal }: Task): boolean {
  return move !== null && move.requestedAtMs !== moveRefusal?.requestedAtMs;
}

/** Whether a task may be moved now: it runs as its service asks, and nothing is about to end it. */
export function isMovable(task: Task, service: Service): boolean {
  return (
    task.status?.state === TaskState.RUNNING &&
    task.desiredState === TaskState.RUNNING &&
    task.slot !== 0 &&
    !(task.spec?.placement?.stickyVolumes ?? false) &&
    !hasOpenMove(task) &&
    isAtRest(service)
  );
}

/**
 * The tasks of a service that may be moved, as their successors would be made now: all alike.
 * None while some are on their way: what the service comes to look like is not known yet.
 */
export function movableTasks(
  view: StoreView,
  service: Service,
  isCurrent: (task: Task) => boolean,
): readonly Task[] {
  if (!isAtRest(service)) return [];
  const movable: Task[] = [];
  for (const task of view.task.by("service", service.id)) {
    if (task.desiredState > TaskState.RUNNING) continue;
    if (hasOpenMove(task)) return [];
    if (isMovable(task, service) && isCurrent(task)) movable.push(asMadeNow(task, service));
  }
  return movable;
}

function asMadeNow(task: Task, { spec, specVersion }: Service): Task {
  const serviceAnnotations = spec?.annotations ?? null;
  return { ...task, spec: spec?.task ?? null, specVersion, serviceAnnotations };
}
