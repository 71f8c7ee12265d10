import { BlockList, isIP } from "node:net";
import { SwarmError } from "../../lib/errors.ts";
import { present } from "../spec/present.ts";
import { splitPair } from "./fields.ts";

/** Flags of `network create` about addresses. */
export interface PoolFlags {
  readonly auxAddress?: readonly string[];
  readonly gateway?: readonly string[];
  readonly ipRange?: readonly string[];
  readonly subnet?: readonly string[];
}

/** One subnet of a network, as the engine takes it. */
export interface AddressPool {
  readonly Subnet: string;
  readonly IPRange?: string;
  readonly Gateway?: string;
  readonly AuxiliaryAddresses?: Readonly<Record<string, string>>;
}

/** The subnets with the range, gateway and reserved addresses that lie in each. */
export function poolsOf(flags: PoolFlags): readonly AddressPool[] {
  const subnets = flags.subnet ?? [];
  const blocks = subnets.map(blockOf);
  const owner = (address: string, what: string): string => {
    const at = blocks.findIndex((block) => block.check(address, familyOf(address)));
    const subnet = subnets[at];
    if (subnet === undefined)
      throw new SwarmError(
        "invalid",
        `no subnet given with --subnet contains the ${what} ${address}`,
      );
    return subnet;
  };
  const bySubnet = (values: readonly string[] = [], what: string): ReadonlyMap<string, string> =>
    new Map(values.map((value) => [owner(value.split("/")[0] ?? "", what), value]));
  const ranges = bySubnet(flags.ipRange, "range");
  const gateways = bySubnet(flags.gateway, "gateway");
  const reserved = (flags.auxAddress ?? []).map(splitPair);
  return subnets.map((Subnet) => ({
    Subnet,
    ...present({
      IPRange: ranges.get(Subnet),
      Gateway: gateways.get(Subnet),
      AuxiliaryAddresses: Object.fromEntries(
        reserved.filter(([, address]) => owner(address, "auxiliary address") === Subnet),
      ),
    }),
  }));
}

function familyOf(address: string): "ipv4" | "ipv6" {
  const version = isIP(address);
  if (version === 0) throw new SwarmError("invalid", `invalid IP address "${address}"`);
  return version === 4 ? "ipv4" : "ipv6";
}

function blockOf(cidr: string): BlockList {
  const [address = "", bits = ""] = cidr.split("/");
  const family = familyOf(address);
  const length = Number(bits);
  if (!/^\d+$/.test(bits) || length > (family === "ipv4" ? 32 : 128))
    throw new SwarmError("invalid", `invalid subnet "${cidr}": use CIDR format, like 10.1.0.0/24`);
  const block = new BlockList();
  block.addSubnet(address, length, family);
  return block;
}
