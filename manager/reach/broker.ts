import { abortable, linked, onAbort } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { isSwarmError, messageOf, SwarmError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { Fanout } from "../../lib/watch.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import type {
  ListenReachRequest,
  ReachApi,
  ReachBrokerApi,
  ReachInput,
  ReachNotice,
  ReachOutput,
  ServeReachRequest,
} from "../../proto/generated.ts";
import type { Store } from "../store/store.ts";
import { auditFields, checkAsk, type CheckedAsk } from "./ask.ts";
import type { AuditEntry, AuditLog } from "./audit-log.ts";
import { ReachSession } from "./session.ts";

/** Sessions at a time; a connection of a port-forward is one. */
const SESSIONS_MAX = 1_024;
/** @default of {@link ReachOptions.listenWaitMs} */
const LISTEN_WAIT_MS = 3_000;
/** How long a node may take to answer a notice. */
const ANSWER_WAIT_MS = 10_000;

export interface ReachOptions {
  /** How long a node may take to listen before it counts as away. @default 3000 */
  readonly listenWaitMs?: number;
}

export interface ReachBrokerModules {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly audit: Pick<AuditLog, "record">;
}

/**
 * Leads whoever asks to the node that runs the task: nodes listen for notices over the connection
 * that they opened themselves, and answer each with a stream of its own. Made anew for each
 * leadership, as nodes are registered with the leader; every use is in the audit log before it
 * happens.
 */
export class Reach implements ReachApi, ReachBrokerApi {
  readonly #listenWaitMs: number;
  readonly #modules: ReachBrokerModules;
  readonly #sessions = new Map<string, ReachSession>();
  /** How each connected node is told. */
  readonly #listeners = new Map<string, Fanout<ReachNotice>>();
  /** Publishes the id of every node that begins to listen. */
  readonly #arrivals = new Fanout<string>();
  #stopped: SwarmError | undefined;

  constructor({ listenWaitMs = LISTEN_WAIT_MS }: ReachOptions, modules: ReachBrokerModules) {
    this.#listenWaitMs = listenWaitMs;
    this.#modules = modules;
  }

  /** Serves until `signal` aborts; then every session has been ended. */
  async run(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => onAbort(signal, resolve));
    const stopped = new SwarmError("not-leader", "the leader of the swarm has changed");
    this.#stopped = stopped;
    for (const session of this.#sessions.values()) session.fail(stopped);
    for (const listener of this.#listeners.values()) listener.end(stopped);
    this.#arrivals.end(stopped);
  }

  /**
   * Does what the first message asks, and goes on with what follows it.
   * @throws SwarmError `invalid`, `not-found`, `failed-precondition` when the task does not run,
   *   `unavailable` when its node is away, `exhausted`, `not-leader`, and what the node says
   */
  async *open(request: AsyncIterable<ReachInput>, call: Call): AsyncIterable<ReachOutput> {
    const { store, random } = this.#modules;
    const inputs = request[Symbol.asyncIterator]();
    const first = await abortable(inputs.next(), call.signal);
    if (this.#stopped) throw this.#stopped;
    if (first.done || first.value.kind !== "ask")
      throw new SwarmError("invalid", "the first message must say what is asked for");
    const checked = checkAsk(store.view, first.value.ask);
    if (this.#sessions.size >= SESSIONS_MAX)
      throw new SwarmError("exhausted", `${SESSIONS_MAX} reaches into tasks are under way already`);
    const { nodeId, ask } = checked;
    using session = new ReachSession({ id: newId(random), nodeId, ask }, inputs, call.signal);
    this.#sessions.set(session.id, session);
    try {
      yield* this.#audited(session, checked, call);
    } finally {
      this.#sessions.delete(session.id);
    }
  }

  /** Tells a node what it is asked for. A node that listens anew takes the place of its old stream. */
  async *listenReach(_request: ListenReachRequest, call: Call): AsyncIterable<ReachNotice> {
    if (this.#stopped) throw this.#stopped;
    const { nodeId } = call.caller;
    this.#listeners.get(nodeId)?.end(new SwarmError("aborted", "the node listens anew"));
    const listener = new Fanout<ReachNotice>();
    const notices = listener.subscribe(call.signal, SESSIONS_MAX);
    this.#listeners.set(nodeId, listener);
    this.#arrivals.publish(nodeId);
    try {
      yield* notices;
    } finally {
      if (this.#listeners.get(nodeId) === listener) this.#listeners.delete(nodeId);
    }
  }

  /**
   * A node answers a notice.
   * @throws SwarmError `not-found` when nobody waits for it any more, `denied` for another's notice
   */
  async *serveReach(
    request: AsyncIterable<ServeReachRequest>,
    call: Call,
  ): AsyncIterable<ReachInput> {
    const outputs = request[Symbol.asyncIterator]();
    const first = await abortable(outputs.next(), call.signal);
    const id = first.done ? "" : first.value.id;
    const session = this.#sessions.get(id);
    if (!session || session.isAnswered)
      throw new SwarmError("not-found", `nobody waits for the answer to ${id}`);
    if (session.nodeId !== call.caller.nodeId)
      throw new SwarmError("denied", `node ${call.caller.nodeId} was not asked`);
    try {
      yield* session.serve(outputs, call.signal);
    } catch (error) {
      if (!session.isOver) throw error;
    } finally {
      if (call.signal.aborted) {
        const text = `node ${session.nodeId} went away while it was asked`;
        session.fail(new SwarmError("unavailable", text));
      }
    }
  }

  async *#audited(
    session: ReachSession,
    checked: CheckedAsk,
    { caller }: Call,
  ): AsyncIterable<ReachOutput> {
    const { audit, clock } = this.#modules;
    const fields = { id: session.id, manager: caller.nodeId, ...auditFields(checked) };
    const entry = (event: AuditEntry["event"]): AuditEntry => ({
      time: new Date(clock.now()).toISOString(),
      event,
      ...fields,
    });
    await audit.record(entry("begin"));
    let ending: Pick<AuditEntry, "exitCode" | "error"> = { error: "the client went away" };
    try {
      await this.#ask(session);
      for await (const output of session.outputs()) {
        if (output.kind === "exit") ending = { exitCode: output.exit };
        // Whoever has heard a connection to its end may hang up first.
        if (output.kind === "end") ending = {};
        yield output;
      }
      if (ending.exitCode === undefined) ending = {};
    } catch (error) {
      const failure = isSwarmError(error) ? messageOf(error) : "internal error";
      if (ending.error !== undefined) ending = { error: failure };
      throw error;
    } finally {
      await this.#recordEnd({ ...entry("end"), ...ending });
    }
  }

  /** What is over is over: that it cannot be recorded is told to the operator, not to the asker. */
  async #recordEnd(entry: AuditEntry): Promise<void> {
    const { audit, log } = this.#modules;
    try {
      await audit.record(entry);
    } catch (error) {
      log.error({ err: error, session: entry.id }, "the end of a reach was not recorded");
    }
  }

  /** Notifies the node and waits until it answers. */
  async #ask(session: ReachSession): Promise<void> {
    const { nodeId, id, ask } = session;
    const listener = await this.#listenerOf(nodeId, session.signal);
    listener.publish(make("ReachNotice", { id, ask }));
    const text = `node ${nodeId} did not answer in time`;
    const late = new SwarmError("unavailable", text);
    const cancel = this.#modules.clock.after(ANSWER_WAIT_MS, () => session.fail(late));
    await session.answered().finally(cancel);
  }

  async #listenerOf(nodeId: string, signal: AbortSignal): Promise<Fanout<ReachNotice>> {
    const known = this.#listeners.get(nodeId);
    if (known) return known;
    using link = linked(signal);
    const away = new SwarmError("unavailable", `node ${nodeId} is away: it is not connected`);
    const cancel = this.#modules.clock.after(this.#listenWaitMs, () => link.abort(away));
    try {
      for await (const arrived of this.#arrivals.subscribe(link.signal)) {
        const listener = arrived === nodeId && this.#listeners.get(nodeId);
        if (listener) return listener;
      }
    } finally {
      cancel();
    }
    throw away;
  }
}
