import type { Duplex } from "node:stream";
import { finished } from "node:stream/promises";
import { SwarmError } from "../../lib/errors.ts";
import { write } from "../../lib/write.ts";
import type { ReachInput, ReachOutput } from "../../proto/generated.ts";
import type { TaskReach } from "../runtime/reach.ts";
import type { Answer } from "./answer.ts";

/** One TCP connection to a port of a task; each direction ends by itself. */
export class DialAnswer implements Answer {
  readonly #port: number;
  readonly #reach: () => TaskReach;
  readonly #signal: AbortSignal;
  readonly #socket: Promise<Duplex | null>;
  #settle: (socket: Duplex | null) => void = () => {};
  #begun = false;

  /** @param reach finds the task; throws when it is not here */
  constructor(port: number, reach: () => TaskReach, signal: AbortSignal) {
    this.#port = port;
    this.#reach = reach;
    this.#signal = signal;
    this.#socket = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async *outputs(): AsyncIterable<ReachOutput> {
    const socket = await this.#connect();
    yield { kind: "started", started: true };
    try {
      // By hand: leaving a loop over a duplex would end its other direction too.
      const chunks = socket.iterator({ destroyOnReturn: false });
      for await (const data of chunks) yield { kind: "stdout", stdout: data as Uint8Array };
      yield { kind: "end", end: true };
      await finished(socket, { signal: this.#signal });
    } catch (cause) {
      this.#signal.throwIfAborted();
      throw new SwarmError("aborted", "the connection to the task broke", { cause });
    }
  }

  async take(input: ReachInput): Promise<void> {
    const socket = await this.#socket;
    if (!socket) return;
    if (input.kind === "data") await write(socket, input.data, this.#signal);
    else if (input.kind === "end") socket.end();
    else throw new SwarmError("invalid", "a connection takes data only");
  }

  async close(): Promise<void> {
    if (!this.#begun) this.#settle(null);
    (await this.#socket)?.destroy();
  }

  async #connect(): Promise<Duplex> {
    this.#begun = true;
    try {
      const socket = await this.#reach().dial(this.#port, this.#signal);
      // What breaks it is told by whoever reads or writes.
      socket.on("error", () => {});
      this.#settle(socket);
      return socket;
    } catch (error) {
      this.#settle(null);
      throw error;
    }
  }
}
