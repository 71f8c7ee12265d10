import { hostPorts } from "../node-info.ts";
import { nodes, type Filter } from "./filter.ts";

/** No other task publishes the same port of the host. */
export const hostPortFilter: Filter = {
  name: "host-port",
  about: "room",
  prepare(task) {
    const ports = hostPorts(task);
    if (ports.length === 0) return undefined;
    return (info) => ports.every((port) => !info.hasPort(port));
  },
  explain: (count) => `host-mode port already in use on ${nodes(count)}`,
};
