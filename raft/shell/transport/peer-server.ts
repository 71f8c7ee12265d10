import {
  Metadata,
  Server,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { SwarmError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log.ts";
import {
  RaftTransportService,
  type RaftExchangeResponse,
  type RaftHello,
  type RaftInstallSnapshotRequest,
  type RaftInstallSnapshotResponse,
} from "../../../proto/generated.ts";
import type { NodeTls } from "../../../proto/node-tls.ts";
import { toStatus } from "../../../proto/rpc-error.ts";
import {
  decodeRequest,
  messagesOf,
  PROTOCOL_VERSION,
  RECEIVE_BYTES_MAX,
  type PeerRequest,
} from "./frames.ts";
import { callerNodeId } from "./peer-identity.ts";
import { receiveSnapshot } from "./snapshot-streams.ts";
import type { TransportEvents } from "./transport.ts";

type ExchangeCall = ServerReadableStream<PeerRequest, RaftExchangeResponse>;
type SnapshotCall = ServerDuplexStream<RaftInstallSnapshotRequest, RaftInstallSnapshotResponse>;

/** One accepted stream. */
export interface Accepted {
  readonly from: number;
  readonly boot: number;
  /** Rises from one accepted stream to the next. */
  readonly order: number;
  readonly refuse: (error: SwarmError) => void;
}

/** The receiving side of the peer port. */
export class PeerServer {
  readonly #clusterId: string;
  readonly #log: Logger;
  readonly #server = new Server({
    "grpc.max_receive_message_length": RECEIVE_BYTES_MAX,
    "grpc.max_send_message_length": RECEIVE_BYTES_MAX,
    "grpc.keepalive_time_ms": 5000,
    "grpc.keepalive_timeout_ms": 3000,
  });
  readonly #accepted = new Set<Accepted>();
  #order = 0;
  /** The newest life seen of each member. */
  readonly #boots = new Map<number, number>();
  #self: { readonly id: number; readonly events: TransportEvents } | undefined;

  constructor(options: { readonly clusterId: string }, modules: { readonly log: Logger }) {
    this.#clusterId = options.clusterId;
    this.#log = modules.log;
    const { methods } = RaftTransportService;
    const exchange = { ...methods["exchange"], requestDeserialize: decodeRequest };
    this.#server.addService({ ...methods, exchange } as unknown as ServiceDefinition, {
      exchange: (call: ExchangeCall, done: ExchangeDone) => this.#exchange(call, done),
      installSnapshot: (call: SnapshotCall) => void this.#installSnapshot(call),
    });
  }

  /** Binds `addr`; resolves with the port. */
  bind(addr: string, tls: NodeTls): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(addr, tls.server("required"), (error, port) => {
        if (!error) resolve(port);
        else
          reject(
            new SwarmError(
              "unavailable",
              `the Raft port ${addr} cannot be opened (${error.message}): is another process ` +
                `using it?`,
              { cause: error },
            ),
          );
      });
    });
  }

  /** Begins to accept streams for member `id`; earlier ones are told to come back. */
  start(id: number, events: TransportEvents): void {
    this.#self = { id, events };
  }

  /** Ends every stream of a member that was taken out, and says why. */
  tellRemoved(id: number): void {
    for (const stream of this.#accepted) if (stream.from === id) stream.refuse(removedError(id));
  }

  /** What is accepted at present. */
  get streams(): readonly Accepted[] {
    return [...this.#accepted];
  }

  /** Ends those of `streams` that still go on; their peers may connect again. */
  end(streams: readonly Accepted[]): void {
    for (const stream of streams) if (this.#accepted.has(stream)) stream.refuse(outdatedError());
  }

  close(): void {
    this.#server.forceShutdown();
  }

  #exchange(call: ExchangeCall, done: ExchangeDone): void {
    let stream: Accepted | undefined;
    const finish = (error: SwarmError | undefined): void => {
      if (stream) this.#accepted.delete(stream);
      call.removeAllListeners("data");
      if (error) done(toStatus(error));
      else done(null, {});
    };
    call.on("data", (request: PeerRequest) => {
      try {
        if (stream) this.#frame(stream, request);
        else {
          const order = this.#order++;
          stream = { ...this.#accept(call, request), order, refuse: finish };
          this.#accepted.add(stream);
          call.sendMetadata(new Metadata());
        }
      } catch (error) {
        finish(asSwarmError(error));
      }
    });
    call.on("end", () => {
      if (stream) this.#gone(stream);
      finish(undefined);
    });
    call.on("cancelled", () => {
      if (stream) this.#gone(stream);
    });
  }

  /** The peer ended a stream. That is news unless it has opened another since. */
  #gone(stream: Accepted): void {
    if (!this.#accepted.delete(stream)) return;
    const { from } = stream;
    const later = [...this.#accepted].some(
      (other) => other.from === from && other.order > stream.order,
    );
    if (!later) this.#self?.events.onReset(from);
  }

  #frame({ from, boot }: Accepted, request: PeerRequest): void {
    const self = this.#self;
    // Frames of an earlier life may still be in flight when the next one has said hello.
    if (!self || request.kind !== "frame" || this.#boots.get(from) !== boot) return;
    self.events.onMessages(from, messagesOf(request.messages, from, self.id));
  }

  /** Believes a hello that the certificate bears out. */
  #accept(
    call: ExchangeCall | SnapshotCall,
    request: { readonly kind?: string; readonly hello?: RaftHello | null },
  ): Pick<Accepted, "from" | "boot"> {
    const subject = call.getAuthContext()?.sslPeerCertificate?.subject;
    const nodeId = callerNodeId(subject, this.#clusterId);
    const self = this.#self;
    if (!self) throw new SwarmError("unavailable", "this manager is still starting");
    const { hello } = request;
    if (!hello) throw new SwarmError("invalid", "a stream begins with a hello");
    this.#checkHello(hello, self.id);
    const { from, boot, addr, controlAddr, lastIndex } = hello;
    if (self.events.isRemoved(from)) throw removedError(from);
    if ((self.events.nodeIdOf(from) ?? nodeId) !== nodeId)
      throw new SwarmError("denied", `node ${nodeId} is not member ${from}`);
    const newest = this.#boots.get(from) ?? 0;
    if (boot < newest)
      throw new SwarmError(
        "failed-precondition",
        `member ${from} was started from an old copy of its state directory (start ${boot}, ` +
          `seen ${newest}): remove it from the swarm and join it again`,
      );
    const acknowledged = self.events.acknowledgedBy(from);
    if (lastIndex < acknowledged)
      throw new SwarmError(
        "failed-precondition",
        `member ${from} has lost entries that it had acknowledged (it has ${lastIndex}, it had ` +
          `${acknowledged}): an old copy of its state directory was put in place, or its disk ` +
          `lost writes; remove it from the swarm and join it again`,
      );
    this.#boots.set(from, boot);
    self.events.onHello({ id: from, nodeId, addr, controlAddr });
    return { from, boot };
  }

  #checkHello(hello: RaftHello, selfId: number): void {
    if (hello.version !== PROTOCOL_VERSION)
      throw new SwarmError(
        "failed-precondition",
        `Raft protocol ${hello.version} is not spoken here, only ${PROTOCOL_VERSION}`,
      );
    if (hello.clusterId !== this.#clusterId || hello.to !== selfId)
      throw new SwarmError(
        "failed-precondition",
        `this is member ${selfId} of cluster ${this.#clusterId}, not ${hello.to} of ` +
          `${hello.clusterId}`,
      );
  }

  async #installSnapshot(call: SnapshotCall): Promise<void> {
    try {
      await receiveSnapshot(call, (offer) => {
        this.#accept(call, offer);
        return this.#self?.events;
      });
    } catch (error) {
      this.#log.warn({ err: error }, "receiving a snapshot failed");
      call.emit("error", toStatus(asSwarmError(error)));
    }
  }
}

type ExchangeDone = (
  error: ReturnType<typeof toStatus> | null,
  response?: RaftExchangeResponse,
) => void;

function removedError(id: number): SwarmError {
  return new SwarmError(
    "failed-precondition",
    `member ${id} was removed from the swarm: it must not take part any more`,
    { details: { removed: String(id) } },
  );
}

function outdatedError(): SwarmError {
  return new SwarmError("unavailable", "the cluster's roots have changed: connect again");
}

function asSwarmError(error: unknown): SwarmError {
  return error instanceof SwarmError
    ? error
    : new SwarmError("internal", "the peer port failed", { cause: error });
}
