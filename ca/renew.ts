import { linked } from "../lib/abort.ts";
import { sleep } from "../lib/clock.ts";
import { messageOf, SwarmError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { backoffMs, type Backoff } from "../lib/retry.ts";
import type { NodeTls, TlsMaterial } from "../proto/node-tls.ts";
import { verifyChain } from "./chain.ts";
import { createCsr } from "./csr.ts";
import { parseIdentity, type NodeIdentity } from "./identity.ts";
import type { CertifiedRole } from "./leaf.ts";
import { anonymousCall, awaitCertificate, connectCa, toMaterial } from "./request.ts";
import type { WaitModules } from "./request.ts";
import { BACKDATE_MS, normalizePem, parseRoots } from "./root.ts";

/** A certificate is renewed at a random point of this part of its life, so that nodes spread. */
const RENEWAL_FROM = 0.5;
const RENEWAL_TO = 0.8;
/** Timers hold 24 days at most, and a suspended machine's stand still: look again this often. */
const LOOK_AGAIN_MS = 3_600_000;
/** Between failed renewals that have time. */
const SCHEDULED_BACKOFF: Backoff = { firstMs: 5_000, maxMs: 3_600_000, factor: 5 };
/** Between failed renewals that someone waits for, such as a change of role. */
const FORCED_BACKOFF: Backoff = { firstMs: 500, maxMs: 30_000, factor: 2 };

export interface RenewalModules extends WaitModules {
  /** The process's certificate; its connections get the renewed one. */
  readonly tls: NodeTls;
  /** Managers that may be asked now, `host:port` each, best first. */
  readonly managers: () => readonly string[];
  /** Stores a new certificate durably before it is used. */
  readonly save: (material: TlsMaterial) => Promise<void>;
  readonly log: Logger;
}

/** When a certificate is to be renewed, milliseconds since the epoch: at 50–80 % of its life. */
export function renewalTime({ notBeforeMs, notAfterMs }: NodeIdentity, random: Random): number {
  // Its life counts from when it was issued; the back-dating before that was never lived.
  const issuedMs = Math.min(notBeforeMs + BACKDATE_MS, notAfterMs);
  const part = RENEWAL_FROM + (RENEWAL_TO - RENEWAL_FROM) * random.float();
  return issuedMs + part * (notAfterMs - issuedMs);
}

/** What is to be done: renew by the calendar, or now and until the role is `role` (null: any). */
type Order =
  | { readonly forced: false }
  | { readonly forced: true; readonly role: CertifiedRole | null };
const BY_CALENDAR: Order = { forced: false };

/**
 * Keeps the node's certificate valid, and of the right role. Each renewal makes a new key. The new
 * certificate is stored first, then given to all servers and clients of the process; who keeps a
 * connection open reconnects when told by `NodeTls.onUpdate`.
 */
export class CertificateRenewal {
  readonly #modules: RenewalModules;
  #order: Order = BY_CALENDAR;
  /** Roots that the cluster has told of and that are not trusted yet. */
  #roots: string | null = null;
  #interrupt: (() => void) | null = null;

  constructor(modules: RenewalModules) {
    this.#modules = modules;
  }

  /**
   * Renews at once, again until the certificate is for `role` (null: whichever the cluster has stored).
   * For a node that was promoted, demoted, or told that roots rotate. A later call replaces it.
   */
  renewNow(role: CertifiedRole | null): void {
    this.#order = { forced: true, role };
    this.#interrupt?.();
  }

  /**
   * Trusts `roots` (PEM) from now on in place of those so far. For a node that was told of the end
   * of a rotation: its certificate stays, because it leads to the old root too, which nodes
   * that have not heard yet still go by.
   */
  trust(roots: string): void {
    const known = this.#modules.tls.material.roots;
    if (roots === known || normalizePem(roots) === normalizePem(known)) return;
    this.#roots = roots;
    this.#interrupt?.();
  }

  /** Renews whenever it is time, or {@link renewNow} asked for it, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { tls, random, clock, log } = this.#modules;
    while (!signal.aborted) {
      const dueMs = renewalTime(parseIdentity(tls.material.certificate), random);
      const isIdle = (): boolean => !this.#order.forced && clock.now() < dueMs;
      while (isIdle() && this.#roots === null) {
        await this.#wait(Math.min(dueMs - clock.now(), LOOK_AGAIN_MS), signal);
      }
      await this.#adoptRoots();
      if (isIdle()) continue;
      for (let failures = 0; ; failures++) {
        signal.throwIfAborted();
        await this.#adoptRoots();
        const order = this.#order;
        try {
          const role = await this.#renew(order, signal);
          log.info({ role }, "node certificate renewed");
          // Someone who asked meanwhile asked for another renewal.
          if (this.#order === order) this.#order = BY_CALENDAR;
          break;
        } catch (error) {
          signal.throwIfAborted();
          this.#report(error, order);
          const backoff = order.forced ? FORCED_BACKOFF : SCHEDULED_BACKOFF;
          await this.#wait(backoffMs(backoff, failures, random), signal);
        }
      }
    }
  }

  async #adoptRoots(): Promise<void> {
    const { tls, save, log } = this.#modules;
    const roots = this.#roots;
    this.#roots = null;
    if (roots === null) return;
    try {
      verifyChain(tls.material.certificate, parseRoots(roots));
    } catch (error) {
      // Nobody who trusts these roots would know the node by its certificate: it needs another.
      log.warn({ err: messageOf(error) }, "new roots are not those of the node's certificate");
      if (!this.#order.forced) this.#order = { forced: true, role: null };
      return;
    }
    const material = { ...tls.material, roots };
    await save(material);
    tls.update(material);
    log.info("the node trusts the cluster's new roots");
  }

  /** Waits, or less long when {@link renewNow} or {@link trust} is called. */
  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    using wait = linked(signal);
    this.#interrupt = () => wait.abort();
    try {
      await sleep(this.#modules.clock, ms, wait.signal);
    } catch {
      // Woken, unless the whole loop is to end.
      signal.throwIfAborted();
    } finally {
      this.#interrupt = null;
    }
  }

  async #renew(order: Order, signal: AbortSignal): Promise<CertifiedRole> {
    const { tls, save } = this.#modules;
    const material = await this.#requestFromAny(signal);
    const { role } = parseIdentity(material.certificate);
    if (order.forced && order.role !== null && role !== order.role) {
      throw new SwarmError("unavailable", `the cluster still has the node as a ${role}`);
    }
    await save(material);
    tls.update(material);
    return role;
  }

  async #requestFromAny(signal: AbortSignal): Promise<TlsMaterial> {
    let failure: unknown = new SwarmError("unavailable", "no manager is known to ask");
    for (const addr of this.#modules.managers()) {
      try {
        return await this.#request(addr, signal);
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  }

  async #request(addr: string, signal: AbortSignal): Promise<TlsMaterial> {
    const { tls } = this.#modules;
    using connection = connectCa(addr, tls.client, this.#modules);
    const request = await createCsr();
    const order = { csr: request.csr, token: "", availability: 0 } as const;
    const { nodeId } = await connection.api.issueNodeCertificate(order, anonymousCall(signal));
    const { api } = connection;
    const answer = await awaitCertificate(api, nodeId, request.csr, this.#modules, signal);
    const { certificate } = answer.certificate;
    // Over a verified connection the cluster may also tell us of new roots.
    const roots = answer.rootCa || tls.material.roots;
    return toMaterial(request, { nodeId, certificate, roots }, this.#modules.clock.now());
  }

  #report(error: unknown, order: Order): void {
    const { tls, clock, log } = this.#modules;
    const { notAfterMs } = parseIdentity(tls.material.certificate);
    const fields = { err: messageOf(error), validUntil: new Date(notAfterMs).toISOString() };
    if (clock.now() > notAfterMs) {
      log.error(fields, "node certificate expired: leave the swarm and join again with a token");
    } else if (order.forced) log.info(fields, "node certificate is not renewed yet");
    else log.warn(fields, "node certificate renewal failed, will try again");
  }
}
