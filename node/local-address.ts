import net from "node:net";
import { SwarmError } from "../lib/errors.ts";

/** Longest that finding the address may take, milliseconds. */
const CONNECT_LIMIT_MS = 5_000;

/** The address of this machine on its way to `addr` (`host:port`): what others can answer to. */
export function localAddressTowards(addr: string): Promise<string> {
  const at = addr.lastIndexOf(":");
  const host = addr.slice(0, at).replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port: Number(addr.slice(at + 1)) });
    socket.setTimeout(CONNECT_LIMIT_MS, () => socket.destroy(new Error("timed out")));
    socket.once("error", (cause) => {
      const text = `cannot find this machine's address towards ${addr}: name it with --advertise-addr`;
      reject(new SwarmError("unavailable", text, { cause }));
    });
    socket.once("connect", () => {
      resolve(socket.localAddress ?? "127.0.0.1");
      socket.destroy();
    });
  });
}
