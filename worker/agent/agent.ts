import { isRemovedNodeError } from "../../ca/removed-node.ts";
import { sleep, type Clock } from "../../lib/clock.ts";
import { isSwarmError, type SwarmError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { Caller } from "../../proto/call.ts";
import type { SessionMessage } from "../../proto/generated.ts";
import type { ManagerList } from "./managers.ts";
import { Session, type AgentConnection, type SessionModules } from "./session.ts";

/** The bound of the wait grows as min(8 s, 100 ms + 2 × the last one). */
const BACKOFF_STEP_MS = 100;
const BACKOFF_MAX_MS = 8_000;
/** While the managers elect a leader, which takes about two seconds, one is asked this often. */
const ELECTION_WAIT_MS = 250;
/** A session that had worked for so long is no sign of trouble here when it breaks … */
const STABLE_SESSION_MS = 1_000;
/** … and is taken up again within this time: its leader has moved. */
const RECONNECT_JITTER_MS = 50;
/** Redirections to a leader that are followed without a wait. */
const REDIRECTS_MAX = 3;

export interface AgentOptions {
  /** Who this node is, as its certificate says. */
  readonly caller: Caller;
}

export interface AgentModules extends Omit<SessionModules, "onMessage"> {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly managers: ManagerList;
  /** Opens a connection to the manager at `addr` with the node's current credentials. */
  readonly connect: (addr: string) => AgentConnection;
  /** Told of every session message: managers, the node's object, keys, trusted roots. */
  readonly onSession: (message: SessionMessage) => void;
  /** The list of managers changed. */
  readonly onManagers: (addrs: readonly string[]) => void;
}

/** How long to wait before the next session. */
class Pace {
  #boundMs = 0;
  #redirects = 0;

  /** The wait after a session that served `servedMs` and ended with `error`, naming a `leader`. */
  next(servedMs: number, leader: string, error: SwarmError, random: Random): number {
    if (servedMs >= STABLE_SESSION_MS) {
      this.#boundMs = 0;
      this.#redirects = 0;
      return random.float() * RECONNECT_JITTER_MS;
    }
    if (leader !== "" && this.#redirects++ < REDIRECTS_MAX) return 0;
    this.#redirects = 0;
    if (error.code === "not-leader") return random.float() * ELECTION_WAIT_MS;
    this.#boundMs = Math.min(BACKOFF_MAX_MS, BACKOFF_STEP_MS + 2 * this.#boundMs);
    return random.float() * this.#boundMs;
  }
}

/** The leader's address that a manager gave when it refused; empty when it did not. */
function leaderOf(error: unknown): string {
  return isSwarmError(error, "not-leader") ? (error.details["leader"] ?? "") : "";
}

/**
 * Keeps this node registered with the leader until `signal` aborts: one session after another,
 * following the leader where a manager names it, backing off where none answers. Throws when the
 * node was removed from the swarm (`isRemovedNodeError`): no later session can succeed.
 */
export async function runAgent(
  { caller }: AgentOptions,
  modules: AgentModules,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, log, managers } = modules;
  const pace = new Pace();
  let addr = managers.pick(random);
  for (;;) {
    signal.throwIfAborted();
    let registeredAt: number | null = null;
    const connection = modules.connect(addr);
    const onMessage = (message: SessionMessage): void => {
      if (registeredAt === null) {
        log.info({ addr }, "registered with the leader");
        managers.observe(addr, true);
        registeredAt = clock.monotonic();
      }
      if (managers.replace(message.managers)) modules.onManagers(managers.addrs);
      modules.onSession(message);
    };
    try {
      await new Session(connection, caller, { ...modules, onMessage }).run(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isSwarmError(error) || isRemovedNodeError(error)) throw error;
      const leader = leaderOf(error);
      if (leader === "") managers.observe(addr, false);
      log.info({ addr, leader, err: error }, "session ended");
      addr = leader === "" ? managers.pick(random, addr) : leader;
      const servedMs = registeredAt === null ? 0 : clock.monotonic() - registeredAt;
      await sleep(clock, pace.next(servedMs, leader, error, random), signal);
    } finally {
      connection.close();
    }
  }
}
