import { linked } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { isSwarmError, messageOf, SwarmError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { Scope } from "../../lib/scope.ts";
import type { Caller } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import type { ReachBrokerApi, ReachNotice, ServeReachRequest } from "../../proto/generated.ts";
import { keepListening } from "../agent/keep-listening.ts";
import type { Answer, AnswerModules } from "./answer.ts";
import { answerOf, refusal } from "./answer-of.ts";

/** Asks answered at a time; a connection of a port-forward is one. */
const SESSIONS_MAX = 512;

const BUSY = new SwarmError(
  "exhausted",
  `the node answers ${SESSIONS_MAX} reaches into its tasks already`,
);

export interface ReachListenerOptions {
  readonly sessionId: string;
  readonly caller: Caller;
}

export interface ReachListenerModules extends AnswerModules {
  readonly broker: ReachBrokerApi;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Listens for what managers want of this node's tasks and answers each ask with a stream of its
 * own. No reason to lose a session: whatever fails here is logged and tried again. Everything that
 * was started for an ask ends with it.
 */
export async function runReachListener(
  options: ReachListenerOptions,
  modules: ReachListenerModules,
  signal: AbortSignal,
): Promise<void> {
  await keepListening("notices of reach", () => listen(options, modules, signal), modules, signal);
}

async function listen(
  { sessionId, caller }: ReachListenerOptions,
  modules: ReachListenerModules,
  signal: AbortSignal,
): Promise<void> {
  const scope = new Scope(signal);
  let open = 0;
  try {
    const call = { caller, signal: scope.signal };
    for await (const notice of modules.broker.listenReach({ sessionId }, call)) {
      const isFull = open >= SESSIONS_MAX;
      open++;
      scope.run(async (inner) => {
        try {
          await serve(notice, isFull, caller, modules, inner);
        } finally {
          open--;
        }
      });
    }
  } finally {
    await scope.close();
  }
}

/** Why the ask failed, as its asker may know it. */
function failure(error: unknown): ServeReachRequest {
  const known = isSwarmError(error);
  return make("ServeReachRequest", {
    errorCode: known ? error.code : "internal",
    errorMessage: known ? error.message : "internal error; see the log of the node's swarmd",
  });
}

async function* replies(
  notice: ReachNotice,
  answer: Answer,
  { log }: ReachListenerModules,
  signal: AbortSignal,
): AsyncIterable<ServeReachRequest> {
  yield make("ServeReachRequest", { id: notice.id });
  try {
    for await (const output of answer.outputs()) yield make("ServeReachRequest", { output });
    yield make("ServeReachRequest", { done: true });
  } catch (error) {
    if (signal.aborted) return;
    if (!isSwarmError(error)) log.error({ err: error }, "a reach into a task failed");
    yield failure(error);
  }
}

async function serve(
  notice: ReachNotice,
  isFull: boolean,
  caller: Caller,
  modules: ReachListenerModules,
  parent: AbortSignal,
): Promise<void> {
  using link = linked(parent);
  const ask = isFull ? null : notice.ask;
  const answer = ask ? answerOf(ask, modules, link.signal) : refusal(BUSY);
  const outgoing = replies(notice, answer, modules, link.signal);
  try {
    const call = { caller, signal: link.signal };
    for await (const input of modules.broker.serveReach(outgoing, call)) await answer.take(input);
  } catch (error) {
    // The asker has gone, or its manager: nobody is left to be told.
    modules.log.debug({ session: notice.id, reason: messageOf(error) }, "a reach ended");
  } finally {
    link.abort();
    await answer.close();
  }
}
