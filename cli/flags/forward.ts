import { SwarmError } from "../../lib/errors.ts";

/** A local port and the port of a task that it leads to. */
export interface Forward {
  /** Address to listen on. */
  readonly host: string;
  /** 0 = any free one. */
  readonly local: number;
  readonly remote: number;
}

const PORT_MAX = 65_535;

function portOf(text: string, min: number, whole: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= min && port <= PORT_MAX) return port;
  throw new SwarmError(
    "invalid",
    `invalid ports "${whole}": use LOCAL:REMOTE, each between 1 and ${PORT_MAX}, or REMOTE alone`,
  );
}

/**
 * Reads `[ADDRESS:]LOCAL:REMOTE`, `:REMOTE` for any local port, or `REMOTE` for the same; `/tcp` may
 * follow. Throws `invalid`, and `unimplemented` for other protocols.
 */
export function parseForward(text: string, host: string): Forward {
  const [ports = "", protocol = "tcp"] = text.split(/\/(.*)/s);
  if (protocol !== "tcp")
    throw new SwarmError("unimplemented", `cannot forward "${text}": only TCP ports can be`);
  const match = /^(?:(?:(\[[^\]]+\]|[^:]+):)?(\d*):)?(\d+)$/.exec(ports);
  const [, address, local, remote = ""] = match ?? [];
  const target = portOf(remote, 1, text);
  return {
    host: address?.replace(/^\[|\]$/g, "") ?? host,
    local: local === undefined ? target : portOf(local === "" ? "0" : local, 0, text),
    remote: target,
  };
}
