import { every, type Clock } from "../../lib/clock.ts";
import type { Dispatcher } from "../../manager/dispatcher/dispatcher.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import {
  AssignmentChangeAction,
  TaskState,
  type AssignmentsMessage,
} from "../../proto/generated.ts";
import { aNode } from "../../test/fakes/objects.ts";

/** Well within the three periods after which a silent node is down. */
const HEARTBEAT_MS = 4000;

/**
 * An agent reduced to its messages: tasks run, and stop, as soon as they are told to. Ends when
 * `signal` aborts.
 */
export async function runSimulatedAgent(
  nodeId: string,
  { dispatcher, clock }: { readonly dispatcher: Dispatcher; readonly clock: Clock },
  signal: AbortSignal,
): Promise<void> {
  const call: Call = {
    signal,
    caller: { nodeId, role: "worker", clusterId: "bench", addr: "127.0.0.1" },
  };
  const description = aNode(nodeId).description;
  const session = dispatcher.session(make("SessionRequest", { description }), call);
  const messages = session[Symbol.asyncIterator]();
  const first = await messages.next();
  if (first.done) return;
  const { sessionId } = first.value;
  const beat = (): void => void dispatcher.heartbeat({ sessionId }, call).catch(() => {});
  const cancel = every(clock, HEARTBEAT_MS, beat);
  try {
    const request = make("AssignmentsRequest", { sessionId });
    for await (const message of dispatcher.assignments(request, call)) {
      const updates = reportsOn(message);
      if (updates.length > 0) await dispatcher.updateTaskStatus({ sessionId, updates }, call);
    }
  } finally {
    cancel();
  }
}

function reportsOn({ changes }: AssignmentsMessage): readonly Report[] {
  return changes.flatMap(({ action, assignment }) => {
    const task = assignment?.item === "task" ? assignment.task : undefined;
    if (!task || action === AssignmentChangeAction.REMOVE) return [];
    const wanted = task.desiredState;
    const state = task.status?.state ?? TaskState.NEW;
    const next = wanted > TaskState.RUNNING ? TaskState.SHUTDOWN : TaskState.RUNNING;
    if (state >= next || wanted < TaskState.RUNNING) return [];
    return [{ taskId: task.id, status: make("TaskStatus", { state: next }) }];
  });
}

type Report = Parameters<Dispatcher["updateTaskStatus"]>[0]["updates"][number];
