import { abortable } from "../../lib/abort.ts";
import { Bell } from "../../lib/bell.ts";
import { isSwarmError, messageOf } from "../../lib/errors.ts";
import { Scope } from "../../lib/scope.ts";
import { make } from "../../proto/codec.ts";
import type { Task, TaskSample } from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import { openReach } from "./open.ts";

function known(value: number): number | undefined {
  return value < 0 ? undefined : value;
}

/** What one task uses, in our JSON; what is not known is left out. */
function sampleJson(sample: TaskSample): object {
  if (sample.error !== "") return { TaskID: sample.taskId, Error: sample.error };
  return {
    TaskID: sample.taskId,
    Time: new Date(sample.atMs).toISOString(),
    CPUNanoseconds: sample.cpuNs,
    MemoryBytes: sample.memoryBytes,
    MemoryLimitBytes: sample.memoryLimitBytes,
    PIDs: known(sample.pids),
    NetworkReceivedBytes: known(sample.networkReceivedBytes),
    NetworkSentBytes: known(sample.networkSentBytes),
    BlockReadBytes: known(sample.blockReadBytes),
    BlockWrittenBytes: known(sample.blockWrittenBytes),
  };
}

/** Samples of the tasks of one node; when it cannot be asked, why, once for each task. */
async function* ofNode(
  request: ApiRequest,
  taskIds: readonly string[],
  periodMs: number,
): AsyncIterable<readonly TaskSample[]> {
  const { call } = request;
  try {
    const stats = make("StatsAsk", { periodMs });
    for await (const output of openReach(request, { kind: "stats", stats, taskIds }).outputs)
      if (output.kind === "samples") yield output.samples.samples;
  } catch (error) {
    if (call.signal.aborted || !isSwarmError(error)) throw error;
    yield taskIds.map((taskId) => make("TaskSample", { taskId, error: messageOf(error) }));
  }
}

type Batch = readonly TaskSample[];

/** Items of several streams as they come; each stream waits until its last one was taken. */
async function* merged(
  streams: readonly AsyncIterable<Batch>[],
  signal: AbortSignal,
): AsyncIterable<Batch> {
  const scope = new Scope(signal);
  const bell = new Bell();
  const waiting: { readonly batch: Batch; readonly taken: () => void }[] = [];
  let open = streams.length;
  let failure: { readonly error: unknown } | undefined;
  for (const stream of streams)
    scope.run(async () => {
      try {
        for await (const batch of stream) {
          const taken = new Promise<void>((resolve) => {
            waiting.push({ batch, taken: resolve });
          });
          bell.ring();
          await abortable(taken, scope.signal);
        }
      } catch (error) {
        failure ??= { error };
      }
      open--;
      bell.ring();
    });
  try {
    for (;;) {
      const next = waiting.shift();
      if (next) {
        yield next.batch;
        next.taken();
        continue;
      }
      if (failure) throw failure.error;
      if (open === 0) return;
      await bell.wait();
    }
  } finally {
    await scope.close();
  }
}

/**
 * What the tasks use, one JSON object a line, in batches by node: once, or every `periodMs` until
 * the client goes.
 */
export async function* sampleLines(
  request: ApiRequest,
  tasks: readonly Task[],
  periodMs: number,
): AsyncIterable<string> {
  const byNode = new Map<string, string[]>();
  for (const { id, nodeId } of tasks) byNode.set(nodeId, [...(byNode.get(nodeId) ?? []), id]);
  const nodes = [...byNode.values()].map((ids) => ofNode(request, ids, periodMs));
  for await (const batch of merged(nodes, request.call.signal))
    yield batch.map((sample) => `${JSON.stringify(sampleJson(sample))}\n`).join("");
}
