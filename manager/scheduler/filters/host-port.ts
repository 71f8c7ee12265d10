import { hostPorts } from "../node-info.ts";
import { nameOf, nodes, type Filter } from "./filter.ts";

/** `8080/tcp` of `protocol/port`. */
function portText(port: string): string {
  const [protocol, number] = port.split("/");
  return `${number}/${PROTOCOLS[Number(protocol)] ?? protocol}`;
}

/** By their number in PortProtocol. */
const PROTOCOLS: readonly string[] = ["tcp", "udp", "sctp"];

/** No other task publishes the same port of the host. */
export const hostPortFilter: Filter = {
  name: "host-port",
  about: "room",
  prepare(task) {
    const ports = hostPorts(task);
    if (ports.length === 0) return undefined;
    return (info) => ports.every((port) => !info.hasPort(port));
  },
  shortages: (task, info) =>
    hostPorts(task)
      .filter((port) => info.hasPort(port))
      .map((port) => ({
        what: "host port",
        needed: portText(port),
        available: "in use",
        change: `free port ${portText(port)} on node ${nameOf(info)}`,
        cost: 1,
      })),
  explain: (count) => `host-mode port already in use on ${nodes(count)}`,
};
