import net, { type AddressInfo, type Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import type { Duplex } from "node:stream";
import { cancelled } from "../../lib/abort.ts";
import { messageOf, SwarmError } from "../../lib/errors.ts";
import { Scope } from "../../lib/scope.ts";
import type { Forward } from "../flags/forward.ts";

/** Connections at a time; more wait in the system's queue. */
const CONNECTIONS_MAX = 512;

export interface ForwardModules {
  /** Connects to a port of the task. */
  readonly dial: (port: number, signal: AbortSignal) => Promise<Duplex>;
  /** Told of each port that is listened on. */
  readonly onListening: (forward: Forward, local: number) => void;
  /** Told of each connection that failed; the others go on. */
  readonly onFailure: (message: string) => void;
}

function listening(server: net.Server, { host, local }: Forward): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new SwarmError("unavailable", `cannot listen on ${host}:${local}: ${cause.message}`, {
          cause,
        }),
      ),
    );
    server.listen(local, host, () => resolve((server.address() as AddressInfo).port));
  });
}

/**
 * Joins two connections until both directions have ended: an end on one side becomes one on the
 * other, a slow side slows the other down, and a break of one breaks the other.
 */
export async function join(near: Duplex, far: Duplex): Promise<void> {
  const ways = [pipeline(near, far), pipeline(far, near)];
  try {
    await Promise.all(ways);
  } finally {
    near.destroy();
    far.destroy();
    await Promise.allSettled(ways);
  }
}

/** Listens on every local port and forwards each connection, until `signal` aborts. */
export async function forwardPorts(
  forwards: readonly Forward[],
  modules: ForwardModules,
  signal: AbortSignal,
): Promise<void> {
  const scope = new Scope(signal);
  const servers: net.Server[] = [];
  try {
    for (const forward of forwards) {
      const serve = (near: Socket): void =>
        scope.run((inner) => connection(near, forward.remote, modules, inner));
      const server = net.createServer({ allowHalfOpen: true, noDelay: true }, serve);
      server.maxConnections = CONNECTIONS_MAX;
      servers.push(server);
      modules.onListening(forward, await listening(server, forward));
    }
    scope.run(
      (inner) => new Promise((resolve) => inner.addEventListener("abort", () => resolve())),
    );
    await scope.join();
  } finally {
    for (const server of servers) server.close();
    await scope.close(cancelled("no more ports are forwarded"));
  }
}

async function connection(
  near: Socket,
  port: number,
  { dial, onFailure }: ForwardModules,
  signal: AbortSignal,
): Promise<void> {
  near.on("error", () => {});
  const stop = (): void => void near.destroy();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const far = await dial(port, signal);
    await join(near, far);
  } catch (error) {
    near.resetAndDestroy();
    if (!signal.aborted) onFailure(messageOf(error));
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
