import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { onAbort } from "../../lib/abort.ts";
import { SwarmError } from "../../lib/errors.ts";

/** Addresses under which a program may be listening for itself only, the likelier first. */
const LOOPBACKS = ["127.0.0.1", "::1"];

function open(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const release = onAbort(signal, () => socket.destroy(signal.reason as Error));
    socket.once("connect", () => {
      release();
      resolve(socket);
    });
    socket.once("error", (error) => {
      release();
      reject(error);
    });
  });
}

/** Connects to a port of this machine. `unavailable` when nothing listens there. */
export async function connectHere(port: number, signal: AbortSignal): Promise<Duplex> {
  let last: unknown;
  for (const host of LOOPBACKS) {
    try {
      return await open(host, port, signal);
    } catch (error) {
      signal.throwIfAborted();
      last ??= error;
    }
  }
  throw new SwarmError("unavailable", `nothing listens on port ${port} of the task`, {
    cause: last,
  });
}
