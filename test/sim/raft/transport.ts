import { SwarmError } from "../../../lib/errors.ts";
import type { Message } from "../../../raft/core/message.ts";
import type { MemberRecord } from "../../../raft/shell/membership.ts";
import type {
  SnapshotSource,
  Transport,
  TransportEvents,
} from "../../../raft/shell/transport/transport.ts";
import type { Lane } from "./lane.ts";
import type { Network } from "./network.ts";
import { transferSnapshot } from "./snapshot-transfer.ts";

/** Pause between two attempts to connect, µs. */
const RECONNECT = { min: 50_000, max: 2_000_000 };

/** A reset connection is noticed this fast, µs; some are noticed only by keepalive. */
const RESET_MAX_US = 5_000;
const RESET_PER_CENT = 70;

/** One outgoing connection. */
interface Link {
  readonly peer: MemberRecord;
  /** The life of the peer that it leads to; undefined while it is down. */
  to: SimTransport | undefined;
}

/** Raft's transport over the simulated network: one per life of a member. */
export class SimTransport implements Transport {
  readonly id: number;
  readonly name: string;
  readonly addr: string;
  readonly lane: Lane;
  readonly #self: MemberRecord;
  readonly #network: Network;
  readonly #leaving: (message: Message) => void;
  readonly #links = new Map<number, Link>();
  events: TransportEvents | undefined;

  constructor(
    self: MemberRecord,
    modules: {
      readonly network: Network;
      readonly lane: Lane;
      /** Sees every message before it leaves. */
      readonly leaving: (message: Message) => void;
    },
  ) {
    this.id = self.id;
    this.name = self.nodeId;
    this.addr = self.addr;
    this.#self = self;
    this.lane = modules.lane;
    this.#network = modules.network;
    this.#leaving = modules.leaving;
  }

  get alive(): boolean {
    return this.lane.alive;
  }

  start(events: TransportEvents): void {
    this.events = events;
    this.#network.attach(this.id, this);
  }

  setPeers(peers: readonly MemberRecord[]): void {
    const wanted = new Set(peers.map(({ id }) => id));
    for (const id of this.#links.keys()) {
      if (wanted.has(id)) continue;
      this.#links.delete(id);
      this.events?.onUnreachable(id);
    }
    for (const peer of peers) {
      if (this.#links.has(peer.id)) continue;
      const link: Link = { peer, to: undefined };
      this.#links.set(peer.id, link);
      this.#retry(link, this.#network.latency());
    }
  }

  send(to: number, messages: readonly Message[]): void {
    for (const message of messages) this.#leaving(message);
    const link = this.#links.get(to);
    if (!link?.to) return;
    const appends = messages.filter(({ type }) => type === "MsgApp");
    const others = messages.filter(({ type }) => type !== "MsgApp");
    for (const frame of [appends, others])
      if (frame.length > 0) this.#network.carry(this, link.to, frame);
  }

  sendSnapshot(to: number, source: SnapshotSource, signal: AbortSignal): Promise<void> {
    this.#leaving(source.message);
    const target = this.#links.get(to)?.to;
    if (!target?.alive)
      return Promise.reject(new SwarmError("unavailable", `there is no way to member ${to}`));
    return transferSnapshot(this.#network, { from: this, to: target, source }, signal);
  }

  tellRemoved({ id, nodeId }: MemberRecord): void {
    const peer = this.#network.peer(id);
    if (!peer || !this.#network.connects(this.name, nodeId)) return;
    peer.lane.after(this.#network.latency(), ["told: removed"], () => peer.events?.onRemoved());
  }

  isReachable(id: number): boolean {
    return this.#links.get(id)?.to !== undefined;
  }

  updateTls(): void {}

  close(): Promise<void> {
    this.#links.clear();
    return Promise.resolve();
  }

  /** A frame has come in. */
  arrive(from: SimTransport, messages: readonly Message[]): void {
    if (!this.alive) return;
    this.lane.after(0, ["take", messages], () => {
      if (!this.events?.isRemoved(from.id)) this.events?.onMessages(from.id, messages);
    });
  }

  /** The process of `id` has ended, or the way to it is cut: sooner or later it is noticed. */
  lost(id: number, ended: boolean): void {
    const link = this.#links.get(id);
    const old = link?.to;
    if (!link || !old) return;
    const reset = ended && this.#network.random.int(100) < RESET_PER_CENT;
    const delay = reset ? this.#network.random.int(RESET_MAX_US) : this.#network.breakDelay();
    this.lane.after(delay, ["way broken", link.peer.nodeId], () => {
      if (link.to !== old || this.#links.get(id) !== link) return;
      if (old.alive && this.#network.connects(this.name, old.name)) return;
      link.to = undefined;
      this.events?.onUnreachable(id);
      this.events?.onReset(id);
      this.#retry(link, RECONNECT.min);
    });
  }

  #retry(link: Link, delay: number): void {
    this.lane.after(delay, ["connect", link.peer.nodeId], () => this.#connect(link));
  }

  #connect(link: Link): void {
    const { id, nodeId } = link.peer;
    if (this.#links.get(id) !== link || link.to) return;
    const peer = this.#network.peer(id);
    if (!peer?.events || !this.#network.connects(this.name, nodeId)) {
      const { min, max } = RECONNECT;
      this.#retry(link, min + this.#network.random.int(max - min));
      return;
    }
    if (peer.events.isRemoved(this.id)) {
      this.events?.onRemoved();
      return;
    }
    link.to = peer;
    this.events?.onReachable(id);
    peer.lane.after(this.#network.latency(), ["hello", this.name], () =>
      peer.events?.onHello(this.#self),
    );
  }
}
