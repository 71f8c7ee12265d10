import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import {
  TaskMoveStatePhase,
  TaskState,
  type ControlApi,
  type ListMovesRequest,
  type ListMovesResponse,
  type RebalanceRequest,
  type RebalanceResponse,
  type Service,
  type Task,
  type TaskMoveState,
} from "../../proto/generated.ts";
import { SwarmError } from "../../lib/errors.ts";
import { Pace } from "../scheduler/pace.ts";
import { hasOpenMove, isAtRest } from "../scheduler/rebalance/candidates.ts";
import type { Move } from "../scheduler/rebalance/plan-moves.ts";
import { proposeMoves, writeMoves } from "../scheduler/rebalance/rebalance.ts";
import type { StoreView } from "../store/tables.ts";
import { readView, type ControlModules } from "./context.ts";

/** Moves that one call asks for at most. */
const MOVES_MAX = 1_000;

/** The services named, in their order; all by name when none is. */
function servicesOf(view: StoreView, refs: readonly string[]): readonly Service[] {
  if (refs.length > 0) return refs.map((ref) => view.service.resolve(ref));
  const nameOf = ({ spec }: Service): string => spec?.annotations?.name ?? "";
  return [...view.service.all()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** Tells of a service named why nothing of it can move. */
function checkNamed(view: StoreView, services: readonly Service[]): void {
  for (const service of services) {
    const { spec, id } = service;
    const name = spec?.annotations?.name ?? id;
    const scheduler = spec?.task?.placement?.scheduler ?? "";
    if (spec?.mode !== "replicated")
      throw new SwarmError(
        "invalid",
        `service ${name} is not replicated: only such services are moved`,
      );
    if (scheduler !== "")
      throw new SwarmError("invalid", `service ${name} is placed by the scheduler ${scheduler}`);
    if (!isAtRest(service))
      throw new SwarmError(
        "failed-precondition",
        `service ${name} is being updated, or its update is paused: finish that first`,
      );
    for (const task of view.task.by("service", id))
      if (hasOpenMove(task) && task.desiredState <= TaskState.RUNNING)
        throw new SwarmError(
          "failed-precondition",
          `tasks of service ${name} are on their way already`,
        );
  }
}

/** Plans which tasks would lie better elsewhere and, unless it is a dry run, asks for the moves. */
async function rebalance(
  modules: ControlModules,
  request: RebalanceRequest,
  call: Call,
): Promise<RebalanceResponse> {
  const { store, clock } = modules;
  const services = servicesOf(store.view, request.services);
  if (request.services.length > 0) checkNamed(store.view, services);
  const movesMax = Math.min(request.movesMax || MOVES_MAX, MOVES_MAX);
  const options = { movesMax, mayTake: () => true };
  const moves = await proposeMoves(modules, services, options, call.signal);
  const now = clock.now();
  if (!request.dryRun) await writeMoves(modules, moves, call.signal);
  return { moves: moves.map((move) => plannedState(store.view, move, now)) };
}

function hostname(view: StoreView, nodeId: string): string {
  return view.node.get(nodeId)?.description?.hostname || nodeId;
}

function plannedState(view: StoreView, { task, toNodeId }: Move, now: number): TaskMoveState {
  const stored = view.task.get(task.id);
  const requestedAtMs = stored?.move?.requestedAtMs ?? now;
  return make("TaskMoveState", {
    ...placeOf(view, task, toNodeId),
    requestedAtMs,
    phase: TaskMoveStatePhase.WAITING,
  });
}

function placeOf(view: StoreView, task: Task, toNodeId: string) {
  return {
    taskId: task.id,
    serviceId: task.serviceId,
    serviceName: task.serviceAnnotations?.name ?? "",
    slot: task.slot,
    fromNodeId: task.nodeId,
    fromHostname: hostname(view, task.nodeId),
    toNodeId,
    toHostname: hostname(view, toNodeId),
  };
}

/** What became of the moves that were asked for, as far back as tasks are remembered. */
async function listMoves(
  modules: ControlModules,
  request: ListMovesRequest,
  call: Call,
): Promise<ListMovesResponse> {
  const view = await readView(modules, request.consistency, call);
  const moves: TaskMoveState[] = [];
  const pace = new Pace(modules.clock);
  for (const service of servicesOf(view, request.services)) {
    moves.push(...movesOf(view, service));
    if (pace.isOver(true)) await pace.pause();
  }
  return { moves };
}

function movesOf(view: StoreView, service: Service): readonly TaskMoveState[] {
  const tasks = [...view.task.by("service", service.id)];
  const successors = new Map(
    tasks.flatMap((task) => (task.origin?.movedTaskId ? [[keyOf(task.origin), task]] : [])),
  );
  const moved = tasks.filter(({ move }) => move !== null);
  const known = new Set(moved.map(({ id }) => id));
  // Of a task that is no longer remembered, its successor is.
  const forgotten = [...successors.values()].filter(
    ({ origin }) => !known.has(origin?.movedTaskId ?? ""),
  );
  return [
    ...moved.map((task) => stateOf(view, task, successors.get(moveKey(task)))),
    ...forgotten.map((task) => stateOfForgotten(view, task)),
  ];
}

const keyOf = (origin: { readonly movedTaskId: string; readonly moveRequestedAtMs: number }) =>
  `${origin.movedTaskId}/${origin.moveRequestedAtMs}`;

const moveKey = ({ id, move }: Task): string => `${id}/${move?.requestedAtMs ?? 0}`;

function stateOf(view: StoreView, task: Task, successor: Task | undefined): TaskMoveState {
  const fields = {
    ...placeOf(view, task, task.move?.nodeId ?? ""),
    requestedAtMs: task.move?.requestedAtMs ?? 0,
    successorId: successor?.id ?? "",
  };
  const say = (phase: TaskMoveStatePhase, reason = "") =>
    make("TaskMoveState", { ...fields, phase, reason });
  if (!hasOpenMove(task)) return say(TaskMoveStatePhase.GIVEN_UP, task.moveRefusal?.reason ?? "");
  if (task.desiredState > TaskState.RUNNING) return ended(say, successor);
  if (!successor) return say(TaskMoveStatePhase.WAITING);
  return say(TaskMoveStatePhase.STARTING, successor.status?.err || successor.status?.message);
}

/** The task is on its way out: because its successor runs, or for some other reason. */
function ended(
  say: (phase: TaskMoveStatePhase, reason?: string) => TaskMoveState,
  successor: Task | undefined,
): TaskMoveState {
  const hasRun = (successor?.status?.state ?? TaskState.NEW) >= TaskState.RUNNING;
  if (successor && hasRun) return say(TaskMoveStatePhase.DONE);
  return say(TaskMoveStatePhase.GIVEN_UP, "the task ended before its successor ran");
}

function stateOfForgotten(view: StoreView, successor: Task): TaskMoveState {
  return make("TaskMoveState", {
    ...placeOf(view, successor, successor.nodeId),
    taskId: successor.origin?.movedTaskId ?? "",
    fromNodeId: "",
    fromHostname: "",
    requestedAtMs: successor.origin?.moveRequestedAtMs ?? 0,
    phase: TaskMoveStatePhase.DONE,
    successorId: successor.id,
  });
}

/** The calls that even out where tasks are. */
export function rebalanceApi(modules: ControlModules) {
  return {
    rebalance: (request, call) => rebalance(modules, request, call),
    listMoves: (request, call) => listMoves(modules, request, call),
  } satisfies Partial<ControlApi>;
}
