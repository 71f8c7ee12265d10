import type { Clock } from "../../../lib/clock.ts";
import { NodeState, type Node, type RebalanceConfig, type Task } from "../../../proto/generated.ts";
import { runController, type Controller } from "../../store/controller.ts";
import type { Store } from "../../store/store.ts";
import type { StoreEvent } from "../../store/tables.ts";
import { Pace } from "../pace.ts";
import { proposeMoves, writeMoves } from "./rebalance.ts";

/** How often tasks are moved, unless the cluster says. */
const INTERVAL_MS = 600_000;

/** How long a node must have been ready before anything is moved there, unless the cluster says. */
const WARM_UP_MS = 300_000;

/** A service of which a move was refused is left alone for this long. */
export const REFUSAL_REST_MS = 3_600_000;

const NS_PER_MS = 1e6;

interface Settings {
  readonly movesMax: number;
  readonly intervalMs: number;
  readonly warmUpMs: number;
}

function settingsOf(config: RebalanceConfig | null | undefined): Settings | undefined {
  if (!config || config.movesMax === 0) return undefined;
  return {
    movesMax: config.movesMax,
    intervalMs: config.intervalNs === 0 ? INTERVAL_MS : config.intervalNs / NS_PER_MS,
    warmUpMs: config.warmUpNs ? config.warmUpNs.value / NS_PER_MS : WARM_UP_MS,
  };
}

/** What the tasks tell of moves past. */
interface History {
  /** Moves asked for within the interval, by whomever. */
  readonly used: number;
  /** Services of which a move was refused not long ago. */
  readonly resting: ReadonlySet<string>;
}

/**
 * Moves running tasks by itself where the cluster asks for it, no more than its budget in any
 * interval, and to no node that has just come up. What it has spent it reads from the tasks, so a
 * change of leader grants nothing extra.
 */
class Rebalancer implements Controller {
  readonly name = "rebalancer";
  readonly kinds = ["node", "cluster"] as const;
  readonly #modules: { readonly store: Store; readonly clock: Clock };
  #lookAtMs = -Infinity;

  constructor(modules: { readonly store: Store; readonly clock: Clock }) {
    this.#modules = modules;
  }

  init(): void {}

  mark(event: StoreEvent): void {
    if (event.kind === "node") this.#expect(event.object);
    if (event.kind !== "cluster") return;
    const before = event.old?.spec?.rebalance ?? null;
    // Whoever turns it on, or changes it, sees it work at once.
    if (event.object.spec?.rebalance !== before) this.#lookAtMs = -Infinity;
  }

  async act(signal: AbortSignal): Promise<number | undefined> {
    const { clock } = this.#modules;
    const settings = this.#settings();
    if (!settings) return undefined;
    if (clock.now() >= this.#lookAtMs) {
      this.#lookAtMs = this.#nextLook(settings);
      await this.#rebalance(settings, signal);
    }
    return this.#lookAtMs - clock.now();
  }

  #settings(): Settings | undefined {
    const [cluster] = this.#modules.store.view.cluster.all();
    return settingsOf(cluster?.spec?.rebalance);
  }

  /** A node that has just come up is looked at when it is warm. */
  #expect(node: Node): void {
    const settings = this.#settings();
    if (!settings) return;
    const at = warmAt(node, settings.warmUpMs);
    if (at > this.#modules.clock.now()) this.#lookAtMs = Math.min(this.#lookAtMs, at);
  }

  /** The end of the interval, or of a node's warm-up before it. */
  #nextLook({ intervalMs, warmUpMs }: Settings): number {
    const now = this.#modules.clock.now();
    let next = now + intervalMs;
    for (const node of this.#modules.store.view.node.all()) {
      const warmAtMs = warmAt(node, warmUpMs);
      if (warmAtMs > now) next = Math.min(next, warmAtMs);
    }
    return next;
  }

  async #rebalance(
    { movesMax, intervalMs, warmUpMs }: Settings,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, clock } = this.#modules;
    const now = clock.now();
    const { used, resting } = await this.#history(now - intervalMs, now - REFUSAL_REST_MS);
    if (used >= movesMax) return;
    const services = [...store.view.service.all()].filter(({ id }) => !resting.has(id));
    const options = {
      movesMax: movesMax - used,
      mayTake: ({ node }: { readonly node: Node }) => warmAt(node, warmUpMs) <= now,
    };
    const moves = await proposeMoves(this.#modules, services, options, signal);
    await writeMoves(this.#modules, moves, signal);
  }

  async #history(sinceMs: number, refusedSinceMs: number): Promise<History> {
    const pace = new Pace(this.#modules.clock);
    const moved = new Set<string>();
    const resting = new Set<string>();
    for (const task of this.#modules.store.view.task.all()) {
      for (const key of movesNoted(task, sinceMs)) moved.add(key);
      if ((task.moveRefusal?.requestedAtMs ?? -Infinity) > refusedSinceMs)
        resting.add(task.serviceId);
      if (pace.isOver(false)) await pace.pause();
    }
    return { used: moved.size, resting };
  }
}

/** When a node has been ready for long enough; never while it is not ready. */
function warmAt({ status }: Node, warmUpMs: number): number {
  return status?.state === NodeState.READY ? status.sinceMs + warmUpMs : Infinity;
}

/** A task that moves and its successor tell of the same move. */
function movesNoted({ id, move, origin }: Task, sinceMs: number): readonly string[] {
  const keys: string[] = [];
  if (move && move.requestedAtMs > sinceMs) keys.push(id);
  if (origin?.movedTaskId && origin.moveRequestedAtMs > sinceMs) keys.push(origin.movedTaskId);
  return keys;
}

/** Runs the automatic rebalance, which is off unless asked for, until `signal` aborts. */
export function runRebalancer(
  modules: { readonly store: Store; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  return runController(new Rebalancer(modules), modules, signal);
}
