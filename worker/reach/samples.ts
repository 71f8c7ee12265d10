import { sleep } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { make } from "../../proto/codec.ts";
import type { ReachOutput, TaskSample } from "../../proto/generated.ts";
import { reachOf, type AnswerModules } from "./answer.ts";

/** No task is measured more often. */
const PERIOD_MS_MIN = 100;
const UNKNOWN = -1;

async function sampleOf(
  taskId: string,
  { tasks, clock }: AnswerModules,
  signal: AbortSignal,
): Promise<TaskSample> {
  try {
    const usage = await reachOf(tasks, taskId).usage(signal);
    return make("TaskSample", {
      taskId,
      atMs: Math.round(usage.atMs),
      cpuNs: Math.round(usage.cpuNs),
      memoryBytes: usage.memoryBytes,
      memoryLimitBytes: usage.memoryLimitBytes,
      pids: usage.pids ?? UNKNOWN,
      networkReceivedBytes: usage.networkReceivedBytes ?? UNKNOWN,
      networkSentBytes: usage.networkSentBytes ?? UNKNOWN,
      blockReadBytes: usage.blockReadBytes ?? UNKNOWN,
      blockWrittenBytes: usage.blockWrittenBytes ?? UNKNOWN,
    });
  } catch (error) {
    signal.throwIfAborted();
    return make("TaskSample", { taskId, atMs: clock.now(), error: messageOf(error) });
  }
}

/** What the tasks use, now and every `periodMs`; 0 = now only. One that ended says so. */
export async function* samples(
  taskIds: readonly string[],
  periodMs: number,
  modules: AnswerModules,
  signal: AbortSignal,
): AsyncIterable<ReachOutput> {
  for (;;) {
    const all = await Promise.all(taskIds.map((id) => sampleOf(id, modules, signal)));
    yield { kind: "samples", samples: { samples: all } };
    if (periodMs === 0) return;
    await sleep(modules.clock, Math.max(periodMs, PERIOD_MS_MIN), signal);
  }
}
