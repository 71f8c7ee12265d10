import { SwarmError } from "../../lib/errors.ts";

/** Where the engine's API listens. */
export type Endpoint =
  | { readonly kind: "unix"; readonly path: string; readonly url: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly url: string };

/** Docker's port for its API without TLS. */
const TCP_PORT = 2375;

/** Parses `unix:///path` or `tcp://host[:port]`. Throws `invalid`. */
export function parseEndpoint(url: string): Endpoint {
  const unix = /^unix:\/\/(.+)$/.exec(url);
  if (unix?.[1]) return { kind: "unix", path: unix[1], url };
  const tcp = /^(?:tcp|http):\/\/(\[[^\]]+\]|[^:/]+)(?::(\d+))?\/?$/.exec(url);
  if (tcp?.[1])
    return {
      kind: "tcp",
      host: tcp[1].replace(/^\[|\]$/g, ""),
      port: Number(tcp[2] ?? TCP_PORT),
      url,
    };
  throw new SwarmError(
    "invalid",
    `invalid host "${url}": use unix:///path/to/swarm.sock or tcp://address:port`,
  );
}
