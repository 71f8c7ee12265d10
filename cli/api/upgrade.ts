import http from "node:http";
import net from "node:net";
import tls from "node:tls";
import type { Duplex } from "node:stream";
import { onAbort } from "../../lib/abort.ts";
import type { Certificates } from "./certificates.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Call } from "./engine.ts";
import { engineError } from "./engine-error.ts";

/** Most of an error's body that is read. */
const ERROR_BYTES_MAX = 64 * 1024;

/** An engine and how to reach it. */
export interface Target {
  readonly endpoint: Endpoint;
  readonly certificates: Certificates | undefined;
}

function connect({ endpoint, certificates }: Target): Duplex {
  // Each side may end what it says and go on listening.
  const options = { allowHalfOpen: true };
  if (endpoint.kind === "unix") return net.connect({ path: endpoint.path, ...options });
  const { host, port } = endpoint;
  return certificates
    ? tls.connect({ host, port, ...certificates, ...options })
    : net.connect({ host, port, ...options });
}

function pathOf({ path, query = {} }: Call): string {
  const pairs = Object.entries(query).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, String(value)]],
  );
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs).toString()}`;
}

async function refusal(response: http.IncomingMessage, endpoint: Endpoint): Promise<Error> {
  let text = "";
  for await (const chunk of response) if (text.length < ERROR_BYTES_MAX) text += String(chunk);
  let json: { readonly message?: string };
  try {
    json = JSON.parse(text) as typeof json;
  } catch {
    json = { message: text };
  }
  return engineError({ statusCode: response.statusCode, json }, endpoint);
}

/** Makes a call whose connection becomes a stream in both directions. `signal` ends it. */
export function upgrade(target: Target, call: Call, signal: AbortSignal): Promise<Duplex> {
  const { endpoint } = target;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const body = call.body === undefined ? "" : JSON.stringify(call.body);
    const request = http.request({
      method: call.method,
      path: pathOf(call),
      createConnection: () => connect(target) as net.Socket,
      headers: {
        Host: "swarm",
        ...(body === "" ? {} : { "Content-Type": "application/json" }),
        "Content-Length": String(Buffer.byteLength(body)),
        ...call.headers,
        Connection: "Upgrade",
        Upgrade: "tcp",
      },
    });
    const release = onAbort(signal, () => request.destroy());
    const fail = (error: unknown): void => {
      release();
      reject(signal.aborted ? (signal.reason as Error) : error);
    };
    request.once("error", (error) => fail(engineError(error, endpoint)));
    request.once("response", (response) => {
      refusal(response, endpoint).then(fail, fail);
    });
    request.once("upgrade", (_response, socket, head) => {
      release();
      const stop = onAbort(signal, () => socket.destroy());
      socket.once("close", stop);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.end(body);
  });
}
