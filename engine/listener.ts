import { chmod, lstat, unlink } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { connect, isIP } from "node:net";
import { messageOf, SwarmError } from "../lib/errors.ts";

/** Files' contents in PEM for a TCP port that other machines may reach. */
export interface TlsOptions {
  /** Who signs the certificates of clients; one is required of each. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Docker keeps its socket readable for its group; so do we. */
const SOCKET_MODE = 0o660;

const SERVER_OPTIONS: http.ServerOptions = {
  // X-Registry-Auth can be long.
  maxHeaderSize: 64 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 120_000,
};
const CONNECTIONS_MAX = 4096;

/** A server that listens. `address` is the host as clients write it, with the real port. */
export interface Listener {
  readonly server: http.Server;
  readonly address: string;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function bound(server: http.Server, target: { path: string } | { host: string; port: number }) {
  return new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(target, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

/** Whether someone answers on the socket at `path`. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function listenUnix(server: http.Server, path: string): Promise<void> {
  try {
    await bound(server, { path });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    if (!(await lstat(path)).isSocket())
      throw new SwarmError("invalid", `cannot listen on unix://${path}: it is not a socket`);
    if (await answers(path))
      throw new SwarmError("exists", `another swarmd already answers on ${path}`, { cause: error });
    // Left over by a process that was killed.
    await unlink(path);
    await bound(server, { path });
  }
  await chmod(path, SOCKET_MODE);
}

async function listenTcp(server: http.Server, host: string, port: number): Promise<string> {
  await bound(server, { host, port });
  const address = server.address();
  const actual = address !== null && typeof address === "object" ? address.port : port;
  return `tcp://${host.includes(":") ? `[${host}]` : host}:${actual}`;
}

function createServer(handle: http.RequestListener, tls: TlsOptions | undefined): http.Server {
  const server = tls
    ? https.createServer(
        {
          ...SERVER_OPTIONS,
          ...tls,
          requestCert: true,
          rejectUnauthorized: true,
          minVersion: "TLSv1.2",
        },
        handle,
      )
    : http.createServer(SERVER_OPTIONS, handle);
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

/**
 * Listens on `unix://PATH` or `tcp://HOST:PORT` (port 0 = any). TCP speaks TLS with client
 * certificates when `tls` is given; without it only loopback addresses are allowed. Throws
 * `invalid` or `exists` or `unavailable` with a sentence for the operator.
 */
export async function openListener(
  host: string,
  tls: TlsOptions | undefined,
  handle: http.RequestListener,
): Promise<Listener> {
  const tcp = /^tcp:\/\/(?:\[([^\]]+)\]|([^:/]+)):(\d{1,5})$/.exec(host);
  const unix = /^unix:\/\/(\/.+)$/.exec(host);
  const name = tcp?.[1] ?? tcp?.[2] ?? "";
  if (!unix && !tcp)
    throw new SwarmError("invalid", `invalid host "${host}": use unix:///PATH or tcp://HOST:PORT`);
  if (tcp && !tls && !isLoopback(name))
    throw new SwarmError(
      "invalid",
      `refusing to serve ${host} without TLS: whoever reaches it controls the cluster; ` +
        "give certificates or a loopback address",
    );
  const server = createServer(handle, tcp ? tls : undefined);
  try {
    if (!unix) return { server, address: await listenTcp(server, name, Number(tcp?.[3])) };
    await listenUnix(server, unix[1] ?? "");
    return { server, address: host };
  } catch (error) {
    if (error instanceof SwarmError) throw error;
    throw new SwarmError("unavailable", `cannot listen on ${host}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
