import { isIP } from "node:net";
import { badRequest } from "./request-error.ts";
import type { HostAddress, HostPort } from "./swarm-node.ts";

/** Where managers listen when nobody says otherwise. */
const SWARM_PORT = 2377;

const UNSPECIFIED = new Set(["0.0.0.0", "::"]);

/** Bridges and cables of container engines: never the way other machines reach this one. */
const CONTAINER_INTERFACE = /^(docker|br-|veth|virbr|cni|vx-|ov-)/;

function splitHostPort(text: string, port: number): HostPort {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text);
  if (!match && isIP(text) === 6) return { host: text, port };
  const given = match?.[3] === undefined ? port : Number(match[3]);
  if (!match || given > 65_535) throw badRequest(`invalid address "${text}": use host[:port]`);
  return { host: match[1] ?? match[2] ?? "", port: given };
}

function describe({ address, name }: HostAddress): string {
  return `${address} on interface ${name}`;
}

function usable({ address }: HostAddress): boolean {
  return !address.toLowerCase().startsWith("fe80:");
}

/** The address of interface `name`, IPv4 first; undefined when there is no such interface. */
function interfaceAddress(name: string, addresses: readonly HostAddress[]): string | undefined {
  const own = addresses.filter((address) => address.name === name && usable(address));
  const v4 = own.filter(({ address }) => isIP(address) === 4);
  if (v4.length > 1)
    throw badRequest(
      `interface ${name} has more than one IPv4 address (${v4[0]?.address} and ${v4[1]?.address})`,
    );
  return (v4[0] ?? own[0])?.address;
}

/** The one address by which other machines know this one. Throws 400 when it is not clear. */
function systemAddress(addresses: readonly HostAddress[]): string {
  const outer = addresses.filter(
    (address) => !address.internal && usable(address) && !CONTAINER_INTERFACE.test(address.name),
  );
  const v4 = outer.filter(({ address }) => isIP(address) === 4);
  const [first, second] = v4.length > 0 ? v4 : outer;
  if (!first) throw badRequest("could not find the system's IP address");
  if (!second) return first.address;
  const advice = "could not choose an IP address to advertise since this system has multiple";
  if (first.name === second.name)
    throw badRequest(
      `${advice} addresses on interface ${first.name} (${first.address} and ${second.address})`,
    );
  throw badRequest(
    `${advice} addresses on different interfaces (${describe(first)} and ${describe(second)})`,
  );
}

/** `ListenAddr`: an IP or an interface, with an optional port. Throws 400. */
export function readListenAddr(text: string, addresses: readonly HostAddress[]): HostPort {
  if (text === "") throw badRequest(`invalid ListenAddr "": invalid empty address`);
  const { host, port } = splitHostPort(text, SWARM_PORT);
  if (host === "") return { host: "0.0.0.0", port };
  const ip = isIP(host) ? host : interfaceAddress(host, addresses);
  if (ip === undefined)
    throw badRequest(
      "listen address must be an IP address or network interface (with optional port number)",
    );
  return { host: ip, port };
}

/**
 * `AdvertiseAddr`: an IP or an interface, with an optional port; when empty, the address listened
 * on or the system's only one. Throws 400; clients recognise the text about several addresses.
 */
export function readAdvertiseAddr(
  text: string,
  listen: HostPort,
  addresses: readonly HostAddress[],
): HostPort {
  if (text === "") {
    const specific = !UNSPECIFIED.has(listen.host);
    return specific ? listen : { host: systemAddress(addresses), port: listen.port };
  }
  const { host, port } = splitHostPort(text, listen.port);
  const ip = isIP(host) ? host : interfaceAddress(host, addresses);
  if (ip === undefined || UNSPECIFIED.has(ip))
    throw badRequest(
      "advertise address must be a non-zero IP address or network interface " +
        "(with optional port number)",
    );
  return { host: ip, port };
}

/** `DataPathAddr`: an IP or an interface; empty stays empty. Throws 400. */
export function readDataPathAddr(text: string, addresses: readonly HostAddress[]): string {
  if (text === "") return "";
  const ip = isIP(text) ? text : interfaceAddress(text, addresses);
  if (ip === undefined || UNSPECIFIED.has(ip))
    throw badRequest("data path address must be a non-zero IP address or network interface");
  return ip;
}
