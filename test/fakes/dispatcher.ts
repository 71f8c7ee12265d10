import { onAbort } from "../../lib/abort.ts";
import { Bell } from "../../lib/bell.ts";
import { SwarmError } from "../../lib/errors.ts";
import { AssignmentDigest } from "../../proto/assignment-digest.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import {
  AssignmentChangeAction,
  AssignmentsMessageType,
  DispatcherService,
  LogBrokerService,
  ReachBrokerService,
  TaskState,
} from "../../proto/generated.ts";
import type {
  Assignment,
  AssignmentsMessage,
  AssignmentsRequest,
  DispatcherApi,
  HeartbeatRequest,
  HeartbeatResponse,
  LogBrokerApi,
  NodeDescription,
  PublishLogsMessage,
  ReachBrokerApi,
  ReachInput,
  ReachNotice,
  Secret,
  SessionMessage,
  SessionRequest,
  SubscriptionMessage,
  Task,
  TaskStatus,
  UpdateTaskStatusRequest,
} from "../../proto/generated.ts";
import type { RpcService } from "../../proto/method.ts";
import type { AgentConnection } from "../../worker/agent/session.ts";

/** A queue that a stream reads from; `end` lets the stream fail with an error. */
class Feed<T> {
  readonly #items: (T | { readonly failure: SwarmError })[] = [];
  readonly #bell = new Bell();

  push(item: T): void {
    this.#items.push(item);
    this.#bell.ring();
  }

  fail(failure: SwarmError): void {
    this.#items.push({ failure });
    this.#bell.ring();
  }

  async *read(signal: AbortSignal): AsyncIterable<T> {
    const release = onAbort(signal, () => this.#bell.ring());
    try {
      for (;;) {
        while (this.#items.length === 0) {
          await this.#bell.wait();
          signal.throwIfAborted();
        }
        const item = this.#items.shift() as T | { readonly failure: SwarmError };
        if (typeof item === "object" && item !== null && "failure" in item) throw item.failure;
        yield item;
      }
    } finally {
      release();
    }
  }
}

const item = (task: Task): Assignment => ({ item: "task", task });

/**
 * A leader with one agent, in memory: what tests assign is sent, what the agent reports is kept.
 * Every connection to it is to the same leader; `refuse` makes addresses fail.
 */
export class FakeDispatcher implements DispatcherApi, LogBrokerApi, ReachBrokerApi {
  readonly tasks = new Map<string, Task>();
  readonly secrets = new Map<string, Secret>();
  /** Latest status of each task, as reported. */
  readonly statuses = new Map<string, TaskStatus>();
  /** Every reported state with its message, `task message`, in order. */
  readonly reported: string[] = [];
  readonly descriptions: NodeDescription[] = [];
  /** Addresses connected to, in order. */
  readonly dialled: string[] = [];
  /** Sizes of the report calls. */
  readonly batches: number[] = [];
  readonly published: PublishLogsMessage[] = [];
  readonly subscriptions = new Feed<SubscriptionMessage>();
  readonly notices = new Feed<ReachNotice>();
  managers: readonly string[] = [];
  heartbeatMs = 20;
  heartbeats = 0;
  /** How many sessions were opened. */
  sessions = 0;
  /** Thrown by a manager when it is dialled. */
  refuse: (addr: string) => SwarmError | null = () => null;
  #assignments: Feed<AssignmentsMessage> | null = null;
  #session: Feed<SessionMessage> | null = null;
  #sequence = 0;

  /** A connection to the manager at `addr`, without a network. */
  connect(addr: string): AgentConnection {
    this.dialled.push(addr);
    const refusal = this.refuse(addr);
    const api = refusal ? refusing(refusal) : this;
    return {
      api: <Api>(service: RpcService<Api>): Api => {
        const known: readonly unknown[] = [DispatcherService, LogBrokerService, ReachBrokerService];
        if (!known.includes(service)) throw new SwarmError("unimplemented", "not in this fake");
        return api as unknown as Api;
      },
      close: () => {},
    };
  }

  /** Assigns a task, or a new version of it. */
  assign(...tasks: readonly Task[]): void {
    for (const task of tasks) this.tasks.set(task.id, task);
    this.#send(AssignmentChangeAction.UPDATE, tasks);
  }

  /** Assigns the task anew with another desired state. */
  want(taskId: string, desiredState: TaskState): void {
    const task = this.tasks.get(taskId);
    if (task) this.assign({ ...task, desiredState });
  }

  /** Takes a task from the node. */
  unassign(taskId: string): void {
    const task = this.tasks.get(taskId);
    this.tasks.delete(taskId);
    if (task) this.#send(AssignmentChangeAction.REMOVE, [task]);
  }

  /** Loses a message on its way: the next one will not fit. */
  loseMessage(): void {
    this.#sequence++;
  }

  /** Breaks the agent's session. */
  breakSession(error: SwarmError): void {
    this.#session?.fail(error);
  }

  /** The state last reported of a task. */
  state(taskId: string): TaskState {
    return this.statuses.get(taskId)?.state ?? TaskState.NEW;
  }

  async *session(request: SessionRequest, call: Call): AsyncIterable<SessionMessage> {
    if (request.description) this.descriptions.push(request.description);
    if (request.sessionId !== "") return;
    this.sessions++;
    const feed = new Feed<SessionMessage>();
    this.#session = feed;
    const managers = this.managers.map((addr) => make("ManagerPeer", { addr, weight: 10 }));
    feed.push(make("SessionMessage", { sessionId: `session${this.sessions}`, managers }));
    yield* feed.read(call.signal);
  }

  heartbeat({ sessionId }: HeartbeatRequest): Promise<HeartbeatResponse> {
    this.#require(sessionId);
    this.heartbeats++;
    return Promise.resolve({ periodNs: this.heartbeatMs * 1e6 });
  }

  updateTaskStatus({ sessionId, updates }: UpdateTaskStatusRequest) {
    this.#require(sessionId);
    this.batches.push(updates.length);
    for (const { taskId, status } of updates) {
      if (!status) continue;
      this.statuses.set(taskId, status);
      this.reported.push(`${taskId} ${status.message}`);
    }
    return Promise.resolve(make("UpdateTaskStatusResponse"));
  }

  async *assignments(
    { sessionId }: AssignmentsRequest,
    call: Call,
  ): AsyncIterable<AssignmentsMessage> {
    this.#require(sessionId);
    this.#sequence = 0;
    this.#assignments = new Feed();
    const secrets = [...this.secrets.values()].map((secret): Assignment => ({
      item: "secret",
      secret,
    }));
    const tasks = [...this.tasks.values()].map(item);
    yield this.#message(AssignmentsMessageType.COMPLETE, AssignmentChangeAction.UPDATE, [
      ...secrets,
      ...tasks,
    ]);
    yield* this.#assignments.read(call.signal);
  }

  updateVolumeStatus() {
    return Promise.resolve(make("UpdateVolumeStatusResponse"));
  }

  listenSubscriptions(_request: unknown, call: Call): AsyncIterable<SubscriptionMessage> {
    return this.subscriptions.read(call.signal);
  }

  async publishLogs(messages: AsyncIterable<PublishLogsMessage>) {
    for await (const message of messages) this.published.push(message);
    return make("PublishLogsResponse");
  }

  listenReach(_request: unknown, call: Call): AsyncIterable<ReachNotice> {
    return this.notices.read(call.signal);
  }

  /** Nobody asks anything of this fake's agents. */
  async *serveReach(): AsyncIterable<ReachInput> {}

  #require(sessionId: string): void {
    if (sessionId !== `session${this.sessions}`) throw new SwarmError("invalid", "session invalid");
  }

  #send(action: AssignmentChangeAction, tasks: readonly Task[]): void {
    const type = AssignmentsMessageType.INCREMENTAL;
    this.#assignments?.push(this.#message(type, action, tasks.map(item)));
  }

  #message(
    type: AssignmentsMessageType,
    action: AssignmentChangeAction,
    assignments: readonly Assignment[],
  ): AssignmentsMessage {
    const digest = new AssignmentDigest();
    for (const task of this.tasks.values()) digest.add(task.id, task.meta?.version?.index ?? 0);
    const appliesTo = this.#sequence++;
    return {
      type,
      appliesTo,
      resultsIn: this.#sequence,
      changes: assignments.map((assignment) => ({ action, assignment })),
      hash: digest.toString(),
    };
  }
}

/** The API of a manager that answers everything with `error`. */
function refusing(error: SwarmError): object {
  const reject = () => Promise.reject(error);
  const stream = async function* (): AsyncIterable<never> {
    yield await Promise.reject(error);
  };
  return {
    session: stream,
    assignments: stream,
    heartbeat: reject,
    updateTaskStatus: reject,
    listenSubscriptions: stream,
    publishLogs: reject,
    listenReach: stream,
    serveReach: stream,
  };
}
