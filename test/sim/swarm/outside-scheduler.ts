import { linked, type Linked } from "../../../lib/abort.ts";
import { Bell } from "../../../lib/bell.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import type { SeededRandom } from "../../../lib/random.ts";
import {
  OffersMessageType,
  PlacementResultOutcome,
  SchedulingService,
  type OffersMessage,
  type PendingTask,
  type PlacementResult,
  type SchedulingApi,
  type TaskPlacement,
} from "../../../proto/generated.ts";
import { Lane, type Process } from "../raft/lane.ts";
import { CLUSTER_ID } from "./cluster.ts";
import type { PlacedOutside } from "./outside-checks.ts";
import type { RequestModules } from "./request.ts";
import type { Wire } from "./wire.ts";

/** The name of the scheduler, in services and towards the managers. */
export const OUTSIDE = "gang";

/** Pause until a manager is asked again, µs. */
const RECONNECT_US = 500_000;

/** What was refused is tried again after this long, whatever was told meanwhile, µs. */
const RETRY_US = 5_000_000;

/** Placements in one call. */
const PLACEMENTS_MAX = 20;

export interface OutsideModules extends RequestModules {
  readonly wire: Wire;
  readonly placed: PlacedOutside;
  readonly isCalm: () => boolean;
}

/** A scheduler beside the cluster's: takes offers from whoever leads, and places by chance. */
export class OutsideScheduler {
  readonly #random: SeededRandom;
  readonly #modules: OutsideModules;
  readonly #process: Process;
  readonly #lane: Lane;

  constructor(random: SeededRandom, modules: OutsideModules) {
    this.#random = random;
    this.#modules = modules;
    const { scheduler, onViolation } = modules;
    this.#process = { name: "outside", scheduler, alive: true, fail: onViolation };
    this.#lane = new Lane(this.#process, "outside: ");
  }

  /** Serves whoever leads to the end of the run. */
  async run(): Promise<void> {
    const { wire, managers } = this.#modules;
    for (;;) {
      await this.#lane.sleep(RECONNECT_US, "connects");
      const all = managers();
      const manager = all[this.#random.int(Math.max(1, all.length))];
      if (!manager) continue;
      const party = { name: this.#process.name, lane: this.#lane };
      const connection = wire.connect(party, () => manager);
      using link = linked(new AbortController().signal);
      try {
        await this.#serve(connection.api(SchedulingService), link);
      } catch (error) {
        if (!isSwarmError(error)) throw error;
      } finally {
        link.abort();
        connection.close();
      }
    }
  }

  /** Listens and places side by side, until either fails. */
  async #serve(api: SchedulingApi, link: Linked): Promise<void> {
    const picture = new Picture();
    const placing = this.#place(api, picture, link).catch((error: unknown) => {
      link.abort(error);
      picture.bell.ring();
    });
    const caller = { nodeId: "n1", role: "manager", clusterId: CLUSTER_ID, addr: "" } as const;
    try {
      const call = { caller, signal: link.signal };
      for await (const message of api.offers({ scheduler: OUTSIDE }, call)) picture.apply(message);
    } finally {
      link.abort();
      picture.bell.ring();
      await placing;
    }
  }

  async #place(api: SchedulingApi, picture: Picture, { signal }: Linked): Promise<void> {
    const caller = { nodeId: "n1", role: "manager", clusterId: CLUSTER_ID, addr: "" } as const;
    this.#tryAgain(picture, signal);
    for (;;) {
      await picture.bell.wait();
      signal.throwIfAborted();
      for (
        let placements = this.#plan(picture);
        placements.length > 0;
        placements = this.#plan(picture)
      ) {
        this.#modules.placed.ask(placements);
        const request = { scheduler: OUTSIDE, placements };
        const { results } = await api.place(request, { caller, signal });
        for (const [at, result] of results.entries())
          this.#note(result, placements[at]!.nodeId, picture);
      }
    }
  }

  #tryAgain(picture: Picture, signal: AbortSignal): void {
    this.#lane.after(RETRY_US, ["tries again"], () => {
      if (signal.aborted) return;
      picture.tried.clear();
      picture.bell.ring();
      this.#tryAgain(picture, signal);
    });
  }

  /** A node for some of the tasks, seldom a good one: each node is tried once. */
  #plan(picture: Picture): readonly TaskPlacement[] {
    const placements: TaskPlacement[] = [];
    for (const task of picture.tasks.values()) {
      if (placements.length >= PLACEMENTS_MAX) break;
      const nodeId = this.#choose(task, picture);
      if (nodeId === undefined) continue;
      picture.tried.add(keyOf(task.id, nodeId));
      placements.push({ taskId: task.id, nodeId });
      // Somebody else's, or the same once more.
      if (!this.#modules.isCalm() && this.#random.int(8) === 0)
        placements.push({ taskId: task.id, nodeId: ["w1", "w2", "nowhere"][this.#random.int(3)]! });
    }
    return placements;
  }

  #choose({ id, nodeId }: PendingTask, { nodes, tried }: Picture): string | undefined {
    const open = [...nodes].filter((node) => !tried.has(keyOf(id, node)));
    if (nodeId !== "") return open.includes(nodeId) ? nodeId : undefined;
    return open[this.#random.int(Math.max(1, open.length))];
  }

  #note({ taskId, outcome }: PlacementResult, nodeId: string, picture: Picture): void {
    if (outcome !== PlacementResultOutcome.PLACED) return;
    this.#modules.placed.demandPlaced(taskId, nodeId);
    picture.tasks.delete(taskId);
  }
}

const keyOf = (taskId: string, nodeId: string): string => `${taskId} ${nodeId}`;

/** What one stream has told. */
class Picture {
  readonly tasks = new Map<string, PendingTask>();
  readonly nodes = new Set<string>();
  /** Where tasks were tried, on nodes that have not changed since. */
  readonly tried = new Set<string>();
  readonly bell = new Bell();

  apply({ type, tasks, goneTaskIds, nodes, goneNodeIds, more }: OffersMessage): void {
    if (type === OffersMessageType.COMPLETE) {
      this.tasks.clear();
      this.nodes.clear();
    }
    for (const task of tasks) this.tasks.set(task.id, task);
    for (const id of goneTaskIds) this.tasks.delete(id);
    for (const { id } of nodes) this.#changed(id);
    for (const id of goneNodeIds) this.nodes.delete(id);
    if (!more) this.bell.ring();
  }

  #changed(nodeId: string): void {
    this.nodes.add(nodeId);
    for (const key of this.tried) if (key.endsWith(` ${nodeId}`)) this.tried.delete(key);
  }
}
