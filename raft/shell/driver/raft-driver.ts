import { onAbort } from "../../../lib/abort.ts";
import { every, type Cancel } from "../../../lib/clock.ts";
import { APPEND_THREAD, APPLY_THREAD, type Message } from "../../core/message.ts";
import type { RaftCore } from "../../core/raft-core.ts";
import type { Entry, Id, Ready, SnapshotMeta } from "../../core/types.ts";
import type { AppendWorker } from "./append-worker.ts";
import type { DriverModules, DriverOptions } from "./driver-modules.ts";
import { HostLink } from "./host-link.ts";
import { Outbox } from "./outbox.ts";
import { assembleParts, type Parts } from "./parts.ts";
import type { FromDriver } from "./port.ts";
import { toPortError } from "./port-error.ts";

/**
 * Everything between the core and the world of one member: feeds it with ticks, messages,
 * proposals and reads, and does what its Readies ask for. All inputs of a turn of the event loop
 * are taken before one Ready, so that one write and one frame per peer carry them all.
 */
export class RaftDriver {
  readonly #options: DriverOptions;
  readonly #modules: DriverModules;
  readonly #core: RaftCore;
  readonly #append: AppendWorker;
  readonly #parts: Parts;
  readonly #host: HostLink;
  readonly #outbox: Outbox;
  #turnDue = false;
  #term = 0;
  #leaderTerm = 0;
  /** At the start, and when the members have changed. */
  #mayBeAlone = true;
  #cancelTicks: Cancel = () => {};
  readonly #ended = new AbortController();
  #endTold = false;

  constructor(options: DriverOptions, modules: DriverModules) {
    this.#options = options;
    this.#modules = modules;
    this.#parts = assembleParts(options, modules, {
      deliver: (messages) => this.#deliver(messages),
      install: (meta) => this.#install(meta),
      applyConfChange: (entry) => this.#applyConfChange(entry),
      step: (message) => this.#guard(() => this.#receive([message])),
      wake: () => this.#wake(),
      fail: (error) => this.#fail(error),
      later: (task) =>
        this.#guard(() => {
          task();
          this.#wake();
        }),
    });
    this.#core = this.#parts.core;
    this.#append = this.#parts.append;
    this.#outbox = new Outbox({
      clock: modules.clock,
      transport: modules.transport,
      sendSnapshot: (message) => this.#parts.snapshotting.send(message),
    });
    this.#host = new HostLink(this.#parts, {
      port: modules.port,
      transport: modules.transport,
      cipher: modules.cipher,
      run: (work) => this.#run(work),
      stop: () => this.#stop(),
      halt: () => this.#halt(),
    });
  }

  /** Starts taking part. Resolves when the host has put the stored snapshot into its state. */
  async start(): Promise<void> {
    const { port, transport, clock } = this.#modules;
    const { group, status, snapshotting, leaderWatch } = this.#parts;
    port.onMessages((messages) =>
      this.#guard(() => {
        this.#parts.leaderWatch.hostSeen();
        for (const message of messages) this.#host.take(message);
        this.#wake();
      }),
    );
    await this.#host.restore();
    transport.start({
      onMessages: (from, messages) =>
        this.#guard(() => {
          group.contacted(from);
          this.#receive(messages);
        }),
      onUnreachable: (id) => this.#guard(() => this.#reachability(id, false)),
      onReachable: (id) => this.#guard(() => this.#reachability(id, true)),
      onHello: (peer) => this.#guard(() => group.heard(peer)),
      onReset: (id) => this.#guard(() => leaderWatch.onReset(id)),
      onRemoved: () => this.#guard(() => status.removed()),
      isRemoved: (id) => group.isRemoved(id),
      nodeIdOf: (id) => group.nodeIdOf(id),
      acknowledgedBy: (id) =>
        this.#core.status().progress.find((peer) => peer.id === id)?.view.match ?? 0,
      onSnapshot: (message, snapshot) => snapshotting.receive(message, snapshot),
    });
    group.updatePeers();
    this.#cancelTicks = every(clock, this.#options.tickMs, () => this.#guard(() => this.#tick()));
    status.publish();
    this.#wake();
  }

  /** Resolves when the member has stopped, by command or by failure. */
  ended(): Promise<void> {
    return new Promise((resolve) => {
      onAbort(this.#ended.signal, resolve);
    });
  }

  #tick(): void {
    const { reads, changes, snapshotting, leaderWatch, space } = this.#parts;
    const now = this.#modules.clock.monotonic();
    this.#core.tick(now);
    reads.tick(this.#core, now);
    const status = this.#core.status();
    changes.tend(status);
    leaderWatch.check(status);
    this.#run(() => snapshotting.release(status));
    this.#run(() => space.look(now));
    this.#wake();
  }

  #receive(messages: readonly Message[]): void {
    for (const message of messages) {
      const result = this.#core.step(message);
      if (result !== "ok")
        this.#modules.log.debug({ from: message.from, type: message.type, result }, "dropped");
    }
    this.#wake();
  }

  #reachability(id: Id, reachable: boolean): void {
    if (!reachable) this.#core.reportUnreachable(id);
    this.#parts.status.publish();
    this.#wake();
  }

  /** Schedules one turn for everything that arrives until then. */
  #wake(): void {
    if (this.#turnDue || this.#ended.signal.aborted) return;
    this.#turnDue = true;
    this.#modules.defer(() => {
      this.#turnDue = false;
      this.#guard(() => this.#turn());
    });
  }

  #turn(): void {
    const { proposals, reads, turns, group } = this.#parts;
    // Alone there is nobody to wait for; but the core campaigns only with every change applied.
    if (this.#mayBeAlone && this.#leaderTerm === 0 && group.isAlone()) this.#core.campaign();
    this.#mayBeAlone = false;
    proposals.flush(this.#core);
    reads.flush(this.#core, this.#modules.clock.monotonic());
    while (this.#core.hasReady()) this.#handle(this.#core.ready());
    turns.pulse();
  }

  #handle(ready: Ready): void {
    const { apply, reads, status } = this.#parts;
    const outgoing = ready.messages.filter(isForPeer);
    const term = ready.hardState?.term ?? this.#term;
    const turned = ready.softState !== null || term !== this.#term;
    this.#term = term;
    if (turned) this.#followLeadership();
    for (const message of ready.messages) {
      if (message.to === APPEND_THREAD) this.#append.push(message, outgoing.length > 0);
      else if (message.to === APPLY_THREAD) apply.push(message);
    }
    // A leader's proposers wait for what was committed; a follower's leader waits for its answer.
    if (this.#leaderTerm !== 0) this.#modules.port.flush();
    this.#outbox.send(outgoing);
    reads.settle(ready.reads, ready.failedReads);
    for (const fetch of ready.fetches)
      this.#run(async () => {
        const entries = await this.#modules.store.read(fetch.lo, fetch.hi, fetch.maxBytes);
        this.#core.entriesFetched(fetch, entries ?? []);
        this.#wake();
      });
    if (turned) status.publish();
  }

  #followLeadership(): void {
    const { role, term } = this.#core;
    const leaderTerm = role === "leader" ? term : 0;
    if (leaderTerm === this.#leaderTerm) return;
    if (this.#leaderTerm !== 0) {
      this.#parts.proposals.abort();
      this.#parts.changes.abort();
      this.#parts.snapshotting.abandonSending();
    }
    this.#leaderTerm = leaderTerm;
  }

  /** Responses of the two workers: to this node's core, or on to the peer they are for. */
  #deliver(messages: readonly Message[]): void {
    if (this.#ended.signal.aborted) return;
    const isOwn = ({ to }: Message): boolean => to === this.#options.self.id;
    for (const message of messages) if (isOwn(message)) this.#core.step(message);
    this.#outbox.send(messages.filter((message) => !isOwn(message)));
    const { status } = this.#parts;
    if (this.#leaderTerm !== status.leading) status.publish();
    this.#wake();
  }

  #applyConfChange(entry: Entry): void {
    const { group, changes, status, leaderWatch } = this.#parts;
    group.apply(entry);
    if (group.isRemoved(this.#core.lead)) leaderWatch.onRemoved(this.#core.lead);
    changes.applied(entry);
    this.#mayBeAlone = true;
    status.publish();
  }

  async #install(meta: SnapshotMeta): Promise<void> {
    const { snapshotting, group, status, apply } = this.#parts;
    const { membership } = snapshotting.installed(meta);
    // What was committed before must reach the host, and the membership, before the snapshot does.
    await apply.handed();
    await this.#host.restore();
    group.replace(membership);
    status.publish();
    await snapshotting.tidy();
  }

  async #stop(): Promise<void> {
    if (this.#leaderTerm !== 0 && !this.#parts.group.isAlone())
      await this.#parts.changes.transfer(0).catch((error: unknown) => {
        this.#modules.log.info({ err: error }, "stopping without handing leadership over");
      });
    this.#end();
    await this.#parts.snapshotting.close();
    await this.#modules.transport.close();
    await this.#append.flush();
    await this.#modules.store.close();
    this.#tellEnd({ kind: "stopped" });
  }

  async #halt(): Promise<void> {
    this.#end();
    await this.#modules.transport.close();
    await this.#modules.store.close();
    this.#tellEnd({ kind: "stopped" });
  }

  /** The last word to the host. */
  #tellEnd(message: FromDriver): void {
    if (this.#endTold) return;
    this.#endTold = true;
    this.#modules.port.post(message);
  }

  #end(): void {
    this.#cancelTicks();
    this.#outbox.close();
    this.#ended.abort();
  }

  /** Runs work that waits; its failure is the member's. */
  #run(work: () => Promise<void>): void {
    work().catch((error: unknown) => this.#fail(error));
  }

  #guard(work: () => void): void {
    if (this.#ended.signal.aborted) return;
    try {
      work();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A failed disk or a broken invariant ends the member: it must not guess. */
  #fail(error: unknown): void {
    if (this.#endTold) return;
    this.#end();
    const { log, transport } = this.#modules;
    log.error({ err: error }, "the Raft member failed");
    this.#tellEnd({ kind: "failed", error: toPortError(error) });
    transport.close().catch((cause: unknown) => {
      log.warn({ err: cause }, "closing the Raft port failed");
    });
  }
}

function isForPeer({ to }: Message): boolean {
  return to !== APPEND_THREAD && to !== APPLY_THREAD;
}
