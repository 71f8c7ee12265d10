import ipaddr from "ipaddr.js";
import type { JsonObject } from "./json-object.ts";
import { RequestError } from "./request-error.ts";
import type { InitRequest } from "./swarm-node.ts";

const SUBNET_SIZE_DEFAULT = 24;
/** The smallest subnet: network, broadcast, gateway, a load balancer and four tasks. */
const SUBNET_SIZE_MAX = 29;

/** Refusals of pools are plain 500s, as Docker's are. */
function refused(text: string): RequestError {
  return new RequestError(500, text);
}

function checkPool(pool: string, subnetSize: number): void {
  if (!ipaddr.IPv4.isValidCIDR(pool))
    throw refused(`invalid base pool ${pool}: invalid CIDR address: ${pool}`);
  const [, bits] = ipaddr.IPv4.parseCIDR(pool);
  if (subnetSize < bits)
    throw refused(`invalid CIDR: "${pool}". Subnet size is too small for pool: ${subnetSize}`);
}

/** `DefaultAddrPool` and `SubnetSize`, each valid and disjoint from the others. Throws 500. */
export function readAddressPools(
  body: JsonObject,
): Pick<InitRequest, "defaultAddressPool" | "subnetSize"> {
  const pools = body.texts("DefaultAddrPool");
  const subnetSize = body.unsigned("SubnetSize") || SUBNET_SIZE_DEFAULT;
  if (subnetSize > SUBNET_SIZE_MAX) throw refused(`subnet size is out of range: ${subnetSize}`);
  for (const pool of pools) checkPool(pool, subnetSize);
  const blocks = pools.map((pool) => ipaddr.IPv4.parseCIDR(pool));
  for (const [i, [net, bits]] of blocks.entries())
    for (const [other, otherBits] of blocks.slice(i + 1))
      if (net.match(other, Math.min(bits, otherBits)))
        throw refused(`pool ${pools[i]} overlaps with another pool`);
  return { defaultAddressPool: pools, subnetSize };
}
