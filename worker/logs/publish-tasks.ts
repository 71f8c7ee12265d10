import { sleep, type Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { Scope } from "../../lib/scope.ts";
import { make } from "../../proto/codec.ts";
import { LogStream } from "../../proto/generated.ts";
import type {
  LogMessage,
  LogOptions,
  LogSelector,
  PublishLogsMessage,
  SubscriptionMessage,
  Task,
} from "../../proto/generated.ts";
import type { TaskRunner } from "../agent/task-runner.ts";
import { NO_ATTRS, type LogRead } from "../runtime/runtime.ts";
import { LineQueue } from "./line-queue.ts";
import { LineRate } from "./line-rate.ts";

/** So that lines without content are not free. */
const NEWLINE_BYTES = 1;

/** The tasks on this node whose logs may be read. */
export interface LogTasks {
  runners(): readonly TaskRunner[];
  /** Tells of every task that comes to this node from now on; returns the unsubscriber. */
  onTask(listener: (runner: TaskRunner) => void): () => void;
}

function selects({ serviceIds, nodeIds, taskIds }: LogSelector, task: Task): boolean {
  return (
    taskIds.includes(task.id) ||
    serviceIds.includes(task.serviceId) ||
    nodeIds.includes(task.nodeId)
  );
}

function readOf(options: LogOptions | null): LogRead {
  const streams = options?.streams ?? [];
  return {
    follow: options?.follow ?? false,
    tail: options?.tail?.value ?? null,
    sinceMs: options?.sinceMs ?? 0,
    stdout: streams.length === 0 || streams.includes(LogStream.STDOUT),
    stderr: streams.length === 0 || streams.includes(LogStream.STDERR),
  };
}

interface Modules {
  readonly clock: Clock;
  readonly tasks: LogTasks;
}

/**
 * Answers one subscription: the lines of every task that it selects, of tasks that come later too
 * when it follows; at last a message that says this node has sent all it will.
 */
export async function* publishTasks(
  subscription: SubscriptionMessage,
  nodeId: string,
  { clock, tasks }: Modules,
  signal: AbortSignal,
): AsyncIterable<PublishLogsMessage> {
  const subscriptionId = subscription.id;
  const selector = subscription.selector ?? make("LogSelector");
  const read = readOf(subscription.options);
  const positions = new Map(
    subscription.options?.positions.map(({ taskId, sinceMs }) => [taskId, sinceMs]),
  );
  const queue = new LineQueue();
  const scope = new Scope(signal);
  let readers = 0;
  const add = (runner: TaskRunner, { tail }: Pick<LogRead, "tail">): void => {
    if (!selects(selector, runner.task)) return;
    readers++;
    const sinceMs = positions.get(runner.task.id);
    const own = sinceMs === undefined ? { ...read, tail } : { ...read, tail: null, sinceMs };
    scope.run(async (inner) => {
      try {
        await copy(runner, own, { clock, queue, nodeId }, inner);
      } catch (error) {
        inner.throwIfAborted();
        queue.warn(`logs of task ${runner.task.id} could not be read: ${messageOf(error)}`);
      }
      readers--;
      if (readers === 0 && !read.follow) queue.end();
    });
  };
  const release = read.follow ? tasks.onTask((runner) => add(runner, { tail: null })) : null;
  try {
    for (const runner of tasks.runners()) add(runner, read);
    if (readers === 0 && !read.follow) queue.end();
    for (;;) {
      const batch = await queue.take(signal);
      if (!batch) break;
      const messages = withoutRepeats(batch.lines);
      yield make("PublishLogsMessage", { subscriptionId, messages, warning: batch.warning });
    }
    yield make("PublishLogsMessage", { subscriptionId, close: true });
  } finally {
    release?.();
    await scope.close();
  }
}

/**
 * The same lines, context with attributes and timestamp left out where they are those of the line
 * before.
 */
export function withoutRepeats(lines: readonly LogMessage[]): readonly LogMessage[] {
  return lines.map((line, i) => {
    const before = lines[i - 1];
    if (before?.context !== line.context || before.attrs !== line.attrs) return line;
    const timestamp = before.timestamp === line.timestamp ? "" : line.timestamp;
    return { ...line, context: null, attrs: NO_ATTRS, timestamp };
  });
}

interface Copying {
  readonly clock: Clock;
  readonly queue: LineQueue;
  readonly nodeId: string;
}

async function copy(
  runner: TaskRunner,
  read: LogRead,
  { clock, queue, nodeId }: Copying,
  signal: AbortSignal,
): Promise<void> {
  const rate = new LineRate(clock);
  const { id: taskId, serviceId } = runner.task;
  const context = make("LogContext", { taskId, serviceId, nodeId });
  for await (const line of runner.controller().logs(read, signal)) {
    const waitMs = rate.pass(line.data.length + NEWLINE_BYTES);
    if (waitMs > 0) await sleep(clock, waitMs, signal);
    const { timestamp, data, attrs } = line;
    const stream = line.stream === "stdout" ? LogStream.STDOUT : LogStream.STDERR;
    const room = queue.put({ context, timestamp, data, stream, attrs }, signal);
    if (room) await room;
  }
}
