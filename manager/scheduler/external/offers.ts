import { onAbort } from "../../../lib/abort.ts";
import { Bell } from "../../../lib/bell.ts";
import { sleep, type Clock } from "../../../lib/clock.ts";
import { codec, make } from "../../../proto/codec.ts";
import {
  ChangeKind,
  OffersMessageType,
  type NodeOffer,
  type OffersMessage,
  type PendingTask,
} from "../../../proto/generated.ts";
import type { Store } from "../../store/store.ts";
import type { StoreEvent } from "../../store/tables.ts";
import { isPending, schedulerOf } from "../decision.ts";
import { NodeInfo } from "../node-info.ts";
import { Pace } from "../pace.ts";
import { nodeOffer, pendingTask } from "./offer.ts";

/** Tasks and nodes in one message: well below what a connection carries at once. */
const ITEMS_PER_MESSAGE_MAX = 1_000;

/** What happens within this time is told together. */
const OFFER_PAUSE_MS = 100;

/** Objects as the other side knows them, by id. */
type Known = Map<string, Buffer>;

/**
 * What one external scheduler is told: the tasks that wait for it and every node, then what
 * changes. Nothing queues up for a slow reader: it is told how things are when it listens again.
 */
export class Offers {
  readonly #scheduler: string;
  readonly #modules: { readonly store: Store; readonly clock: Clock };
  readonly #dirtyTasks = new Set<string>();
  readonly #dirtyNodes = new Set<string>();
  readonly #knownTasks: Known = new Map();
  readonly #knownNodes: Known = new Map();
  readonly #bell = new Bell();
  #isFirst = true;

  constructor(scheduler: string, modules: { readonly store: Store; readonly clock: Clock }) {
    this.#scheduler = scheduler;
    this.#modules = modules;
  }

  /** Streams until `signal` aborts. */
  async *stream(signal: AbortSignal): AsyncIterable<OffersMessage> {
    const { store, clock } = this.#modules;
    const unsubscribe = store.onCommit(({ events }) => {
      for (const event of events) this.#mark(event);
      if (this.#dirtyTasks.size + this.#dirtyNodes.size > 0) this.#bell.ring();
    });
    const release = onAbort(signal, () => this.#bell.ring());
    try {
      await this.#markAll(signal);
      for (;;) {
        yield* this.#messages(signal);
        await this.#bell.wait();
        if (signal.aborted) return;
        await sleep(clock, OFFER_PAUSE_MS, signal);
      }
    } finally {
      release();
      unsubscribe();
    }
  }

  async #markAll(signal: AbortSignal): Promise<void> {
    const { view } = this.#modules.store;
    const pace = new Pace(this.#modules.clock);
    for (const { id } of view.node.all()) this.#dirtyNodes.add(id);
    for (const task of view.task.all()) {
      if (schedulerOf(task) === this.#scheduler) this.#dirtyTasks.add(task.id);
      if (pace.isOver(false)) await pace.pause();
      signal.throwIfAborted();
    }
  }

  #mark(event: StoreEvent): void {
    if (event.kind === "node") this.#dirtyNodes.add(event.object.id);
    if (event.kind !== "task") return;
    const { object, old } = event;
    if (schedulerOf(object) === this.#scheduler) this.#dirtyTasks.add(object.id);
    if (object.nodeId !== "") this.#dirtyNodes.add(object.nodeId);
    if (old && old.nodeId !== "") this.#dirtyNodes.add(old.nodeId);
    // A task that is not there any more is news only to those who were told of it.
    if (event.change === ChangeKind.REMOVE && this.#knownTasks.has(object.id))
      this.#dirtyTasks.add(object.id);
  }

  /** Everything that is dirty, in messages of a bounded size. */
  async *#messages(signal: AbortSignal): AsyncIterable<OffersMessage> {
    const pace = new Pace(this.#modules.clock);
    for (;;) {
      const message = new Draft();
      for (const id of take(this.#dirtyNodes, message)) {
        message.note("node", this.#node(id), id, this.#knownNodes);
        if (pace.isOver(true)) await pace.pause();
        signal.throwIfAborted();
      }
      for (const id of take(this.#dirtyTasks, message)) {
        message.note("task", this.#task(id), id, this.#knownTasks);
        if (pace.isOver(false)) await pace.pause();
      }
      const more = this.#dirtyNodes.size + this.#dirtyTasks.size > 0;
      if (this.#isFirst || message.size > 0) yield message.finish(this.#isFirst, more);
      this.#isFirst = false;
      if (!more) return;
    }
  }

  #node(id: string): NodeOffer | undefined {
    const { view } = this.#modules.store;
    const node = view.node.get(id);
    if (!node) return undefined;
    const info = new NodeInfo(node);
    for (const task of view.task.by("node", id)) info.add(task);
    return nodeOffer(info);
  }

  #task(id: string): PendingTask | undefined {
    const task = this.#modules.store.view.task.get(id);
    return task && isPending(task) && schedulerOf(task) === this.#scheduler
      ? pendingTask(task)
      : undefined;
  }
}

/** Takes ids out of `dirty` while `message` has room. */
function* take(dirty: Set<string>, message: Draft): Iterable<string> {
  for (const id of dirty) {
    if (message.size >= ITEMS_PER_MESSAGE_MAX) return;
    dirty.delete(id);
    yield id;
  }
}

/** One message while it is put together. */
class Draft {
  readonly #tasks: PendingTask[] = [];
  readonly #nodes: NodeOffer[] = [];
  readonly #goneTasks: string[] = [];
  readonly #goneNodes: string[] = [];

  get size(): number {
    const { length } = this.#tasks;
    return length + this.#nodes.length + this.#goneTasks.length + this.#goneNodes.length;
  }

  /** Says how an object is now, or that it is gone, unless `known` has it so. */
  note(
    kind: "task" | "node",
    object: PendingTask | NodeOffer | undefined,
    id: string,
    known: Known,
  ): void {
    if (!object) {
      if (known.delete(id)) (kind === "task" ? this.#goneTasks : this.#goneNodes).push(id);
      return;
    }
    const bytes =
      kind === "task"
        ? codec("PendingTask").encode(object as PendingTask)
        : codec("NodeOffer").encode(object as NodeOffer);
    if (known.get(id)?.equals(bytes)) return;
    known.set(id, bytes);
    if (kind === "task") this.#tasks.push(object as PendingTask);
    else this.#nodes.push(object as NodeOffer);
  }

  finish(isFirst: boolean, more: boolean): OffersMessage {
    return make("OffersMessage", {
      type: isFirst ? OffersMessageType.COMPLETE : OffersMessageType.INCREMENTAL,
      tasks: this.#tasks,
      goneTaskIds: this.#goneTasks,
      nodes: this.#nodes,
      goneNodeIds: this.#goneNodes,
      more,
    });
  }
}
