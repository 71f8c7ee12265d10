import type { Port } from "../api/types.ts";
import { needValue, parseFields } from "./fields.ts";

const PORT_MAX = 65_535;
const PROTOCOLS = ["tcp", "udp", "sctp"];

/** Parses `--publish`: `8080:80/tcp`, port ranges, or `published=8080,target=80,mode=host`. */
export function parsePublish(text: string): readonly Port[] {
  return text.includes("=") ? [parseLongForm(text)] : parseShortForm(text);
}

function parseLongForm(text: string): Port {
  let port: Port = { Protocol: "tcp", PublishMode: "ingress" };
  for (const [key, given] of parseFields(text)) {
    const value = needValue(key, given);
    switch (key) {
      case "protocol":
        port = { ...port, Protocol: oneOf(value.toLowerCase(), PROTOCOLS, "protocol") };
        break;
      case "mode":
        port = { ...port, PublishMode: oneOf(value.toLowerCase(), ["ingress", "host"], "mode") };
        break;
      case "target":
        port = { ...port, TargetPort: portNumber(value) };
        break;
      case "published":
        port = { ...port, PublishedPort: portNumber(value) };
        break;
      default:
        throw new Error(`unknown field '${key}': use target, published, protocol, mode`);
    }
  }
  if (!port.TargetPort) throw new Error("missing mandatory field 'target'");
  return port;
}

function parseShortForm(text: string): readonly Port[] {
  const match = /^(?:(\d+(?:-\d+)?)?:)?(\d+(?:-\d+)?)(?:\/(\w+))?$/.exec(text);
  if (!match?.[2])
    throw new Error(
      "use PUBLISHED:TARGET[/PROTOCOL] or published=…,target=…; " +
        "an address of the host can't be chosen",
    );
  const [first, last] = range(match[2]);
  const count = last - first + 1;
  const [from, to] = match[1] === undefined ? [undefined, undefined] : range(match[1]);
  if (from !== undefined && to - from + 1 !== count)
    throw new Error("the published and the target range differ in length");
  const Protocol = oneOf((match[3] ?? "tcp").toLowerCase(), PROTOCOLS, "protocol");
  return Array.from({ length: count }, (_, n) => ({
    Protocol,
    TargetPort: first + n,
    ...(from === undefined ? {} : { PublishedPort: from + n }),
    PublishMode: "ingress",
  }));
}

function range(text: string): readonly [number, number] {
  const [first = "", last = first] = text.split("-");
  const [from, to] = [portNumber(first), portNumber(last)];
  if (to < from) throw new Error(`invalid range of ports: ${text}`);
  return [from, to];
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > PORT_MAX) throw new Error(`invalid port: ${text}`);
  return port;
}

function oneOf(value: string, choices: readonly string[], what: string): string {
  if (!choices.includes(value))
    throw new Error(`invalid ${what} '${value}': use one of ${choices.join(", ")}`);
  return value;
}
