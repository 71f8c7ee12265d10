import { onAbort } from "../../lib/abort.ts";
import { isSwarmError, SwarmError } from "../../lib/errors.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import type {
  AssignmentsMessage,
  AssignmentsRequest,
  DispatcherApi,
  HeartbeatRequest,
  HeartbeatResponse,
  SessionMessage,
  SessionRequest,
  UpdateTaskStatusRequest,
  UpdateTaskStatusResponse,
  UpdateVolumeStatusRequest,
  UpdateVolumeStatusResponse,
} from "../../proto/generated.ts";
import { ChangeKind } from "../../proto/generated.ts";
import type { StoreEvent } from "../store/tables.ts";
import { AssignmentSet } from "./assignment-set.ts";
import { NodeHealth } from "./node-health.ts";
import {
  DISPATCHER_TIMES,
  HEARTBEAT_PERIOD_MS,
  type DispatcherModules,
  type DispatcherTimes,
} from "./options.ts";
import { Sessions, type Session } from "./sessions.ts";
import { Signals } from "./signals.ts";
import { isReportable, StatusWriter } from "./status-writer.ts";
import { noteUnpublished } from "./volume-assignments.ts";
import { runController } from "../store/controller.ts";

/** Weight of a manager in the list that agents choose from. */
const MANAGER_WEIGHT = 10;

export interface DispatcherOptions {
  /** This manager's node id; recorded with every status it applies. */
  readonly nodeId: string;
  /** @default DISPATCHER_TIMES */
  readonly times?: DispatcherTimes;
}

/**
 * The agents' side of the leader: sessions, heartbeats, assignments out and statuses in. Made anew
 * for each leadership; {@link Dispatcher.run} lives as long as the leadership does.
 */
export class Dispatcher implements DispatcherApi {
  readonly #modules: DispatcherModules;
  readonly #times: DispatcherTimes;
  readonly #sessions: Sessions;
  readonly #health: NodeHealth;
  readonly #statuses: StatusWriter;
  /** Rung for a node when its tasks, secrets or configs may have changed. */
  readonly #assignments = new Signals();
  /** Rung for a node when its session message may have changed. */
  readonly #nodes = new Signals();
  #stopped = false;

  constructor(options: DispatcherOptions, modules: DispatcherModules) {
    this.#modules = modules;
    this.#times = options.times ?? DISPATCHER_TIMES;
    this.#sessions = new Sessions({ onExpired: (nodeId) => this.#health.expired(nodeId) }, modules);
    this.#health = new NodeHealth(this.#times, (id) => this.#sessions.has(id), modules);
    this.#statuses = new StatusWriter(options.nodeId, modules);
  }

  /** Watches the store and the nodes until `signal` aborts; then every session has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { store } = this.#modules;
    const unsubscribe = store.onCommit(({ events }) => events.forEach((e) => this.#mark(e)));
    try {
      await Promise.all([
        runController(this.#health, this.#modules, signal),
        this.#followMembers(signal),
      ]);
    } finally {
      unsubscribe();
      this.#stopped = true;
      this.#health.stop();
      this.#sessions.endAll(new SwarmError("not-leader", "this manager does not lead any more"));
      this.#assignments.ringAll();
      this.#nodes.ringAll();
    }
  }

  async *session(request: SessionRequest, call: Call): AsyncIterable<SessionMessage> {
    const session = await this.#register(request, call);
    if (!session) return;
    const { nodeId } = call.caller;
    try {
      for await (const message of this.#messages(session, call.signal)) yield message;
      session.signal.throwIfAborted();
    } finally {
      const reason = new SwarmError("aborted", "the session's stream ended");
      // A node that opened a newer session is not disconnected.
      if (this.#sessions.end(nodeId, reason, session.id) && !this.#stopped)
        this.#health.disconnected(nodeId);
    }
  }

  heartbeat(request: HeartbeatRequest, call: Call): Promise<HeartbeatResponse> {
    const { periodMs, expiryMs } = this.#heartbeat();
    const next = this.#sessions.beat(call.caller.nodeId, request.sessionId, periodMs, expiryMs);
    return Promise.resolve({ periodNs: next * 1e6 });
  }

  async updateTaskStatus(
    request: UpdateTaskStatusRequest,
    call: Call,
  ): Promise<UpdateTaskStatusResponse> {
    const { nodeId } = call.caller;
    this.#sessions.require(nodeId, request.sessionId);
    const { view } = this.#modules.store;
    const reports = [];
    for (const { taskId, status } of request.updates) {
      const task = view.task.get(taskId);
      if (!task || !status) continue;
      if (task.nodeId !== nodeId)
        throw new SwarmError("denied", `task ${taskId} is not assigned to node ${nodeId}`);
      if (!isReportable(status.state))
        throw new SwarmError("invalid", `task state ${status.state} cannot be reported`);
      reports.push({ taskId, status });
    }
    await this.#statuses.report(reports);
    return make("UpdateTaskStatusResponse");
  }

  async *assignments(request: AssignmentsRequest, call: Call): AsyncIterable<AssignmentsMessage> {
    const { nodeId } = call.caller;
    const session = this.#sessions.require(nodeId, request.sessionId);
    const set = new AssignmentSet(nodeId);
    using bell = this.#assignments.subscribe(nodeId);
    const release = onAbort(call.signal, () => bell.ring());
    try {
      yield set.complete(this.#modules.store.view);
      for (;;) {
        await bell.wait();
        if (call.signal.aborted) return;
        session.signal.throwIfAborted();
        const message = set.incremental(this.#modules.store.view, bell.take());
        if (message) yield message;
      }
    } finally {
      release();
    }
  }

  async updateVolumeStatus(
    request: UpdateVolumeStatusRequest,
    call: Call,
  ): Promise<UpdateVolumeStatusResponse> {
    const { nodeId } = call.caller;
    this.#sessions.require(nodeId, request.sessionId);
    const ids = request.updates.filter(({ unpublished }) => unpublished).map(({ id }) => id);
    await this.#modules.store.update((tx) => noteUnpublished(tx, ids, nodeId), call.signal);
    return make("UpdateVolumeStatusResponse");
  }

  /** Opens a session, or updates the description of a live one and returns undefined. */
  async #register(request: SessionRequest, call: Call): Promise<Session | undefined> {
    const { nodeId, addr } = call.caller;
    const { store, log } = this.#modules;
    if (this.#stopped) throw new SwarmError("not-leader", "this manager does not lead any more");
    if (!store.view.node.get(nodeId))
      throw new SwarmError("not-found", `node ${nodeId} is not a member of this swarm`);
    const description = request.description ?? make("NodeDescription");
    if (request.sessionId !== "") {
      this.#sessions.require(nodeId, request.sessionId);
      await this.#health.ready(nodeId, description, addr);
      return undefined;
    }
    const session = this.#sessions.open(nodeId, this.#heartbeat().expiryMs);
    await this.#health.ready(nodeId, description, addr);
    log.info({ nodeId, addr }, "node registered");
    return session;
  }

  async *#messages(session: Session, signal: AbortSignal): AsyncIterable<SessionMessage> {
    using bell = this.#nodes.subscribe(session.nodeId);
    const releases = [signal, session.signal].map((s) => onAbort(s, () => bell.ring()));
    try {
      let last = "";
      for (;;) {
        if (signal.aborted || session.signal.aborted) return;
        const message = this.#message(session);
        // A node's own status is no news to it.
        const { node, ...rest } = message;
        const key = JSON.stringify([
          rest,
          node?.spec,
          node?.role,
          node?.certificate,
          node?.attachments,
        ]);
        if (key !== last) yield message;
        last = key;
        await bell.wait();
      }
    } finally {
      for (const release of releases) release();
    }
  }

  #message(session: Session): SessionMessage {
    const { store, raft } = this.#modules;
    const [cluster] = store.view.cluster.all();
    // Also those out of this leader's reach: it may be lost itself before a node hears of them again.
    const managers = raft
      .status()
      .members.filter((member) => !member.learner)
      .map((member) => ({
        nodeId: member.nodeId,
        addr: member.controlAddr,
        weight: MANAGER_WEIGHT,
      }));
    return {
      sessionId: session.id,
      node: store.view.node.get(session.nodeId) ?? null,
      managers,
      networkKeys: cluster?.networkBootstrapKeys ?? [],
      rootCa: cluster?.rootCa?.caCert ?? "",
    };
  }

  #heartbeat(): { readonly periodMs: number; readonly expiryMs: number } {
    const [cluster] = this.#modules.store.view.cluster.all();
    const configured = (cluster?.spec?.dispatcher?.heartbeatPeriodNs ?? 0) / 1e6;
    const periodMs = configured > 0 ? configured : HEARTBEAT_PERIOD_MS;
    return { periodMs, expiryMs: periodMs * this.#times.missedHeartbeatsMax };
  }

  #mark(event: StoreEvent): void {
    switch (event.kind) {
      case "task":
        if (event.object.nodeId) this.#assignments.ring(event.object.nodeId, event.object.id);
        if (event.old?.nodeId && event.old.nodeId !== event.object.nodeId)
          this.#assignments.ring(event.old.nodeId, event.object.id);
        return;
      case "volume":
        for (const volume of [event.object, event.old])
          for (const { nodeId } of volume?.publishStatus ?? []) this.#assignments.ring(nodeId);
        return;
      case "secret":
      case "config":
        if (event.change === ChangeKind.UPDATE) this.#assignments.ringAll();
        return;
      case "node":
        if (event.change === ChangeKind.REMOVE) {
          const reason = new SwarmError("aborted", "the node was removed from the swarm");
          this.#sessions.end(event.object.id, reason);
        }
        this.#nodes.ring(event.object.id);
        return;
      case "cluster":
        this.#nodes.ringAll();
        return;
      default:
        return;
    }
  }

  async #followMembers(signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of this.#modules.raft.watchStatus(signal)) this.#nodes.ringAll();
    } catch (error) {
      if (!signal.aborted && !isSwarmError(error, "cancelled")) throw error;
    }
  }
}
