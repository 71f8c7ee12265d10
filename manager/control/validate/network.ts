import ipaddr from "ipaddr.js";
import { SwarmError } from "../../../lib/errors.ts";
import type { IpamConfig, NetworkSpec } from "../../../proto/generated.ts";
import { invalid } from "./check.ts";
import { checkDnsName } from "./names.ts";
import { checkNumbers } from "./numbers.ts";

/** Marks networks that exist on every node without the allocator's doing. */
export const PREDEFINED_LABEL = "com.docker.swarm.predefined";

type Block = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

function parseBlock(text: string, what: string): Block {
  if (!ipaddr.isValidCIDR(text)) throw invalid(`ipam configuration: invalid ${what} ${text}`);
  return ipaddr.parseCIDR(text) as Block;
}

function contains([net, bits]: Block, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return net.kind() === address.kind() && address.match(net as never, bits);
}

function checkPool({ subnet, range, gateway }: IpamConfig): void {
  if (subnet === "") throw invalid("ipam configuration: subnet is required");
  const outer = parseBlock(subnet, "subnet");
  if (range !== "") {
    const inner = parseBlock(range, "range");
    if (!contains(outer, inner[0]) || inner[1] < outer[1])
      throw invalid(`ipam configuration: subnet ${subnet} does not contain range ${range}`);
  }
  if (gateway === "") return;
  if (!ipaddr.isValid(gateway) || gateway.includes("/"))
    throw invalid(`ipam configuration: invalid gateway ${gateway}`);
  if (!contains(outer, ipaddr.parse(gateway)))
    throw invalid(`ipam configuration: subnet ${subnet} does not contain gateway ${gateway}`);
}

function checkDisjoint(pools: readonly IpamConfig[]): void {
  const blocks = pools.map(({ subnet }) => parseBlock(subnet, "subnet"));
  for (const [i, a] of blocks.entries())
    for (const b of blocks.slice(i + 1))
      if (contains(a, b[0]) || contains(b, a[0]))
        throw invalid("ipam configuration: subnets of one network overlap");
}

/** Checks a network on its own. */
export function checkNetwork(spec: NetworkSpec | null): NetworkSpec {
  if (!spec) throw invalid("a network spec is required");
  const { labels } = checkDnsName(spec.annotations);
  if (spec.ingress && spec.attachable) throw invalid("ingress network cannot be attachable");
  if (Object.hasOwn(labels, PREDEFINED_LABEL))
    throw new SwarmError("denied", `label ${PREDEFINED_LABEL} is reserved for predefined networks`);
  if (spec.driver?.name === "")
    throw invalid("driver name: if driver is specified name is required");
  if (spec.ipam?.driver && spec.ipam.driver.name === "")
    throw invalid("ipam driver name: if driver is specified name is required");
  const pools = spec.ipam?.configs ?? [];
  for (const pool of pools) checkPool(pool);
  checkDisjoint(pools);
  checkNumbers(spec);
  return spec;
}
