import { spawn, type ChildProcess } from "node:child_process";
import { readlinkSync } from "node:fs";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { abortable } from "../../lib/abort.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import { isErrnoException } from "../../lib/errno.ts";
import { SwarmError } from "../../lib/errors.ts";
import { connectHere } from "./connect-here.ts";

const NSENTER = "/usr/bin/nsenter";
/** How long a helper that nobody needs stays, milliseconds. */
const HELPER_IDLE_MS = 30_000;

/**
 * Runs inside a task's network: connects where it is told and hands the connected socket over, which
 * stays in that network whoever holds it. So data never passes through the helper.
 */
const HELPER = `
  const net = require("node:net");
  const open = (hosts, id, port) => {
    const socket = net.connect({ host: hosts[0], port, allowHalfOpen: true, noDelay: true });
    socket.pause();
    socket.once("error", (error) => {
      if (hosts.length > 1) open(hosts.slice(1), id, port);
      else process.send({ id, error: error.message });
    });
    socket.once("connect", () => process.send({ id }, socket));
  };
  process.on("message", ({ id, port }) => open(["127.0.0.1", "::1"], id, port));
  process.on("disconnect", () => process.exit(0));
`;

interface Reply {
  readonly id: number;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (socket: Duplex) => void;
  readonly reject: (error: Error) => void;
  readonly port: number;
}

/** A process in one network namespace that opens connections there. */
class Helper {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #clock: Clock;
  #next = 0;
  #cancelIdle: Cancel = () => {};

  constructor(pid: number, clock: Clock, onGone: () => void) {
    this.#clock = clock;
    const args = [`--target=${pid}`, "--net", "--", process.execPath, "-e", HELPER];
    this.#child = spawn(NSENTER, args, {
      env: {},
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    this.#child.unref();
    this.#child.channel?.unref();
    this.#child.on("message", (reply: Reply, socket) => this.#settle(reply, socket as Socket));
    const gone = (): void => {
      onGone();
      this.#cancelIdle();
      const error = new SwarmError("unavailable", "the task's network cannot be entered");
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    this.#child.once("error", gone);
    this.#child.once("exit", gone);
  }

  dial(port: number, signal: AbortSignal): Promise<Duplex> {
    const id = this.#next++;
    this.#cancelIdle();
    const socket = new Promise<Duplex>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, port });
      this.#child.send({ id, port }, (error) => {
        if (error) reject(new SwarmError("unavailable", error.message));
      });
    });
    return abortable(socket, signal).catch((error: unknown) => {
      // Nobody wants it any more, should it still come.
      socket.then(
        (late) => late.destroy(),
        () => {},
      );
      throw error;
    });
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #settle({ id, error }: Reply, socket: Socket | undefined): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (this.#waiting.size === 0)
      this.#cancelIdle = this.#clock.after(HELPER_IDLE_MS, () => this.close());
    if (!waiting) {
      socket?.destroy();
      return;
    }
    if (!socket || error !== undefined) {
      const text = `nothing listens on port ${waiting.port} of the task`;
      return waiting.reject(new SwarmError("unavailable", text));
    }
    socket.allowHalfOpen = true;
    waiting.resolve(socket);
  }
}

function networkOf(pid: number | "self"): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch (error) {
    if (isErrnoException(error)) return "";
    throw error;
  }
}

/** Connects to ports as the tasks themselves see them, each in its own network. */
export class NetworkDialer {
  readonly #clock: Clock;
  readonly #helpers = new Map<string, Helper>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Connects to `port` on the loopback interface of the process's network.
   * @throws SwarmError `unavailable` when nothing listens there or the network cannot be entered
   */
  dial(pid: number, port: number, signal: AbortSignal): Promise<Duplex> {
    signal.throwIfAborted();
    const network = networkOf(pid);
    if (network === "" || network === networkOf("self")) return connectHere(port, signal);
    let helper = this.#helpers.get(network);
    if (!helper) {
      const made = new Helper(pid, this.#clock, () => {
        if (this.#helpers.get(network) === made) this.#helpers.delete(network);
      });
      helper = made;
      this.#helpers.set(network, helper);
    }
    return helper.dial(port, signal);
  }

  /** Ends the helpers; connections go on. */
  close(): void {
    for (const helper of this.#helpers.values()) helper.close();
    this.#helpers.clear();
  }
}
