import { Server } from "@grpc/grpc-js";
import type { Caller } from "../proto/call.ts";
import {
  ControlService,
  DispatcherService,
  LogBrokerService,
  LogsService,
  MembershipService,
  NodeCaService,
  ReachBrokerService,
  ReachService,
  SchedulingService,
  type ControlApi,
  type DispatcherApi,
  type LogBrokerApi,
  type LogsApi,
  type MembershipApi,
  type NodeCaApi,
  type ReachApi,
  type ReachBrokerApi,
  type SchedulingApi,
} from "../proto/generated.ts";
import { LocalConnection, type LocalPeer } from "../proto/local-connection.ts";
import type { NodeTls } from "../proto/node-tls.ts";
import type { RpcService } from "../proto/method.ts";
import { serve, type Incoming, type ServeHooks } from "../proto/rpc-server.ts";
import { SwarmError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";

/** Everything a manager answers on its control port. */
export interface ManagerApis {
  readonly control: ControlApi;
  readonly dispatcher: DispatcherApi;
  readonly nodeCa: NodeCaApi;
  readonly membership: MembershipApi;
  readonly logs: LogsApi;
  readonly logBroker: LogBrokerApi;
  readonly reach: ReachApi;
  readonly reachBroker: ReachBrokerApi;
  readonly scheduling: SchedulingApi;
}

/** How long calls in progress may go on when the server stops, milliseconds. */
const STOP_GRACE_MS = 2_000;

/** Pings find a peer that vanished without a word within four seconds. */
const CHANNEL_OPTIONS = {
  "grpc.keepalive_time_ms": 2_000,
  "grpc.keepalive_timeout_ms": 2_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.http2.min_ping_interval_without_data_ms": 1_000,
  "grpc.max_receive_message_length": 16 << 20,
  "grpc.max_send_message_length": 16 << 20,
} as const;

export interface ControlServerModules {
  readonly tls: NodeTls;
  readonly log: Logger;
  readonly authorize: (incoming: Incoming) => Caller;
}

/**
 * The manager's gRPC server. It listens before the manager takes part in Raft, because its address
 * is part of the membership; until then calls are answered `unavailable`.
 */
export class ControlServer {
  readonly #server = new Server(CHANNEL_OPTIONS);
  readonly #modules: ControlServerModules;
  /** What is served, by its service. */
  readonly #services = new Map<object, object>();
  /** Aborts when the server closes. */
  readonly #life = new AbortController();
  #apis: ManagerApis | undefined;

  constructor(modules: ControlServerModules) {
    this.#modules = modules;
    this.#add(ControlService, "control");
    this.#add(DispatcherService, "dispatcher");
    this.#add(NodeCaService, "nodeCa");
    this.#add(MembershipService, "membership");
    this.#add(LogsService, "logs");
    this.#add(LogBrokerService, "logBroker");
    this.#add(ReachService, "reach");
    this.#add(ReachBrokerService, "reachBroker");
    this.#add(SchedulingService, "scheduling");
  }

  /**
   * Starts to listen. Returns the port, which the system chose when `port` is 0.
   * @throws SwarmError `unavailable` when the port is taken
   */
  listen(host: string, port: number): Promise<number> {
    const address = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const credentials = this.#modules.tls.server("optional");
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, credentials, (error, bound) => {
        if (!error) {
          resolve(bound);
          return;
        }
        const why = /EADDRINUSE/.test(error.message) ? "the port is taken" : error.message;
        const text =
          `cannot listen on ${address}: ${why}. ` +
          "Stop what uses the port, or choose another with --listen-addr";
        reject(new SwarmError("unavailable", text, { cause: error }));
      });
    });
  }

  /** From now on calls are answered. */
  attach(apis: ManagerApis): void {
    this.#apis = apis;
  }

  /** A connection of this very process, whose calls pass the same checks as those that come in. */
  connect(peer: LocalPeer): LocalConnection {
    const find = <Api>(service: RpcService<Api>): Api => this.#services.get(service) as Api;
    return new LocalConnection(peer, { hooks: this.#hooks(), find }, this.#life.signal);
  }

  /** Stops listening; calls in progress may end within a moment, then they are cut. */
  async close(after: (ms: number, fire: () => void) => () => void): Promise<void> {
    const stopping = new SwarmError("unavailable", "this manager is stopping");
    this.#life.abort(stopping);
    const cancel = after(STOP_GRACE_MS, () => this.#server.forceShutdown());
    await new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    cancel();
    this.#server.forceShutdown();
  }

  #add<Api extends object>(service: RpcService<Api>, name: keyof ManagerApis): void {
    const lazy: Record<string, unknown> = {};
    for (const method of Object.keys(service.methods)) {
      lazy[method] = (request: unknown, call: unknown): unknown => {
        const api = this.#apis?.[name] as unknown as Record<
          string,
          (...args: unknown[]) => unknown
        >;
        if (!api) throw new SwarmError("unavailable", "this manager is still starting");
        return api[method]?.(request, call);
      };
    }
    serve(this.#server, service, lazy as Api, this.#hooks());
    this.#services.set(service, lazy);
  }

  #hooks(): ServeHooks {
    const { authorize, log } = this.#modules;
    return {
      authorize,
      onError: (error, path) => log.error({ err: error, path }, "a call failed"),
    };
  }
}
