import { cancelled, onAbort } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { SwarmError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import type { Random } from "../../lib/random.ts";
import { Fanout } from "../../lib/watch.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import {
  ChangeKind,
  type ListenSubscriptionsRequest,
  type LogMessage,
  type LogBrokerApi,
  type LogsApi,
  type PublishLogsMessage,
  type PublishLogsResponse,
  type SubscribeLogsMessage,
  type SubscribeLogsRequest,
  type SubscriptionMessage,
} from "../../proto/generated.ts";
import type { Store } from "../store/store.ts";
import type { StoreEvent } from "../store/tables.ts";
import { Subscription } from "./subscription.ts";
import { checkSelector, mayAnswer, selectsTask, targetsOf } from "./targets.ts";

/** Readers served at a time. */
const SUBSCRIPTIONS_MAX = 256;
/** Messages that may wait for a node to take them. */
const LISTENER_MESSAGES_MAX = 4 * SUBSCRIPTIONS_MAX;

/** The same lines, each with the context, attributes and timestamp that the worker left out. */
function withRepeats(lines: readonly LogMessage[]): readonly LogMessage[] {
  let context: LogMessage["context"] = null;
  let attrs: LogMessage["attrs"] = {};
  let timestamp = "";
  return lines.map((line) => {
    if (line.context !== null) ({ context, attrs } = line);
    if (line.timestamp !== "") ({ timestamp } = line);
    if (line.context !== null && line.timestamp !== "") return line;
    return { ...line, context, attrs, timestamp };
  });
}

export interface LogBrokerModules {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Brings logs from the nodes that have them to whoever asks. Made anew for each leadership;
 * {@link LogBroker.run} lives as long as the leadership does. Nothing is stored: lines flow through
 * as fast as the reader takes them.
 */
export class LogBroker implements LogsApi, LogBrokerApi {
  readonly #modules: LogBrokerModules;
  readonly #subscriptions = new Map<string, Subscription>();
  /** How each connected node is told of subscriptions. */
  readonly #listeners = new Map<string, Fanout<SubscriptionMessage>>();
  #stopped: SwarmError | undefined;

  constructor(modules: LogBrokerModules) {
    this.#modules = modules;
  }

  /** Follows the store until `signal` aborts; then every reader and every node is let go. */
  async run(signal: AbortSignal): Promise<void> {
    const unsubscribe = this.#modules.store.onCommit(({ events }) => {
      for (const event of events) this.#mark(event);
    });
    await new Promise<void>((resolve) => onAbort(signal, resolve));
    unsubscribe();
    this.#stopped = new SwarmError("not-leader", "this manager does not lead any more");
    for (const subscription of this.#subscriptions.values()) subscription.close(this.#stopped);
    for (const listener of this.#listeners.values()) listener.end(this.#stopped);
  }

  /**
   * Streams the logs that the request selects, until every node has sent all it has; with `follow`
   * until the caller leaves. No order holds between tasks.
   * @throws SwarmError `invalid`, `not-found`, `exhausted`, `not-leader`
   */
  async *subscribeLogs(
    request: SubscribeLogsRequest,
    call: Call,
  ): AsyncIterable<SubscribeLogsMessage> {
    if (this.#stopped) throw this.#stopped;
    const { store, random } = this.#modules;
    const selector = checkSelector(store.view, request.selector);
    if (this.#subscriptions.size >= SUBSCRIPTIONS_MAX)
      throw new SwarmError("exhausted", `${SUBSCRIPTIONS_MAX} readers of logs are served already`);
    const options = request.options ?? make("LogOptions");
    const subscription = new Subscription({ id: newId(random), selector, options }, this.#modules);
    this.#subscriptions.set(subscription.id, subscription);
    try {
      this.#open(subscription);
      yield* subscription.read(call.signal);
    } finally {
      this.#close(subscription);
    }
  }

  /** Tells a node which logs to send. A node that listens anew takes the place of its old stream. */
  async *listenSubscriptions(
    _request: ListenSubscriptionsRequest,
    call: Call,
  ): AsyncIterable<SubscriptionMessage> {
    if (this.#stopped) throw this.#stopped;
    const { nodeId } = call.caller;
    this.#listeners.get(nodeId)?.end(new SwarmError("aborted", "the node listens anew"));
    this.#lose(nodeId);
    const listener = new Fanout<SubscriptionMessage>();
    const messages = listener.subscribe(call.signal, LISTENER_MESSAGES_MAX);
    this.#listeners.set(nodeId, listener);
    for (const subscription of this.#subscriptions.values())
      if (subscription.isWaiting(nodeId)) listener.publish(subscription.ask(nodeId));
    try {
      yield* messages;
    } finally {
      if (this.#listeners.get(nodeId) === listener) {
        this.#listeners.delete(nodeId);
        this.#lose(nodeId);
      }
    }
  }

  /**
   * Takes the lines of one subscription from one node.
   * @throws SwarmError `not-found`, `invalid`; `denied` for lines that are not the node's own
   */
  async publishLogs(
    request: AsyncIterable<PublishLogsMessage>,
    call: Call,
  ): Promise<PublishLogsResponse> {
    const { nodeId } = call.caller;
    let subscription: Subscription | undefined;
    let round = 0;
    try {
      for await (const message of request) {
        if (!subscription) {
          subscription = this.#subscriptionOf(message);
          round = this.#roundOf(subscription, nodeId);
        }
        const lines = withRepeats(message.messages);
        this.#check({ ...message, messages: lines }, subscription, nodeId);
        if (lines.length > 0) {
          const read = await subscription.take(nodeId, lines, call.signal);
          if (!read) return {};
        }
        if (message.close) {
          subscription.done(nodeId, message.warning);
          return {};
        }
        if (message.warning !== "") subscription.miss(message.warning);
      }
    } finally {
      // After a message that said so, the node is done already, and this changes nothing.
      subscription?.cut(nodeId, round);
    }
    return {};
  }

  #subscriptionOf({ subscriptionId }: PublishLogsMessage): Subscription {
    const subscription = this.#subscriptions.get(subscriptionId);
    if (subscription) return subscription;
    throw new SwarmError("not-found", `log subscription ${subscriptionId} not found`);
  }

  #roundOf(subscription: Subscription, nodeId: string): number {
    const round = subscription.roundOf(nodeId);
    if (round !== undefined) return round;
    throw new SwarmError("denied", `node ${nodeId} was not asked for these logs`);
  }

  /** A node speaks for itself only: it must not put words into the mouths of others' tasks. */
  #check(message: PublishLogsMessage, subscription: Subscription, nodeId: string): void {
    if (message.subscriptionId !== subscription.id)
      throw new SwarmError("invalid", "a log stream cannot change its subscription");
    let checked: LogMessage["context"] = null;
    for (const { context } of message.messages) {
      if (context !== null && context === checked) continue;
      checked = context;
      const task = this.#modules.store.view.task.get(context?.taskId ?? "");
      if (context?.nodeId !== nodeId || (task && task.nodeId !== nodeId))
        throw new SwarmError("denied", `node ${nodeId} may only publish logs of its own tasks`);
    }
  }

  #open(subscription: Subscription): void {
    const { view } = this.#modules.store;
    const { nodeIds, unplaced } = targetsOf(view, subscription.selector, subscription.follow);
    for (const nodeId of nodeIds) this.#expect(subscription, nodeId);
    for (const taskId of unplaced) {
      // A follower hears of the task once it is placed.
      if (!subscription.follow) subscription.miss(`task ${taskId} has not been scheduled`);
    }
    subscription.seal();
  }

  #expect(subscription: Subscription, nodeId: string): void {
    if (!subscription.expect(nodeId)) return;
    const listener = this.#listeners.get(nodeId);
    if (listener) listener.publish(subscription.ask(nodeId));
    else if (!mayAnswer(this.#modules.store.view, nodeId)) {
      const reason = `node ${nodeId} is not available`;
      if (subscription.follow) subscription.miss(reason, nodeId);
      else subscription.done(nodeId, reason);
    }
  }

  #close(subscription: Subscription): void {
    this.#subscriptions.delete(subscription.id);
    const close = make("SubscriptionMessage", { id: subscription.id, close: true });
    for (const nodeId of subscription.asked) this.#listeners.get(nodeId)?.publish(close);
    subscription.close(cancelled("the reader of the logs has gone"));
  }

  #lose(nodeId: string): void {
    for (const subscription of this.#subscriptions.values()) subscription.lost(nodeId);
  }

  /** Followers hear of tasks that come later. */
  #mark(event: StoreEvent): void {
    if (event.kind !== "task" || event.change === ChangeKind.REMOVE) return;
    const { object: task, old } = event;
    if (task.nodeId === "" || old?.nodeId === task.nodeId) return;
    for (const subscription of this.#subscriptions.values())
      if (subscription.follow && selectsTask(subscription.selector, task))
        this.#expect(subscription, task.nodeId);
  }
}
