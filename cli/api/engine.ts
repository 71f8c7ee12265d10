import type { Duplex, Readable } from "node:stream";
import type Docker from "dockerode";
import { SwarmError } from "../../lib/errors.ts";
import { readCertificates, type Certificates } from "./certificates.ts";
import type { Endpoint } from "./endpoint.ts";
import { engineError } from "./engine-error.ts";
import { upgrade } from "./upgrade.ts";

/** Query parameters; undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** One call to the engine. */
export interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path without version prefix, parts already escaped (see {@link segment}). */
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The engine's HTTP API. Errors are {@link SwarmError}s whose message is fit to print. */
export interface Engine {
  readonly endpoint: Endpoint;
  /** The reply's JSON; undefined when it has no body. */
  request<T>(call: Call): Promise<T>;
  /** Resolves when the engine answers at all. */
  ping(): Promise<void>;
  /** The reply's body as it arrives. */
  stream(call: Call): Promise<Readable>;
  /** A call whose connection becomes a stream in both directions, each of which ends by itself. */
  upgrade(call: Call): Promise<Duplex>;
}

/** An object's name or id made safe for a path; image names keep their `:` and `@`. */
export function segment(name: string): string {
  return encodeURIComponent(name).replaceAll("%3A", ":").replaceAll("%40", "@");
}

/** The `filters` parameter in the form Go clients send; undefined when there are none. */
export function filtersQuery(
  filters: Readonly<Record<string, readonly string[]>>,
): string | undefined {
  const present = Object.entries(filters).filter(([, values]) => values.length > 0);
  if (present.length === 0) return undefined;
  return JSON.stringify(
    Object.fromEntries(
      present.map(([key, values]) => [key, Object.fromEntries(values.map((v) => [v, true]))]),
    ),
  );
}

const ANY_SUCCESS = { 200: true, 201: true, 204: true } as const;

/** Opens a client for the engine at `endpoint`; nothing is sent yet. `signal` ends its calls. */
export async function openEngine(endpoint: Endpoint, signal: AbortSignal): Promise<Engine> {
  // Loaded here because the import alone costs more than the rest of a command.
  const { default: DockerClient } = await import("dockerode");
  const certificates = await readCertificates(endpoint);
  const docker = new DockerClient(connection(endpoint, certificates));
  const dial = (call: Call, isStream: boolean): Promise<unknown> =>
    new Promise((resolve, reject) => {
      docker.modem.dial(
        {
          path: `${call.path}?`,
          method: call.method,
          options: { _query: presentQuery(call.query), _body: call.body ?? {} },
          headers: { ...call.headers },
          allowEmpty: call.body !== undefined,
          abortSignal: signal,
          isStream,
          statusCodes: { ...ANY_SUCCESS },
        } as Parameters<typeof docker.modem.dial>[0],
        (error: unknown, data: unknown) => {
          if (signal.aborted) reject(signal.reason as Error);
          else if (error) reject(engineError(error, endpoint));
          else resolve(data);
        },
      );
    });
  return {
    endpoint,
    ping: async () => {
      await dial({ method: "GET", path: "/_ping" }, false);
    },
    request: async <T>(call: Call) => toJson(await dial(call, false), call) as T,
    stream: async (call) => (await dial(call, true)) as Readable,
    upgrade: (call) => upgrade({ endpoint, certificates }, call, signal),
  };
}

/**
 * Every field is given, so that DOCKER_HOST and its companions, which speak of another engine,
 * can't redirect the client.
 */
function connection(endpoint: Endpoint, tls: Certificates | undefined): Docker.DockerOptions {
  const isUnix = endpoint.kind === "unix";
  const options = {
    protocol: tls ? ("https" as const) : ("http" as const),
    host: isUnix ? undefined : endpoint.host,
    port: isUnix ? undefined : endpoint.port,
    socketPath: isUnix ? endpoint.path : undefined,
    pathPrefix: "/",
    ca: tls?.ca,
    cert: tls?.cert,
    key: tls?.key,
    timeout: undefined,
  };
  return options as Docker.DockerOptions;
}

function presentQuery(query: Query = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(query)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, String(value)]),
  );
}

/** The client hands back a Buffer when the body was empty or not JSON. */
function toJson(data: unknown, call: Call): unknown {
  if (!Buffer.isBuffer(data)) return data;
  if (data.length === 0) return undefined;
  try {
    return JSON.parse(data.toString());
  } catch (cause) {
    throw new SwarmError(
      "internal",
      `the engine's answer to ${call.method} ${call.path} is not JSON`,
      { cause },
    );
  }
}
