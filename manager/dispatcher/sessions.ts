import { SwarmError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";

/** A node may register this often within the window; more is a fault or an attack. */
const REGISTRATIONS_MAX = 20;
const REGISTRATION_WINDOW_MS = 8_000;

/** Share of the period by which each heartbeat is moved at random, so that nodes do not beat together. */
const HEARTBEAT_JITTER = 0.1;

/** A node's registration with this leader. */
export interface Session {
  readonly id: string;
  readonly nodeId: string;
  /** Aborted when the session ends, with why. */
  readonly signal: AbortSignal;
}

interface Entry extends Session {
  readonly controller: AbortController;
  cancelTimer: Cancel;
}

export interface SessionHooks {
  /** The node missed its heartbeats. */
  onExpired(nodeId: string): void;
}

/** Who is registered, and since when nothing was heard. Lives in the leader's memory only. */
export class Sessions {
  readonly #byNode = new Map<string, Entry>();
  readonly #registrations = new Map<string, number[]>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #hooks: SessionHooks;

  constructor(hooks: SessionHooks, { clock, random }: { clock: Clock; random: Random }) {
    this.#hooks = hooks;
    this.#clock = clock;
    this.#random = random;
  }

  has(nodeId: string): boolean {
    return this.#byNode.has(nodeId);
  }

  /**
   * Starts a session in place of an earlier one of the node.
   * @param expiryMs how long it may be silent
   * @throws SwarmError `exhausted` when the node registers too often
   */
  open(nodeId: string, expiryMs: number): Session {
    this.#limitRate(nodeId);
    this.end(nodeId, new SwarmError("aborted", "the node opened another session"));
    const controller = new AbortController();
    const { signal } = controller;
    const id = newId(this.#random);
    const entry: Entry = { id, nodeId, signal, controller, cancelTimer: () => {} };
    this.#byNode.set(nodeId, entry);
    this.#arm(entry, expiryMs);
    return entry;
  }

  /**
   * The live session `id` of `nodeId`.
   * @throws SwarmError `invalid` "session invalid", `not-found` "node not registered"
   */
  require(nodeId: string, id: string): Session {
    const entry = this.#byNode.get(nodeId);
    if (!entry) throw new SwarmError("not-found", "node not registered");
    if (entry.id !== id) throw new SwarmError("invalid", "session invalid");
    return entry;
  }

  /** Notes a sign of life; returns when to expect the next, milliseconds. */
  beat(nodeId: string, id: string, periodMs: number, expiryMs: number): number {
    this.require(nodeId, id);
    const entry = this.#byNode.get(nodeId);
    if (entry) this.#arm(entry, expiryMs);
    return Math.round(periodMs * (1 + (this.#random.float() * 2 - 1) * HEARTBEAT_JITTER));
  }

  /** Ends the node's session, if it has one (and it is `id`, when given). */
  end(nodeId: string, reason: SwarmError, id?: string): boolean {
    const entry = this.#byNode.get(nodeId);
    if (!entry || (id !== undefined && entry.id !== id)) return false;
    entry.cancelTimer();
    this.#byNode.delete(nodeId);
    entry.controller.abort(reason);
    return true;
  }

  endAll(reason: SwarmError): void {
    for (const nodeId of this.#byNode.keys()) this.end(nodeId, reason);
  }

  #arm(entry: Entry, expiryMs: number): void {
    entry.cancelTimer();
    entry.cancelTimer = this.#clock.after(expiryMs, () => {
      this.end(entry.nodeId, new SwarmError("aborted", "heartbeat failure"), entry.id);
      this.#hooks.onExpired(entry.nodeId);
    });
  }

  #limitRate(nodeId: string): void {
    const now = this.#clock.monotonic();
    const recent = (this.#registrations.get(nodeId) ?? []).filter(
      (at) => now - at < REGISTRATION_WINDOW_MS,
    );
    if (recent.length >= REGISTRATIONS_MAX) {
      const text = `node ${nodeId} exceeded rate limit count of registrations`;
      throw new SwarmError("exhausted", text);
    }
    recent.push(now);
    this.#registrations.set(nodeId, recent);
  }
}
