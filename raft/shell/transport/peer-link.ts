import {
  Client,
  Metadata,
  type ChannelCredentials,
  type ClientWritableStream,
} from "@grpc/grpc-js";
import type { Cancel, Clock } from "../../../lib/clock.ts";
import type { SwarmError } from "../../../lib/errors.ts";
import type { Random } from "../../../lib/random.ts";
import { backoffMs, type Backoff } from "../../../lib/retry.ts";
import { RaftTransportService } from "../../../proto/generated.ts";
import { fromStatus } from "../../../proto/rpc-error.ts";
import { RECEIVE_BYTES_MAX } from "./frames.ts";
import { MANAGER_SERVER_NAME } from "./peer-identity.ts";

/**
 * An attempt costs some milliseconds of work, which a group that has just lost a member needs for
 * its election. A peer that comes back says hello, and is then connected to at once.
 */
const RECONNECT: Backoff = { firstMs: 250, maxMs: 2000, factor: 2 };

/** A peer that does not take the hello within this time is tried again. */
const CONNECT_MS = 3000;

/** A stream that was replaced is cut off if its peer does not end it within this time. */
const FINISH_MS = 3000;

/** Frames that wait for a slow peer; beyond it the stream is given up, and with it what waits. */
const QUEUE_BYTES_MAX = 16 * 1024 * 1024;

/** Channel settings of every connection between Raft ports. */
export const CHANNEL_OPTIONS = {
  "grpc.ssl_target_name_override": MANAGER_SERVER_NAME,
  "grpc.default_authority": MANAGER_SERVER_NAME,
  "grpc.keepalive_time_ms": 5000,
  "grpc.keepalive_timeout_ms": 3000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.max_receive_message_length": RECEIVE_BYTES_MAX,
  "grpc.max_send_message_length": RECEIVE_BYTES_MAX,
  // Each stream has its own connection: streams of one connection share its flow control.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_retries": 0,
  // Its counters cost each frame a date and are read by nobody.
  "grpc.enable_channelz": 0,
} as const;

export interface PeerLinkOptions {
  readonly addr: string;
  /** Called for each attempt, so that it uses the newest certificates. */
  readonly credentials: () => ChannelCredentials;
  /** The encoded hello. */
  readonly hello: () => Buffer;
  /** Whether another attempt is worth its while; if not, {@link PeerLink.hurry} makes it. */
  readonly worthTrying: () => boolean;
}

export interface PeerLinkModules {
  readonly clock: Clock;
  readonly random: Random;
  /** The peer has accepted the stream. */
  readonly onOpen: () => void;
  /** An open stream ended, for whatever reason but {@link PeerLink.close}. */
  readonly onBreak: () => void;
  /** An attempt failed or a stream was ended by the peer. */
  readonly onRefused: (error: SwarmError) => void;
}

/** One outgoing stream of frames to a peer, opened again whenever it breaks. */
export class PeerLink {
  readonly #options: PeerLinkOptions;
  readonly #modules: PeerLinkModules;
  #state: "connecting" | "open" | "waiting" | "closed" = "waiting";
  #client: Client | undefined;
  #stream: ClientWritableStream<Buffer> | undefined;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #blocked = false;
  #attempt = 0;
  #cancelTimer: Cancel = () => {};

  constructor(options: PeerLinkOptions, modules: PeerLinkModules) {
    this.#options = options;
    this.#modules = modules;
    this.#connect();
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Queues a frame; lost unless the stream is open. */
  send(frame: Buffer): void {
    if (this.#state !== "open") return;
    if (!this.#blocked) {
      this.#write(frame);
      return;
    }
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    if (this.#queuedBytes > QUEUE_BYTES_MAX) this.#stream?.cancel();
  }

  /** Tries now instead of waiting for the next attempt. */
  hurry(): void {
    if (this.#state !== "waiting") return;
    this.#cancelTimer();
    this.#connect();
  }

  /** Ends the stream for good, quietly. */
  close(): void {
    this.#state = "closed";
    this.#cancelTimer();
    this.#stream?.end();
    this.#client?.close();
    this.#dropQueue();
  }

  /** Like {@link close}, but once the peer has taken what was given to the stream. */
  finish(): void {
    if (this.#state !== "open") return this.close();
    this.#state = "closed";
    for (const frame of this.#queue) this.#stream?.write(frame);
    this.#dropQueue();
    this.#stream?.end();
    this.#cancelTimer = this.#modules.clock.after(FINISH_MS, () => this.#client?.close());
  }

  #connect(): void {
    const { addr, credentials, hello } = this.#options;
    const { path, responseDeserialize } = RaftTransportService.methods.exchange!;
    this.#state = "connecting";
    const client = new Client(addr, credentials(), CHANNEL_OPTIONS);
    const stream = client.makeClientStreamRequest(
      path,
      (frame: Buffer) => frame,
      responseDeserialize,
      new Metadata(),
      {},
      (error) => this.#ended(client, error ? fromStatus(error) : undefined),
    );
    this.#client = client;
    this.#stream = stream;
    this.#blocked = false;
    stream.on("metadata", () => this.#opened(stream));
    stream.on("drain", () => this.#drain(stream));
    stream.on("error", () => stream.cancel());
    stream.write(hello());
    this.#cancelTimer = this.#modules.clock.after(CONNECT_MS, () => stream.cancel());
  }

  #opened(stream: ClientWritableStream<Buffer>): void {
    if (this.#stream !== stream || this.#state !== "connecting") return;
    this.#cancelTimer();
    this.#state = "open";
    this.#attempt = 0;
    this.#modules.onOpen();
  }

  #ended(client: Client, error: SwarmError | undefined): void {
    client.close();
    if (this.#client !== client) return;
    this.#cancelTimer();
    if (this.#state === "closed") return;
    const wasOpen = this.#state === "open";
    this.#dropQueue();
    this.#state = "waiting";
    this.#retryLater();
    if (error) this.#modules.onRefused(error);
    if (wasOpen) this.#modules.onBreak();
  }

  #retryLater(): void {
    const wait = backoffMs(RECONNECT, this.#attempt++, this.#modules.random);
    this.#cancelTimer = this.#modules.clock.after(wait, () => {
      if (this.#options.worthTrying()) this.#connect();
      else this.#retryLater();
    });
  }

  #write(frame: Buffer): void {
    if (this.#stream?.write(frame) === false) this.#blocked = true;
  }

  #drain(stream: ClientWritableStream<Buffer>): void {
    if (this.#stream !== stream) return;
    this.#blocked = false;
    const queue = this.#queue;
    this.#dropQueue();
    for (const [i, frame] of queue.entries()) {
      if (this.#blocked) {
        this.#queue = queue.slice(i);
        for (const waiting of this.#queue) this.#queuedBytes += waiting.length;
        return;
      }
      this.#write(frame);
    }
  }

  #dropQueue(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
  }
}
