import { SwarmError } from "../../lib/errors.ts";
import { make } from "../../proto/codec.ts";
import type { ReachAsk, ReachOutput } from "../../proto/generated.ts";
import { reachOf, type Answer, type AnswerModules } from "./answer.ts";
import { DialAnswer } from "./dial-answer.ts";
import { ExecAnswer } from "./exec-answer.ts";
import { samples } from "./samples.ts";

/** The answer to what cannot be done. */
export function refusal(error: SwarmError): Answer {
  return speaking(async function* () {
    yield await Promise.reject(error);
  });
}

/** An answer that only speaks. */
function speaking(outputs: () => AsyncIterable<ReachOutput>): Answer {
  return { outputs, take: () => Promise.resolve(), close: () => Promise.resolve() };
}

async function* processes(
  taskId: string,
  { tasks }: AnswerModules,
  signal: AbortSignal,
): AsyncIterable<ReachOutput> {
  const found = await reachOf(tasks, taskId).top(signal);
  const rows = found.processes.map((cells) => ({ cells }));
  yield { kind: "processes", processes: make("ReachProcesses", { titles: found.titles, rows }) };
}

/** Takes up an ask. Nothing happens before its outputs are read. */
export function answerOf(ask: ReachAsk, modules: AnswerModules, signal: AbortSignal): Answer {
  const { tasks } = modules;
  const [taskId = ""] = ask.taskIds;
  switch (ask.kind) {
    case "exec":
      return new ExecAnswer(ask.exec, () => reachOf(tasks, taskId), signal);
    case "dial":
      return new DialAnswer(ask.dial.port, () => reachOf(tasks, taskId), signal);
    case "top":
      return speaking(() => processes(taskId, modules, signal));
    case "stats":
      return speaking(() => samples(ask.taskIds, ask.stats.periodMs, modules, signal));
    default:
      return refusal(new SwarmError("unimplemented", "the node does not know how to do that"));
  }
}
