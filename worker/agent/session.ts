import { linked, onAbort } from "../../lib/abort.ts";
import { Bell } from "../../lib/bell.ts";
import { sleep, type Clock } from "../../lib/clock.ts";
import { isSwarmError, SwarmError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { Scope } from "../../lib/scope.ts";
import type { Call, Caller } from "../../proto/call.ts";
import { codec } from "../../proto/codec.ts";
import { DispatcherService, LogBrokerService, ReachBrokerService } from "../../proto/generated.ts";
import type { DispatcherApi, NodeDescription, SessionMessage } from "../../proto/generated.ts";
import type { RpcConnection } from "../../proto/rpc-client.ts";
import { runLogPublisher } from "../logs/publisher.ts";
import { runReachListener } from "../reach/listener.ts";
import type { NodeVolumes } from "../volumes/node-volumes.ts";
import type { Assignments } from "./assignments.ts";
import type { Reporter } from "./reporter.ts";
import type { TaskSet } from "./task-set.ts";

/** Longest a manager may take to answer a call or to register the node. */
const RPC_TIMEOUT_MS = 5_000;
/** Longest a batch of statuses may take: the answer comes when it is committed. */
const REPORT_TIMEOUT_MS = 20_000;
/** How long to wait before asking for the assignments anew, should the next ones not fit either. */
const REOPEN_DELAY_MS = 100;
/**
 * How often the node's description is compared with what was sent. What a node trusts is compared as
 * soon as it has changed: a rotation of the root waits for it.
 */
const DESCRIPTION_PERIOD_MS = 20_000;

/** What a session needs of a connection to a manager. */
export type AgentConnection = Pick<RpcConnection, "api" | "close">;

export interface SessionModules {
  readonly clock: Clock;
  readonly log: Logger;
  readonly tasks: TaskSet;
  readonly assignments: Assignments;
  readonly reporter: Reporter;
  readonly volumes: Pick<NodeVolumes, "report">;
  readonly describe: (signal: AbortSignal) => Promise<NodeDescription>;
  /** Told when the node's certificate or roots have changed; returns the unsubscriber. */
  readonly onTlsUpdate: (listener: () => void) => () => void;
  /** Told of every session message; the first one means that the node is registered. */
  readonly onMessage: (message: SessionMessage) => void;
}

/** One registration with the leader: heartbeats, assignments, statuses and logs until it breaks. */
export class Session {
  readonly #dispatcher: DispatcherApi;
  readonly #connection: AgentConnection;
  readonly #caller: Caller;
  readonly #modules: SessionModules;
  #id = "";

  constructor(connection: AgentConnection, caller: Caller, modules: SessionModules) {
    this.#dispatcher = connection.api(DispatcherService);
    this.#connection = connection;
    this.#caller = caller;
    this.#modules = modules;
  }

  /** Registers the node and serves it. Never returns: throws what ended the session. */
  async run(signal: AbortSignal): Promise<never> {
    const scope = new Scope(signal);
    scope.run((inner) => this.#messages(scope, inner));
    await scope.join();
    signal.throwIfAborted();
    throw new SwarmError("unavailable", "the manager ended the session");
  }

  #call(signal: AbortSignal): Call {
    return { caller: this.#caller, signal };
  }

  async #messages(scope: Scope, signal: AbortSignal): Promise<void> {
    const { clock, describe, onMessage } = this.#modules;
    using link = linked(signal);
    const late = new SwarmError("deadline", "the manager did not register the node in time");
    const cancel = clock.after(RPC_TIMEOUT_MS, () => link.abort(late));
    try {
      const description = await describe(link.signal);
      const request = { description, sessionId: "" };
      for await (const message of this.#dispatcher.session(request, this.#call(link.signal))) {
        cancel();
        onMessage(message);
        if (this.#id === "") this.#registered(message.sessionId, description, scope);
      }
    } finally {
      cancel();
    }
    throw new SwarmError("unavailable", "the manager ended the session");
  }

  #registered(id: string, description: NodeDescription, scope: Scope): void {
    this.#id = id;
    // Whatever was reported before may have been lost with the leader that heard it.
    this.#modules.tasks.reportAll();
    scope.run((signal) => this.#heartbeats(signal));
    scope.run((signal) => this.#assignments(signal));
    scope.run((signal) => this.#reports(signal));
    scope.run((signal) => this.#volumes(signal));
    scope.run((signal) => this.#descriptions(description, signal));
    scope.run((signal) => this.#logs(signal));
    scope.run((signal) => this.#reach(signal));
  }

  async #heartbeats(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { periodNs } = await this.#within(RPC_TIMEOUT_MS, signal, (call) =>
        this.#dispatcher.heartbeat({ sessionId: this.#id }, call),
      );
      await sleep(this.#modules.clock, periodNs / 1e6, signal);
    }
  }

  /** Reads assignments; reopens the stream when something was lost on the way. */
  async #assignments(signal: AbortSignal): Promise<void> {
    const { assignments, tasks, clock, log } = this.#modules;
    for (;;) {
      try {
        const request = { sessionId: this.#id };
        for await (const message of this.#dispatcher.assignments(request, this.#call(signal)))
          await tasks.apply(assignments.apply(message));
        throw new SwarmError("unavailable", "the manager ended the assignments");
      } catch (error) {
        if (!isSwarmError(error, "lagged")) throw error;
        log.warn({ err: error }, "assignments are asked for anew");
        await sleep(clock, REOPEN_DELAY_MS, signal);
      }
    }
  }

  #reports(signal: AbortSignal): Promise<void> {
    return this.#modules.reporter.run(async (updates) => {
      await this.#within(REPORT_TIMEOUT_MS, signal, (call) =>
        this.#dispatcher.updateTaskStatus({ sessionId: this.#id, updates }, call),
      );
    }, signal);
  }

  #volumes(signal: AbortSignal): Promise<void> {
    return this.#modules.volumes.report(async (ids) => {
      const updates = ids.map((id) => ({ id, unpublished: true }));
      await this.#within(REPORT_TIMEOUT_MS, signal, (call) =>
        this.#dispatcher.updateVolumeStatus({ sessionId: this.#id, updates }, call),
      );
    }, signal);
  }

  async #descriptions(sent: NodeDescription, signal: AbortSignal): Promise<void> {
    const { clock, describe, onTlsUpdate } = this.#modules;
    const kind = codec("NodeDescription");
    const bell = new Bell();
    const ring = (): void => bell.ring();
    const releases = [onTlsUpdate(ring), onAbort(signal, ring)];
    try {
      for (let last = sent; ;) {
        const cancel = clock.after(DESCRIPTION_PERIOD_MS, ring);
        await bell.wait();
        cancel();
        signal.throwIfAborted();
        const description = await describe(signal);
        if (kind.encode(description).equals(kind.encode(last))) continue;
        last = description;
        await this.#sendDescription(description, signal);
      }
    } finally {
      for (const release of releases) release();
    }
  }

  #sendDescription(description: NodeDescription, signal: AbortSignal): Promise<void> {
    return this.#within(RPC_TIMEOUT_MS, signal, async (call) => {
      // With a session id the call only updates the description: it ends without a message.
      const request = { description, sessionId: this.#id };
      for await (const _ of this.#dispatcher.session(request, call)) return;
    });
  }

  async #logs(signal: AbortSignal): Promise<void> {
    const { clock, log, tasks } = this.#modules;
    const broker = this.#connection.api(LogBrokerService);
    const caller = this.#caller;
    await runLogPublisher({ sessionId: this.#id, caller }, { broker, tasks, clock, log }, signal);
  }

  async #reach(signal: AbortSignal): Promise<void> {
    const { clock, log, tasks } = this.#modules;
    const broker = this.#connection.api(ReachBrokerService);
    const options = { sessionId: this.#id, caller: this.#caller };
    await runReachListener(options, { broker, tasks, clock, log }, signal);
  }

  async #within<T>(ms: number, signal: AbortSignal, work: (call: Call) => Promise<T>): Promise<T> {
    using link = linked(signal);
    const late = new SwarmError("deadline", `the manager did not answer within ${ms} ms`);
    const cancel = this.#modules.clock.after(ms, () => link.abort(late));
    try {
      return await work(this.#call(link.signal));
    } finally {
      cancel();
    }
  }
}
