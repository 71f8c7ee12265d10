import { updateOptions } from "../../../manager/orchestrator/update-options.ts";
import { slotKey } from "../../../manager/store/schema.ts";
import type { StoreEvent, StoreView } from "../../../manager/store/tables.ts";
import {
  ChangeKind,
  NodeAvailability,
  NodeState,
  TaskState,
  type Node,
  type RebalanceConfig,
  type Service,
  type Task,
} from "../../../proto/generated.ts";
import { demand } from "../violation.ts";
import { show } from "./describe.ts";
import { hashOf } from "./digest.ts";
import type { Moves } from "./mover.ts";
import { isUpdating } from "./service-checks.ts";

const NS_PER_MS = 1e6;

/** A decision is made on objects as they were; so old it is at most when it is committed, ms. */
const DECISION_AGE_MS = 3_000;

const stateOf = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;

/** A move that the cluster asked for by itself. */
interface Asked {
  readonly taskId: string;
  readonly serviceId: string;
  readonly atMs: number;
}

/** Whether a move has been asked for that is neither done nor refused. */
export function isOnItsWay({ move, moveRefusal, desiredState }: Task): boolean {
  const open = move !== null && move.requestedAtMs !== moveRefusal?.requestedAtMs;
  return open && desiredState <= TaskState.RUNNING;
}

/**
 * Moves are asked for of running replicas only, within the budget and to warm nodes when nobody
 * asks; they start first, no more at a time than the service has replaced at a time.
 */
export class MoveChecks {
  readonly #moves: Moves;
  readonly #asked: Asked[] = [];
  /** When the settings were changed last, ms. */
  #configuredMs = 0;
  #config: RebalanceConfig | null = null;
  /** When the specification of each service changed last, ms. */
  readonly #specifiedMs = new Map<string, number>();

  constructor(moves: Moves) {
    this.#moves = moves;
  }

  check(events: readonly StoreEvent[], view: StoreView): void {
    for (const event of events) {
      if (event.change === ChangeKind.REMOVE) continue;
      if (event.kind === "cluster") this.#follow(event.object.spec?.rebalance ?? null, event);
      if (event.kind === "service") this.#specified(event.object, event.old);
      if (event.kind !== "task") continue;
      const { object: task, old } = event;
      if (task.move && task.move !== old?.move) this.#checkRequest(task, view);
      if (!old && task.origin?.movedTaskId) this.#checkSuccessor(task, view);
      if (old) checkHandover(task, old, view);
    }
  }

  #follow(config: RebalanceConfig | null, { object }: Extract<StoreEvent, { kind: "cluster" }>) {
    if (hashOf(config) === hashOf(this.#config)) return;
    this.#config = config;
    this.#configuredMs = object.meta?.updatedAtMs ?? 0;
  }

  #specified(service: Service, old: Service | undefined): void {
    if (hashOf(service.spec) === hashOf(old?.spec ?? null)) return;
    this.#specifiedMs.set(service.id, service.meta?.updatedAtMs ?? 0);
  }

  #checkRequest(task: Task, view: StoreView): void {
    const service = view.service.get(task.serviceId);
    const { mode, task: template } = service?.spec ?? {};
    const scheduled = (template?.placement?.scheduler ?? "") !== "";
    const movable = stateOf(task) === TaskState.RUNNING && mode === "replicated" && !scheduled;
    demand(movable, "move", () => `${show(task)} is to be moved, and may not be`);
    if (task.move?.nodeId === task.nodeId)
      demand(false, "move", () => `${show(task)} is to be moved to where it is`);
    if (this.#moves === "automatic") this.#checkBudget(task, view);
  }

  #checkBudget(task: Task, view: StoreView): void {
    const { requestedAtMs: now = 0, nodeId = "" } = task.move ?? {};
    this.#asked.push({ taskId: task.id, serviceId: task.serviceId, atMs: now });
    const config = this.#config;
    if (!config || now - this.#configuredMs < DECISION_AGE_MS) return;
    demand(config.movesMax > 0, "budget", () => `${show(task)} is to be moved: nobody wants that`);
    const since = Math.max(this.#configuredMs, now - config.intervalNs / NS_PER_MS);
    const spent = this.#asked.filter((asked) => asked.atMs > since && isRemembered(asked, view));
    const text = (): string => `${spent.length} moves are asked for, not ${config.movesMax}`;
    demand(spent.length <= config.movesMax, "budget", text);
    checkWarm(view.node.get(nodeId), (config.warmUpNs?.value ?? 0) / NS_PER_MS, task);
  }

  /** A successor goes where the task was asked to go, while that runs. */
  #checkSuccessor(successor: Task, view: StoreView): void {
    const task = view.task.get(successor.origin?.movedTaskId ?? "");
    const there = task?.move?.nodeId === successor.nodeId;
    const runs = task?.desiredState === TaskState.RUNNING && slotKey(task) === slotKey(successor);
    demand(there && runs, "move", () => `${show(successor)} follows no task that is to move there`);
    const service = view.service.get(successor.serviceId);
    if (service) this.#checkParallelism(service, successor, view);
  }

  #checkParallelism(service: Service, successor: Task, view: StoreView): void {
    const now = successor.meta?.createdAtMs ?? 0;
    if (now - (this.#specifiedMs.get(service.id) ?? 0) < DECISION_AGE_MS) return;
    const { parallelism } = updateOptions(service);
    const starting = [...view.task.by("service", service.id)].filter(
      (task) =>
        task.origin?.movedTaskId &&
        task.desiredState <= TaskState.RUNNING &&
        stateOf(task) < TaskState.RUNNING,
    );
    const few = starting.length <= parallelism;
    const text = (): string => `${starting.length} tasks move, not ${parallelism}`;
    demand(few, "move-parallelism", text);
  }
}

/** What was spent is read from the tasks: of replicas and services that are gone nobody remembers. */
function isRemembered({ taskId, serviceId, atMs }: Asked, view: StoreView): boolean {
  const follows = ({ origin }: Task): boolean =>
    origin?.movedTaskId === taskId && origin.moveRequestedAtMs === atMs;
  return [...view.task.by("service", serviceId)].some(
    (task) => task.id === taskId || follows(task),
  );
}

function checkWarm(node: Node | undefined, warmUpMs: number, task: Task): void {
  const { state, sinceMs = Infinity } = node?.status ?? {};
  // It may have gone, or come back, since.
  if (state !== NodeState.READY || sinceMs > (task.move?.requestedAtMs ?? 0)) return;
  const warm = sinceMs + warmUpMs <= (task.move?.requestedAtMs ?? 0);
  demand(warm, "warm-up", () => `${show(task)} is to be moved to ${task.move?.nodeId}: too early`);
}

/** A task that runs and is moved goes on until its successor runs. */
function checkHandover(task: Task, old: Task, view: StoreView): void {
  const ended = old.desiredState === TaskState.RUNNING && task.desiredState > TaskState.COMPLETE;
  const service = view.service.get(task.serviceId);
  if (!ended || !service || stateOf(task) !== TaskState.RUNNING || !old.move) return;
  const same = service.specVersion?.index === task.specVersion?.index;
  if (!same || isUpdating(service) || !isAtHome(task, view)) return;
  const successor = [...view.task.by("slot", slotKey(task))].find(
    ({ origin, desiredState }) =>
      origin?.movedTaskId === task.id &&
      origin.moveRequestedAtMs === old.move?.requestedAtMs &&
      desiredState <= TaskState.RUNNING,
  );
  // The slot itself may be given up.
  if (!successor) return;
  const runs = stateOf(successor) === TaskState.RUNNING;
  demand(runs, "start-first", () => `${show(task)} is ended for ${show(successor)}`);
}

function isAtHome(task: Task, view: StoreView): boolean {
  const node = view.node.get(task.nodeId);
  const open = node?.spec?.availability !== NodeAvailability.DRAIN;
  return open && node?.status?.state === NodeState.READY;
}
