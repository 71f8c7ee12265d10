import { onAbort } from "../../../lib/abort.ts";
import { Bell } from "../../../lib/bell.ts";
import { isSwarmError, SwarmError } from "../../../lib/errors.ts";
import type { Call } from "../../../proto/call.ts";
import type { RpcService } from "../../../proto/method.ts";
import type { Lane } from "../raft/lane.ts";
import type { Network } from "../raft/network.ts";

/** Pause until a packet that found the way cut is sent again, µs. */
const RETRANSMIT_US = 250_000;
/** A silent peer is given up within this time: HTTP/2 pings, µs. */
const KEEPALIVE = { min: 2_000_000, max: 4_000_000 };
/** Most ends of a process are told by its kernel, this fast; the others by keepalive only. */
const RESET_MAX_US = 5_000;
const RESET_PER_CENT = 70;

/** One end of a connection: a life of a process on a machine. */
export interface Party {
  /** The machine's name on the network. */
  readonly name: string;
  readonly lane: Lane;
}

/** A process that answers calls. */
export interface Server extends Party {
  /**
   * What answers calls of `service`; undefined when nothing does.
   * @throws SwarmError for a caller whose certificate is refused
   */
  api(service: RpcService<unknown>, caller: Call["caller"]): object | undefined;
}

type Handler = (request: unknown, call: Call) => unknown;
type Reply =
  | { readonly kind: "item"; readonly value: unknown }
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly error: SwarmError };

const unavailable = (message: string, sent = ""): SwarmError =>
  new SwarmError("unavailable", message, { details: sent ? { sent } : {} });

/**
 * Calls between simulated processes with what a connection over TCP promises: nothing is lost or
 * overtaken on it, and when it breaks each side learns so by itself, sooner or later.
 */
export class Wire {
  readonly network: Network;
  readonly #fail: (error: unknown) => void;
  readonly #connections = new Set<Connection>();

  /** @param fail told of errors that no server may answer with */
  constructor(network: Network, fail: (error: unknown) => void) {
    this.network = network;
    this.#fail = fail;
  }

  /** A connection from `client` to whoever `find` names; its calls fail when that is nobody. */
  connect(client: Party, find: () => Server | undefined): Connection {
    const server = find();
    const reachable = server?.lane.alive && this.network.connects(client.name, server.name);
    const { network } = this;
    const made = new Connection(client, reachable ? server : undefined, {
      network,
      fail: this.#fail,
      closed: () => this.#connections.delete(made),
    });
    if (reachable) this.#connections.add(made);
    return made;
  }

  /** Ways were cut: those who are cut off notice it, unless the ways are mended before. */
  noticeCuts(): void {
    for (const connection of this.#connections)
      if (!this.network.connects(connection.client.name, connection.server!.name))
        connection.noticeSilence();
  }

  /** The process of `lane` has ended. */
  ended(lane: Lane): void {
    for (const connection of this.#connections) connection.ended(lane);
  }

  /** The process of `lane` does nothing before `until`, µs: its pings go unanswered. */
  paused(lane: Lane, until: number): void {
    for (const connection of this.#connections)
      if (connection.client.lane === lane || connection.server!.lane === lane)
        connection.noticeSilence(until);
  }
}

interface ConnectionModules {
  readonly network: Network;
  readonly fail: (error: unknown) => void;
  readonly closed: () => void;
}

/** One connection; serves as the agent's and as a manager's link to the leader. */
export class Connection {
  readonly client: Party;
  readonly server: Server | undefined;
  readonly #modules: ConnectionModules;
  /** What the client's calls wait for, by call. */
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  readonly #served = new Map<number, AbortController>();
  readonly #up: Way;
  readonly #down: Way;
  #calls = 0;
  #clientBroken = false;
  #serverBroken = false;

  constructor(client: Party, server: Server | undefined, modules: ConnectionModules) {
    this.client = client;
    this.server = server;
    this.#modules = modules;
    this.#up = new Way(modules.network, client, server ?? client);
    this.#down = new Way(modules.network, server ?? client, client);
    this.#clientBroken = this.#serverBroken = server === undefined;
  }

  /** Whether calls can still be made, as far as the client knows. */
  get open(): boolean {
    return !this.#clientBroken;
  }

  /** The API of a service over this connection. */
  api<Api>(service: RpcService<Api>): Api {
    const api: Record<string, Handler> = {};
    for (const [name, { responseStream }] of Object.entries(service.methods)) {
      api[name] = responseStream
        ? (request, call) => this.#stream({ service, name, request }, call)
        : (request, call) => this.#unary({ service, name, request }, call);
    }
    return api as Api;
  }

  /** The client hangs up. */
  close(): void {
    if (this.#clientBroken) return;
    this.#up.send("hang up", () => this.#breakServer());
    this.#breakClient();
  }

  /** Each side gives up when the other is still silent after a while. */
  noticeSilence(pausedUntil = 0): void {
    const { network } = this.#modules;
    for (const [side, broken] of [
      [this.client, () => this.#breakClient()],
      [this.server!, () => this.#breakServer()],
    ] as const) {
      const delay = KEEPALIVE.min + network.random.int(KEEPALIVE.max - KEEPALIVE.min);
      side.lane.after(delay, ["keepalive"], () => {
        const cut = !network.connects(this.client.name, this.server!.name);
        if (cut || side.lane.now < pausedUntil) broken();
      });
    }
  }

  /** The process of one side has ended. */
  ended(lane: Lane): void {
    const { network } = this.#modules;
    const isClient = this.client.lane === lane;
    if (!isClient && this.server?.lane !== lane) return;
    const other = isClient ? this.server! : this.client;
    const told =
      network.random.int(100) < RESET_PER_CENT &&
      network.connects(this.client.name, this.server!.name);
    const slow = KEEPALIVE.min + network.random.int(KEEPALIVE.max - KEEPALIVE.min);
    other.lane.after(told ? network.random.int(RESET_MAX_US) : slow, ["reset"], () => {
      if (isClient) this.#breakServer();
      else this.#breakClient();
    });
    if (isClient) this.#clientBroken = true;
    else this.#serverBroken = true;
  }

  #breakClient(): void {
    if (this.#clientBroken) return;
    this.#clientBroken = true;
    const error = unavailable("the connection broke");
    for (const settle of this.#waiting.values()) settle({ kind: "error", error });
    this.#waiting.clear();
    this.#forget();
  }

  #breakServer(): void {
    if (this.#serverBroken) return;
    this.#serverBroken = true;
    for (const controller of this.#served.values())
      controller.abort(new SwarmError("cancelled", "the client is gone"));
    this.#served.clear();
    this.#forget();
  }

  #forget(): void {
    if (!this.#clientBroken || !this.#serverBroken) return;
    this.#modules.closed();
  }

  #begin(what: Request, call: Call, settle: (reply: Reply) => void): () => void {
    if (this.#clientBroken) {
      settle({ kind: "error", error: unavailable("no connection", "no") });
      return () => {};
    }
    const id = ++this.#calls;
    this.#waiting.set(id, settle);
    const { caller } = call;
    this.#up.send(what.name, () => this.#serve(id, what, caller));
    return () => {
      if (!this.#waiting.delete(id) || this.#clientBroken) return;
      this.#up.send("cancel", () => {
        this.#served.get(id)?.abort(new SwarmError("cancelled", "the call was cancelled"));
      });
    };
  }

  #serve(id: number, { service, name, request }: Request, caller: Call["caller"]): void {
    if (this.#serverBroken) return;
    const controller = new AbortController();
    this.#served.set(id, controller);
    const answered = this.#answer(
      id,
      { service, name, request },
      { caller, signal: controller.signal },
    );
    answered.catch((error: unknown) => this.#modules.fail(error));
  }

  async #answer(id: number, { service, name, request }: Request, call: Call): Promise<void> {
    const reply = (message: Reply): void => {
      if (this.#serverBroken) return;
      this.#down.send(`> ${name}`, () => this.#arrived(id, message));
    };
    try {
      const api = this.server!.api(service, call.caller) as Record<string, Handler> | undefined;
      if (!api) throw new SwarmError("unimplemented", `${name} is not served here`);
      const result = api[name]!(request, call);
      if (service.methods[name]!.responseStream)
        for await (const value of result as AsyncIterable<unknown>) reply({ kind: "item", value });
      else reply({ kind: "item", value: await result });
      reply({ kind: "end" });
    } catch (error) {
      if (isSwarmError(error)) reply({ kind: "error", error });
      else if (!call.signal.aborted) throw error;
    } finally {
      this.#served.delete(id);
    }
  }

  #arrived(id: number, reply: Reply): void {
    if (this.#clientBroken) return;
    const settle = this.#waiting.get(id);
    if (reply.kind !== "item") this.#waiting.delete(id);
    settle?.(reply);
  }

  #unary(what: Request, call: Call): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let release: () => void = () => {};
      const cancel = this.#begin(what, call, (reply) => {
        if (reply.kind === "item") resolve(reply.value);
        else if (reply.kind === "error") reject(reply.error);
        release();
      });
      release = onAbort(call.signal, () => {
        cancel();
        reject(call.signal.reason);
      });
    });
  }

  async *#stream(what: Request, call: Call): AsyncIterable<unknown> {
    const replies: Reply[] = [];
    const bell = new Bell();
    const cancel = this.#begin(what, call, (reply) => {
      replies.push(reply);
      bell.ring();
    });
    const release = onAbort(call.signal, () => bell.ring());
    try {
      for (;;) {
        call.signal.throwIfAborted();
        const reply = replies.shift();
        if (!reply) await bell.wait();
        else if (reply.kind === "item") yield reply.value;
        else if (reply.kind === "error") throw reply.error;
        else return;
      }
    } finally {
      release();
      cancel();
    }
  }
}

interface Request {
  readonly service: RpcService<unknown>;
  readonly name: string;
  readonly request: unknown;
}

/** One direction of a connection: in order, and held up while the way is cut. */
class Way {
  readonly #network: Network;
  readonly #from: Party;
  readonly #to: Party;
  readonly #held: (() => void)[] = [];
  #lastArrival = 0;

  constructor(network: Network, from: Party, to: Party) {
    this.#network = network;
    this.#from = from;
    this.#to = to;
  }

  send(what: string, run: () => void): void {
    const now = this.#to.lane.now;
    const at = Math.max(now + this.#network.latency(), this.#lastArrival + 1);
    this.#lastArrival = at;
    this.#to.lane.after(at - now, [`< ${this.#from.name}`, what], () => {
      this.#held.push(run);
      if (this.#held.length === 1) this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#network.isCut(this.#from.name, this.#to.name)) {
      this.#to.lane.after(RETRANSMIT_US, ["sent again"], () => this.#deliver());
      return;
    }
    for (const run of this.#held.splice(0)) run();
  }
}
