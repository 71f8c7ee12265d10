import type { Call } from "../../../proto/call.ts";
import type { DispatcherApi, SessionMessage } from "../../../proto/generated.ts";
import { demand } from "../violation.ts";

/** The newest session that a dispatcher gave to each node. */
type Newest = Map<string, string>;

interface SessionRequest {
  readonly sessionId: string;
}

/**
 * A dispatcher serves no session but the newest of a node, none of another dispatcher, and none of a
 * node that was removed.
 */
export class SessionChecks {
  readonly #watched = new WeakMap<DispatcherApi, DispatcherApi>();

  /** `dispatcher`, watched; the same one for the same dispatcher. */
  watched(dispatcher: DispatcherApi): DispatcherApi {
    let watched = this.#watched.get(dispatcher);
    if (!watched) this.#watched.set(dispatcher, (watched = watch(dispatcher, new Map())));
    return watched;
  }
}

function watch(dispatcher: DispatcherApi, newest: Newest): DispatcherApi {
  const checked =
    <R extends SessionRequest, T>(answer: (request: R, call: Call) => Promise<T>) =>
    async (request: R, call: Call): Promise<T> => {
      const known = newest.get(call.caller.nodeId);
      const value = await answer(request, call);
      demandNewest(request, call, known);
      return value;
    };
  return {
    session: (request, call) => noteSessions(dispatcher.session(request, call), call, newest),
    heartbeat: checked((request, call) => dispatcher.heartbeat(request, call)),
    updateTaskStatus: checked((request, call) => dispatcher.updateTaskStatus(request, call)),
    updateVolumeStatus: checked((request, call) => dispatcher.updateVolumeStatus(request, call)),
    assignments: async function* (request, call) {
      const known = newest.get(call.caller.nodeId);
      for await (const message of dispatcher.assignments(request, call)) {
        demandNewest(request, call, known);
        yield message;
      }
    },
  };
}

async function* noteSessions(
  messages: AsyncIterable<SessionMessage>,
  { caller }: Call,
  newest: Newest,
): AsyncIterable<SessionMessage> {
  let first = true;
  for await (const message of messages) {
    if (first) newest.set(caller.nodeId, message.sessionId);
    first = false;
    const isMember = message.node !== null;
    demand(isMember, "removed-node", () => `${caller.nodeId} is served, which was removed`);
    yield message;
  }
}

function demandNewest(
  { sessionId }: SessionRequest,
  { caller }: Call,
  known: string | undefined,
): void {
  const message = (): string => `${caller.nodeId} is served in session ${sessionId}, not ${known}`;
  demand(sessionId === known, "stale-session", message);
}
