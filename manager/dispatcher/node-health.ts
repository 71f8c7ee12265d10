import { isDeepStrictEqual } from "node:util";
import type { Cancel } from "../../lib/clock.ts";
import { ChangeKind, NodeState, TaskState } from "../../proto/generated.ts";
import type { Node, NodeDescription } from "../../proto/generated.ts";
import type { Controller } from "../store/controller.ts";
import { isLeadershipLoss } from "../store/store.ts";
import type { StoreEvent, StoreView } from "../store/tables.ts";
import { ReturnGrace } from "./return-grace.ts";
import {
  CHANGES_PER_TRANSACTION_MAX,
  type DispatcherModules,
  type DispatcherTimes,
} from "./options.ts";

/** Delay before a failed write of a node's state is tried again, milliseconds. */
const RETRY_MS = 500;

/** Time in which verdicts are gathered for one transaction: a lost rack is one write, not 40. */
const GATHER_MS = 20;

/** A state to be written, unless the node's session says otherwise by then. */
interface Verdict {
  readonly state: NodeState;
  readonly message: string;
}

/** A write of verdicts; `done` when the store shows how it ended. */
interface Writing {
  readonly nodeIds: ReadonlySet<string>;
  readonly done: Promise<unknown>;
}

/** Whether all that a registration says is stored: most nodes when they find a new leader. */
function isKnown(node: Node, description: NodeDescription, addr: string): boolean {
  const { status } = node;
  if (status?.state !== NodeState.READY || status.addr !== addr) return false;
  return isDeepStrictEqual(node.description, description);
}

/**
 * Decides which nodes are READY, DISCONNECTED, UNKNOWN or DOWN, and writes it. The only writer of
 * `node.status` on the leader. Also orphans the tasks of nodes that have been away for long;
 * `status.since_ms` is stored, so that the rule survives changes of leader.
 */
export class NodeHealth implements Controller {
  readonly name = "node-health";
  readonly kinds = ["node"] as const;
  readonly #modules: DispatcherModules;
  readonly #times: DispatcherTimes;
  readonly #isConnected: (nodeId: string) => boolean;
  readonly #verdicts = new Map<string, Verdict>();
  /** The newest, under way or over. */
  #writing: Writing | undefined;
  readonly #grace = new Map<string, Cancel>();
  readonly #returnGrace: ReturnGrace;
  readonly #down = new Set<string>();
  /** When the first verdict that is not written yet was reached. */
  #judgedAt = 0;
  #wake: () => void = () => {};

  constructor(
    times: DispatcherTimes,
    isConnected: (nodeId: string) => boolean,
    modules: DispatcherModules,
  ) {
    this.#times = times;
    this.#returnGrace = new ReturnGrace(times);
    this.#isConnected = isConnected;
    this.#modules = modules;
  }

  init(view: StoreView, wake: () => void): void {
    this.#wake = wake;
    for (const node of view.node.all()) {
      if (node.status?.state === NodeState.DOWN) this.#down.add(node.id);
      // Everyone else has to find the new leader first; none is written before that.
      else this.#expect(node.id);
    }
  }

  mark(event: StoreEvent): void {
    if (event.kind !== "node") return;
    if (event.change === ChangeKind.REMOVE) this.#returnGrace.forget(event.object.id);
    if (event.object.status?.state === NodeState.DOWN) this.#down.add(event.object.id);
    else this.#down.delete(event.object.id);
  }

  /** Writes the node's registration and resolves when it counts as READY. */
  async ready(nodeId: string, description: NodeDescription, addr: string): Promise<void> {
    this.#forget(nodeId);
    this.#returnGrace.returned(nodeId, this.#modules.clock.monotonic());
    // The store does not show a verdict that was proposed already: it has to be taken back then.
    if (this.#writing?.nodeIds.has(nodeId)) await this.#writing.done;
    await this.#modules.store.update((tx) => {
      const node = tx.view.node.get(nodeId);
      if (!node || isKnown(node, description, addr)) return;
      const status = {
        state: NodeState.READY,
        message: "",
        addr,
        sinceMs: this.#since(node, NodeState.READY),
      };
      tx.update("node", { ...node, description, status });
    });
  }

  /** The node's connection broke: it may come back within its grace period. */
  disconnected(nodeId: string): void {
    this.#forget(nodeId);
    const graceMs = this.#returnGrace.left(nodeId, this.#modules.clock.monotonic());
    this.#later(nodeId, graceMs, () => {
      this.#judge(nodeId, { state: NodeState.DOWN, message: "connection lost" });
    });
  }

  /** The node missed its heartbeats. */
  expired(nodeId: string): void {
    this.#forget(nodeId);
    this.#judge(nodeId, { state: NodeState.DOWN, message: "heartbeat failure" });
  }

  stop(): void {
    for (const cancel of this.#grace.values()) cancel();
    this.#grace.clear();
  }

  async act(signal: AbortSignal): Promise<number | undefined> {
    const gathering = this.#judgedAt + GATHER_MS - this.#modules.clock.now();
    if (this.#verdicts.size > 0 && gathering > 0) return gathering;
    const batch = [...this.#verdicts].slice(0, CHANGES_PER_TRANSACTION_MAX);
    for (const [nodeId] of batch) this.#verdicts.delete(nodeId);
    if (batch.length > 0) {
      const done = this.#write(batch, signal);
      this.#writing = { nodeIds: new Set(batch.map(([nodeId]) => nodeId)), done };
      if (!(await done)) return RETRY_MS;
    }
    if (this.#verdicts.size > 0) return 0;
    return this.#orphan(signal);
  }

  /**
   * Gives a node of the former leader's time to register here. A manager that Raft cannot reach
   * either is lost like one whose connection broke; that is often the former leader itself.
   */
  #expect(nodeId: string): void {
    const { brokenStreamGraceMs, newLeaderGraceMs } = this.#times;
    this.#later(nodeId, brokenStreamGraceMs, () => {
      if (this.#isUnreachableManager(nodeId)) {
        this.#judge(nodeId, { state: NodeState.DOWN, message: "connection lost" });
        return;
      }
      this.#later(nodeId, Math.max(0, newLeaderGraceMs - brokenStreamGraceMs), () => {
        const message = `Node moved to "unknown" state due to leadership change in cluster`;
        this.#judge(nodeId, { state: NodeState.UNKNOWN, message });
        this.#later(nodeId, newLeaderGraceMs, () => {
          this.#judge(nodeId, { state: NodeState.DOWN, message: "not seen by the new leader" });
        });
      });
    });
  }

  #later(nodeId: string, ms: number, then: () => void): void {
    const cancel = this.#modules.clock.after(ms, () => {
      this.#grace.delete(nodeId);
      then();
    });
    this.#grace.set(nodeId, cancel);
  }

  #isUnreachableManager(nodeId: string): boolean {
    const { members } = this.#modules.raft.status();
    return members.some((member) => member.nodeId === nodeId && !member.reachable);
  }

  #forget(nodeId: string): void {
    this.#grace.get(nodeId)?.();
    this.#grace.delete(nodeId);
    this.#verdicts.delete(nodeId);
  }

  #judge(nodeId: string, verdict: Verdict): void {
    if (this.#verdicts.size === 0) this.#judgedAt = this.#modules.clock.now();
    this.#verdicts.set(nodeId, verdict);
    this.#wake();
  }

  #since(node: Node, state: NodeState): number {
    const current = node.status;
    return current?.state === state && current.sinceMs !== 0
      ? current.sinceMs
      : this.#modules.clock.now();
  }

  async #write(
    batch: readonly (readonly [string, Verdict])[],
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      await this.#modules.store.update((tx) => {
        for (const [nodeId, { state, message }] of batch) {
          const node = tx.view.node.get(nodeId);
          if (!node || this.#isConnected(nodeId)) continue;
          if (node.status?.state === state) continue;
          const addr = node.status?.addr ?? "";
          const status = { state, message, addr, sinceMs: this.#since(node, state) };
          tx.update("node", { ...node, status });
        }
      }, signal);
      return true;
    } catch (error) {
      if (signal.aborted || isLeadershipLoss(error)) return true;
      this.#modules.log.warn({ err: error }, "node states could not be written; trying again");
      for (const [nodeId, verdict] of batch)
        if (!this.#verdicts.has(nodeId)) this.#verdicts.set(nodeId, verdict);
      return false;
    }
  }

  /** Orphans tasks of nodes lost long ago; returns when the next node's time comes. */
  async #orphan(signal: AbortSignal): Promise<number | undefined> {
    const now = this.#modules.clock.now();
    let next: number | undefined;
    for (const nodeId of this.#down) {
      const node = this.#modules.store.view.node.get(nodeId);
      if (!node) {
        this.#down.delete(nodeId);
        continue;
      }
      const due = (node.status?.sinceMs ?? now) + this.#times.orphanAfterMs - now;
      if (due > 0) next = Math.min(next ?? due, due);
      else await this.#orphanTasks(nodeId, now, signal);
    }
    return next;
  }

  async #orphanTasks(nodeId: string, now: number, signal: AbortSignal): Promise<void> {
    for (let more = true; more;) {
      more = await this.#modules.store.update((tx) => {
        for (const task of tx.view.task.by("node", nodeId)) {
          const state = task.status?.state ?? TaskState.NEW;
          if (state < TaskState.ASSIGNED || state > TaskState.RUNNING || !task.status) continue;
          const message = "orphaned: the node has been down for too long";
          const status = { ...task.status, state: TaskState.ORPHANED, message, timestampMs: now };
          tx.update("task", { ...task, status });
          if (tx.size >= CHANGES_PER_TRANSACTION_MAX) return true;
        }
        return false;
      }, signal);
    }
  }
}
