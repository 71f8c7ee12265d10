import { SwarmError } from "../../lib/errors.ts";

/** Where the engine's API listens. */
export type Endpoint =
  | { readonly kind: "unix"; readonly path: string; readonly url: string }
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      readonly url: string;
      /** Undefined = without TLS, which engines allow on loopback only. */
      readonly certificates: CertificateFiles | undefined;
    };

/** Names of PEM files: who signs the engine's certificate, and what we show the engine. */
export interface CertificateFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Docker's ports for its API without and with TLS. */
const TCP_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Parses `unix:///path` or `tcp://host[:port]`; with `certificates`, TCP speaks TLS. Throws
 * `invalid`.
 */
export function parseEndpoint(url: string, certificates?: CertificateFiles): Endpoint {
  const unix = /^unix:\/\/(.+)$/.exec(url);
  if (unix?.[1]) return { kind: "unix", path: unix[1], url };
  const tcp = /^(?:tcp|http):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(url);
  if (tcp?.[1])
    return {
      kind: "tcp",
      host: tcp[1].replace(/^\[|\]$/g, ""),
      port: Number(tcp[2] ?? (certificates ? TLS_PORT : TCP_PORT)),
      url,
      certificates,
    };
  throw new SwarmError(
    "invalid",
    `invalid host "${url}": use unix:///path/to/swarm.sock or tcp://address:port`,
  );
}
