import { ChannelCredentials, Client, Metadata } from "@grpc/grpc-js";
import type { Cancel, Clock } from "../../../lib/clock.ts";
import { assert } from "../../../lib/assert.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log.ts";
import type { Random } from "../../../lib/random.ts";
import {
  RaftTransportService,
  type RaftHello,
  type RaftInstallSnapshotRequest,
  type RaftInstallSnapshotResponse,
} from "../../../proto/generated.ts";
import type { Message } from "../../core/message.ts";
import { NodeTls, type TlsMaterial } from "../../../proto/node-tls.ts";
import type { MemberRecord } from "../membership.ts";
import { encodeHello, helloOf } from "./frames.ts";
import { serverCheck } from "./peer-identity.ts";
import { CHANNEL_OPTIONS, PeerLink } from "./peer-link.ts";
import { Pace, SNAPSHOT_BYTES_PER_SECOND } from "./pace.ts";
import { PeerLinks } from "./peer-links.ts";
import { PeerServer } from "./peer-server.ts";
import { sendSnapshot } from "./snapshot-streams.ts";
import type { SnapshotSource, Transport, TransportEvents } from "./transport.ts";

export interface GrpcTransportOptions {
  readonly clusterId: string;
  /** `host:port` to listen on; port 0 lets the system choose. */
  readonly listenAddr: string;
  /** `host:port` told to peers; port 0 stands for the bound one. */
  readonly advertiseAddr: string;
  readonly tls: TlsMaterial;
}

export interface GrpcTransportModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Who this end is. */
interface Self {
  readonly id: number;
  readonly boot: number;
  readonly controlAddr: string;
  /** The last durable entry. */
  readonly lastIndex: () => number;
}

/**
 * Streams that were accepted before the roots changed are ended after this time. Peers connect anew
 * as soon as they know of the change; whoever does not may have lost the right to.
 */
const OLD_ROOTS_MS = 30_000;

/** gRPC over mutual TLS: one one-way stream per peer, direction and class. */
export class GrpcTransport implements Transport {
  readonly addr: string;
  readonly #options: GrpcTransportOptions;
  readonly #modules: GrpcTransportModules;
  readonly #tls: NodeTls;
  readonly #server: PeerServer;
  readonly #links = new Map<number, PeerLinks>();
  readonly #pace: Pace;
  #cancelRetirement: Cancel = () => {};
  #self: Self | undefined;
  #events: TransportEvents | undefined;

  private constructor(
    options: GrpcTransportOptions,
    modules: GrpcTransportModules,
    listening: { readonly tls: NodeTls; readonly server: PeerServer; readonly port: number },
  ) {
    this.#options = options;
    this.#modules = modules;
    this.#tls = listening.tls;
    this.#server = listening.server;
    this.#pace = new Pace(SNAPSHOT_BYTES_PER_SECOND, modules.clock);
    this.addr = options.advertiseAddr.replace(/:0$/, `:${listening.port}`);
  }

  /** Binds the port; nothing is accepted before {@link start}. */
  static async open(
    options: GrpcTransportOptions,
    modules: GrpcTransportModules,
  ): Promise<GrpcTransport> {
    const tls = new NodeTls(options.tls);
    const server = new PeerServer(options, modules);
    const port = await server.bind(options.listenAddr, tls);
    return new GrpcTransport(options, modules, { tls, server, port });
  }

  /** Says who this is; before {@link start}. */
  identify(self: Self): void {
    this.#self = self;
  }

  start(events: TransportEvents): void {
    assert(this.#self, "a transport is identified before it starts");
    this.#events = events;
    this.#server.start(this.#self.id, {
      ...events,
      onHello: (peer) => {
        events.onHello(peer);
        // A peer that has just come up is there to be reached.
        this.#links.get(peer.id)?.hurry();
      },
    });
  }

  setPeers(peers: readonly MemberRecord[]): void {
    const wanted = new Map(peers.map((peer) => [peer.id, peer]));
    for (const [id, links] of this.#links) {
      const peer = wanted.get(id);
      if (peer && peer.addr === links.peer.addr && peer.nodeId === links.peer.nodeId) continue;
      this.#links.delete(id);
      links.close();
      this.#events?.onUnreachable(id);
    }
    for (const peer of peers)
      if (!this.#links.has(peer.id)) this.#links.set(peer.id, this.#connect(peer));
  }

  send(to: number, messages: readonly Message[]): void {
    this.#links.get(to)?.send(messages);
  }

  async sendSnapshot(to: number, source: SnapshotSource, signal: AbortSignal): Promise<void> {
    const peer = this.#links.get(to)?.peer;
    if (!peer) throw new SwarmError("unavailable", `there is no way to member ${to}`);
    const { path, requestSerialize, responseDeserialize } =
      RaftTransportService.methods.installSnapshot!;
    const client = new Client(peer.addr, this.#credentials(peer), CHANNEL_OPTIONS);
    try {
      const call = client.makeBidiStreamRequest<
        RaftInstallSnapshotRequest,
        RaftInstallSnapshotResponse
      >(
        path,
        requestSerialize,
        responseDeserialize as (bytes: Buffer) => RaftInstallSnapshotResponse,
        new Metadata(),
      );
      await sendSnapshot(call, this.#hello(to), { ...source, pace: this.#pace }, signal);
    } finally {
      client.close();
    }
  }

  tellRemoved(peer: MemberRecord): void {
    this.#server.tellRemoved(peer.id);
  }

  isReachable(id: number): boolean {
    return this.#links.get(id)?.isOpen ?? false;
  }

  updateTls(tls: TlsMaterial): void {
    const { roots } = this.#tls.material;
    this.#tls.update(tls);
    if (tls.roots === roots) return;
    for (const links of this.#links.values()) links.renew();
    const old = this.#server.streams;
    this.#cancelRetirement();
    this.#cancelRetirement = this.#modules.clock.after(OLD_ROOTS_MS, () => this.#server.end(old));
  }

  close(): Promise<void> {
    this.#cancelRetirement();
    for (const links of this.#links.values()) links.close();
    this.#links.clear();
    this.#server.close();
    return Promise.resolve();
  }

  #connect(peer: MemberRecord): PeerLinks {
    const { clock, random } = this.#modules;
    const { id, addr } = peer;
    const options = {
      addr,
      credentials: () => this.#credentials(peer),
      hello: () => encodeHello(this.#hello(id)),
    };
    const onRefused = (error: SwarmError): void => this.#refused(peer, error);
    return new PeerLinks(
      peer,
      ({ worthTrying, ...events }) =>
        new PeerLink({ ...options, worthTrying }, { clock, random, onRefused, ...events }),
      {
        onOpen: () => this.#events?.onReachable(id),
        onBreak: (kind) => {
          this.#events?.onUnreachable(id);
          if (kind === "control") this.#events?.onReset(id);
        },
      },
    );
  }

  #refused(peer: MemberRecord, error: SwarmError): void {
    const { nodeId, addr } = peer;
    this.#modules.log.debug(
      { nodeId, addr, reason: error.message },
      "the way to a manager is closed",
    );
    if (error.details["removed"] === String(this.#self?.id)) this.#events?.onRemoved();
  }

  /** For one connection: proves the newest certificate, and that the peer is who it should be. */
  #credentials({ nodeId }: MemberRecord): ChannelCredentials {
    const { roots, certificate, key } = this.#tls.material;
    const [ca, chain, secret] = [roots, certificate, key].map((pem) => Buffer.from(pem));
    return ChannelCredentials.createSsl(ca, secret, chain, {
      checkServerIdentity: serverCheck(this.#options.clusterId, nodeId),
    });
  }

  #hello(to: number): RaftHello {
    assert(this.#self, "a transport is identified before it says hello");
    const { id: from, boot, controlAddr } = this.#self;
    const { clusterId } = this.#options;
    const lastIndex = this.#self.lastIndex();
    return helloOf({ clusterId, from, to, boot, addr: this.addr, controlAddr, lastIndex });
  }
}
