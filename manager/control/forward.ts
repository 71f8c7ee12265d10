import { linked } from "../../lib/abort.ts";
import { sleep, type Clock } from "../../lib/clock.ts";
import { isSwarmError, SwarmError } from "../../lib/errors.ts";
import { backoffMs, type Backoff } from "../../lib/retry.ts";
import type { Random } from "../../lib/random.ts";
import type { Call } from "../../proto/call.ts";
import { ControlService, ReadConsistency, type ControlApi } from "../../proto/generated.ts";

/** How long a call waits for a leader: an election takes about two seconds, rarely four. */
export const LEADER_WAIT_MS = 6_000;
/** How long a change that is made waits for this manager to see it. */
const CATCH_UP_MS = 2_000;
/** How long the leader is waited for when this manager can answer as well. */
const LEADER_READ_MS = 1_500;
/** How long a recent read waits for this manager to catch up before it answers all the same. */
const RECENT_WAIT_MS = 500;
/** Pauses between looks at who leads. */
const LOOK_AGAIN: Backoff = { firstMs: 25, maxMs: 200, factor: 2 };

const NO_LEADER =
  "The swarm does not have a leader. It's possible that too few managers are online. " +
  "Make sure more than half of the managers are online.";

/** The error of a swarm that cannot decide; with the text that clients know. */
export function noLeader(cause?: unknown): SwarmError {
  return new SwarmError("no-leader", NO_LEADER, { cause });
}

/** The control API of whoever leads. */
export interface LeaderRoute {
  readonly api: ControlApi;
  /** This manager leads, and `api` is its own. */
  readonly local: boolean;
}

export interface ForwardModules {
  /** This manager's own control API. */
  readonly local: ControlApi;
  /** Who leads, as far as this manager knows at the moment. */
  readonly leader: () => LeaderRoute | undefined;
  /**
   * Waits until this manager holds everything committed so far (Raft's read barrier), so that
   * whoever changed something through it sees the change in the next local read.
   */
  readonly catchUp: (signal: AbortSignal) => Promise<unknown>;
  /** This manager holds a state of the cluster, however old; a new one holds none at first. */
  readonly holdsState: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
}

type Unary = (request: unknown, call: Call) => Promise<unknown>;
type Name = keyof ControlApi;

const isRead = (name: string): boolean => /^(?:get|list|read)[A-Z]/.test(name);

/** Reads of what only the leader observes: which managers answer. */
const LEADER_READS: readonly string[] = ["getNode", "listNodes"];

/** Whether the call surely changed nothing: it met a manager that does not lead, or nobody. */
function isUnapplied(error: unknown): boolean {
  if (isSwarmError(error, "not-leader", "no-leader")) return true;
  return isSwarmError(error, "unavailable") && error.details["sent"] === "no";
}

/** Whether a call that changes nothing may meet a better answer a little later. */
function isTransient(error: unknown): boolean {
  return isUnapplied(error) || isSwarmError(error, "unavailable", "aborted");
}

/**
 * Makes calls until they are not refused for want of a leader. The wait is counted from the
 * moment the leader was first missed, so that with the quorum lost only the first callers wait
 * and all others hear of it at once.
 */
class LeaderWait {
  readonly #clock: Clock;
  readonly #random: Random;
  #missedSince: number | undefined;
  #missedLast = 0;

  constructor({ clock, random }: ForwardModules) {
    this.#clock = clock;
    this.#random = random;
  }

  /** @throws SwarmError `no-leader` when {@link LEADER_WAIT_MS} are over */
  async until<T>(
    attempt: () => Promise<T>,
    again: (error: unknown) => boolean,
    signal: AbortSignal,
  ): Promise<T> {
    for (let n = 0; ; n++) {
      try {
        const value = await attempt();
        this.#missedSince = undefined;
        return value;
      } catch (error) {
        if (!again(error)) throw error;
        const pause = backoffMs(LOOK_AGAIN, n, this.#random);
        if (this.#missed() + pause >= LEADER_WAIT_MS) throw noLeader(error);
        await sleep(this.#clock, pause, signal);
      }
    }
  }

  /** Notes that the leader is missed; returns for how long it has been, milliseconds. */
  #missed(): number {
    const now = this.#clock.monotonic();
    // What nobody has noticed for so long is another loss.
    if (now - this.#missedLast > LEADER_WAIT_MS) this.#missedSince = undefined;
    this.#missedLast = now;
    this.#missedSince ??= now;
    return now - this.#missedSince;
  }
}

/** A change: made by the leader, and visible here when the call returns. */
function forwardWrite(modules: ForwardModules, wait: LeaderWait, name: Name): Unary {
  return async (request, call) => {
    const attempt = async () => {
      const route = modules.leader();
      if (!route) throw noLeader();
      const response = await (route.api[name] as Unary)(request, call);
      return { response, local: route.local };
    };
    const { response, local } = await wait.until(attempt, isUnapplied, call.signal);
    if (!local) await settle(modules, CATCH_UP_MS, call.signal);
    return response;
  };
}

/** Catches up with the leader for `limitMs`; that it cannot now is no failure of the call. */
async function settle(
  { catchUp, clock }: ForwardModules,
  limitMs: number,
  parent: AbortSignal,
): Promise<void> {
  using link = linked(parent);
  const cancel = clock.after(limitMs, () => link.abort());
  try {
    await catchUp(link.signal);
  } catch (error) {
    if (!isSwarmError(error)) throw error;
  } finally {
    cancel();
  }
}

/** A read from this manager's own state. */
function localRead(modules: ForwardModules, wait: LeaderWait, name: Name): Unary {
  return async (request, call) => {
    const { consistency } = request as { readonly consistency?: ReadConsistency };
    const attempt = async () => {
      // Nothing is not an old state: a new manager must not say that the swarm is empty.
      if (!modules.holdsState()) throw noLeader();
      return (modules.local[name] as Unary)(request, call);
    };
    if (consistency === ReadConsistency.LINEARIZABLE || !modules.holdsState())
      return wait.until(attempt, isTransient, call.signal);
    // Others need no leader, and so say nothing about whether there is one.
    if (consistency === ReadConsistency.RECENT && modules.leader()?.local === false)
      await settle(modules, RECENT_WAIT_MS, call.signal);
    return attempt();
  };
}

/** A read that the leader knows more about; when it does not answer, this manager does. */
function leaderRead(modules: ForwardModules, wait: LeaderWait, name: Name): Unary {
  const here = localRead(modules, wait, name);
  return async (request, call) => {
    using link = linked(call.signal);
    const late = new SwarmError("deadline", "the leader did not answer in time");
    const cancel = modules.clock.after(LEADER_READ_MS, () => link.abort(late));
    try {
      const route = modules.leader();
      if (route && !route.local)
        return await (route.api[name] as Unary)(request, { ...call, signal: link.signal });
    } catch (error) {
      if (!isTransient(error) && error !== late) throw error;
    } finally {
      cancel();
    }
    return here(request, call);
  };
}

function forward(modules: ForwardModules, wait: LeaderWait, name: Name): Unary {
  if (LEADER_READS.includes(name)) return leaderRead(modules, wait, name);
  return isRead(name) ? localRead(modules, wait, name) : forwardWrite(modules, wait, name);
}

/**
 * A control API that answers on every manager: reads and watches from the local state, changes
 * through the leader. During an election changes wait for the new leader; one that may have taken
 * effect is never made twice, but fails with the error it met.
 */
export function forwardingControl(modules: ForwardModules): ControlApi {
  const names = Object.keys(ControlService.methods) as Name[];
  const wait = new LeaderWait(modules);
  const unary = names.map((name) => [name, forward(modules, wait, name)] as const);
  return {
    ...(Object.fromEntries(unary) as unknown as ControlApi),
    watch: (request, call) => modules.local.watch(request, call),
  };
}
