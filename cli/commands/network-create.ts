import { SwarmError } from "../../lib/errors.ts";
import { engineOf, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { toMap } from "../flags/fields.ts";
import { poolsOf, type PoolFlags } from "../flags/address-pools.ts";
import { boolFlag, listFlag, textFlag } from "../flags/option.ts";
import { present } from "../spec/present.ts";

interface NetworkCreateFlags extends PoolFlags {
  readonly attachable?: boolean;
  readonly configFrom?: string;
  readonly configOnly?: boolean;
  readonly driver?: string;
  readonly ingress?: boolean;
  readonly internal?: boolean;
  readonly ipamDriver?: string;
  readonly ipamOpt?: readonly string[];
  readonly ipv6?: boolean;
  readonly label?: readonly string[];
  readonly opt?: readonly string[];
  readonly scope?: string;
}

/** Docker's default is "bridge", a network of one host; a swarm's network is an overlay. */
const DEFAULT_DRIVER = "overlay";

/** `swarm network create`. */
export function addNetworkCreate(parent: SwarmCommand, context: Context): void {
  const command = parent.command("create").description("Create a network").argument("NETWORK");
  command
    .addOption(boolFlag("attachable", "Enable manual container attachment"))
    .addOption(listFlag("aux-address", "Addresses that tasks must not get (name=address)", "map"))
    .addOption(textFlag("config-from", "The network from which to copy the configuration"))
    .addOption(boolFlag("config-only", "Create a configuration only network"))
    .addOption(textFlag("d,driver", `Driver to manage the Network (default "${DEFAULT_DRIVER}")`))
    .addOption(listFlag("gateway", "IPv4 or IPv6 Gateway for the master subnet", "strings"))
    .addOption(boolFlag("ingress", "Create swarm routing-mesh network"))
    .addOption(boolFlag("internal", "Restrict external access to the network"))
    .addOption(listFlag("ip-range", "Allocate addresses from a sub-range", "strings"))
    .addOption(textFlag("ipam-driver", 'IP Address Management Driver (default "default")'))
    .addOption(listFlag("ipam-opt", "Set IPAM driver specific options", "map"))
    .addOption(boolFlag("ipv6", "Enable IPv6 address assignment"))
    .addOption(listFlag("label", "Set metadata on a network"))
    .addOption(listFlag("o,opt", "Set driver specific options", "map"))
    .addOption(textFlag("scope", "Control the network's scope"))
    .addOption(listFlag("subnet", "Subnet in CIDR format", "strings"))
    .action(async (name: string, flags: NetworkCreateFlags) => {
      const body = networkBody(name, flags);
      const engine = await engineOf(command, context);
      const { Id, Warning } = await engine.request<{ Id: string; Warning?: string }>({
        method: "POST",
        path: "/networks/create",
        body,
      });
      if (Warning) context.err.write(`WARNING: ${Warning}\n`);
      context.out.write(`${Id}\n`);
    });
}

function networkBody(name: string, flags: NetworkCreateFlags): object {
  if (name.trim() === "") throw new SwarmError("invalid", "a network needs a name");
  return {
    Name: name,
    Driver: flags.driver ?? DEFAULT_DRIVER,
    Scope: flags.scope ?? "",
    EnableIPv6: flags.ipv6 ?? false,
    IPAM: {
      Driver: flags.ipamDriver ?? "default",
      Options: toMap(flags.ipamOpt ?? []),
      Config: poolsOf(flags),
    },
    Internal: flags.internal ?? false,
    Attachable: flags.attachable ?? false,
    Ingress: flags.ingress ?? false,
    ConfigOnly: flags.configOnly ?? false,
    ...present({
      ConfigFrom: flags.configFrom === undefined ? undefined : { Network: flags.configFrom },
    }),
    Options: toMap(flags.opt ?? []),
    Labels: toMap(flags.label ?? []),
  };
}
