import { isSwarmError, messageOf, SwarmError } from "../../lib/errors.ts";
import { segment } from "../api/engine.ts";
import type { Cluster, Node } from "../api/types.ts";
import type { SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { addDaemonFlags, withDaemon, type DaemonFlags } from "../daemon/ensure.ts";
import { boolFlag, choiceFlag, repeatedFlag, textFlag, uintFlag } from "../flags/option.ts";
import { joinAdvice } from "./join-token.ts";
import { readUnlockKey, unlockAdvice } from "../api/unlock-key.ts";
import { addSwarmFlags, applySwarmFlags, type SwarmFlags } from "./swarm-flags.ts";

const DEFAULT_LISTEN_ADDR = "0.0.0.0:2377";
const DEFAULT_SUBNET_BITS = 24;

/** Where the node listens and how others reach it; `init` and `join` share them. */
export interface AddressFlags {
  readonly advertiseAddr?: string;
  readonly availability?: string;
  readonly dataPathAddr?: string;
  readonly listenAddr?: string;
}

interface InitFlags extends SwarmFlags, DaemonFlags, AddressFlags {
  readonly dataPathPort?: number;
  readonly defaultAddrPool?: readonly (readonly string[])[];
  readonly defaultAddrPoolMaskLength?: number;
  readonly forceNewCluster?: boolean;
}

/** Adds {@link AddressFlags}. */
export function addAddressFlags(command: SwarmCommand): SwarmCommand {
  return command
    .addOption(textFlag("advertise-addr", 'Advertised address (format: "<ip|interface>[:port]")'))
    .addOption(
      choiceFlag(
        "availability",
        'Availability of the node ("active", "pause", "drain") (default "active")',
        ["active", "pause", "drain"],
      ),
    )
    .addOption(
      textFlag("data-path-addr", 'Address or interface of overlay traffic ("<ip|interface>")'),
    )
    .addOption(
      textFlag(
        "listen-addr",
        `Listen address (format: "<ip|interface>[:port]") (default ${DEFAULT_LISTEN_ADDR})`,
        "node-addr",
      ),
    ) as SwarmCommand;
}

/** The fields of a request that {@link AddressFlags} fill. */
export function addressBody(flags: AddressFlags): object {
  return {
    ListenAddr: flags.listenAddr ?? DEFAULT_LISTEN_ADDR,
    AdvertiseAddr: flags.advertiseAddr ?? "",
    DataPathAddr: flags.dataPathAddr ?? "",
    Availability: flags.availability ?? "",
  };
}

/** `swarm init`: makes this node the first manager of a new swarm. */
export function addInit(parent: SwarmCommand, context: Context): void {
  const command = parent.command("init").description("Initialize a swarm");
  addDaemonFlags(addSwarmFlags(addAddressFlags(command)))
    .addOption(
      uintFlag("data-path-port", "UDP port of overlay traffic, 1024 - 49151 (default 4789)"),
    )
    .addOption(
      repeatedFlag("default-addr-pool", "cidrs", "Default address pool in CIDR format", (text) =>
        text.split(","),
      ),
    )
    .addOption(
      uintFlag("default-addr-pool-mask-length", "Subnet mask length of the pool (default 24)"),
    )
    .addOption(boolFlag("force-new-cluster", "Make a new swarm of one from this manager's state"))
    .action((flags: InitFlags) => runInit(flags, command, context));
}

/** What the API says in Docker's words, and the next step that this command adds, as Docker's does. */
const ADVICE: readonly (readonly [said: RegExp, advice: string])[] = [
  [
    /could not choose an IP address to advertise|could not find the system's IP/,
    "specify one with --advertise-addr",
  ],
  [
    /A valid join token is necessary/,
    "it may have been rotated, ask a manager for the one in force: swarm join-token worker",
  ],
];

/** Adds the next step to what `work` fails with, where there is one. */
export async function withAdvice<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const advice = ADVICE.find(([said]) => said.test(messageOf(error)))?.[1];
    if (!isSwarmError(error) || advice === undefined) throw error;
    throw new SwarmError(error.code, `${error.message} - ${advice}`, { cause: error });
  }
}

async function runInit(flags: InitFlags, command: SwarmCommand, context: Context): Promise<void> {
  const { engine, nodeId } = await withDaemon(command, flags, context, async (found) => ({
    engine: found,
    nodeId: await withAdvice(
      found.request<string>({ method: "POST", path: "/swarm/init", body: initBody(flags) }),
    ),
  }));
  context.out.write(`Swarm initialized: current node (${nodeId}) is now a manager.\n\n`);
  const [node, cluster] = [
    await engine.request<Node>({ method: "GET", path: `/nodes/${segment(nodeId)}` }),
    await engine.request<Cluster>({ method: "GET", path: "/swarm" }),
  ];
  context.out.write(joinAdvice("worker", cluster, node));
  context.out.write(
    'To add a manager to this swarm, run "swarm join-token manager" and follow the instructions.\n',
  );
  if (flags.autolock) context.out.write(unlockAdvice(await readUnlockKey(engine)));
}

function initBody(flags: InitFlags): object {
  const empty = {
    Labels: null,
    Orchestration: {},
    Raft: { ElectionTick: 0, HeartbeatTick: 0 },
    Dispatcher: {},
    CAConfig: {},
    TaskDefaults: {},
    EncryptionConfig: { AutoLockManagers: false },
  };
  return {
    ...addressBody(flags),
    DataPathPort: flags.dataPathPort ?? 0,
    ForceNewCluster: flags.forceNewCluster ?? false,
    Spec: applySwarmFlags(empty, flags),
    AutoLockManagers: flags.autolock ?? false,
    DefaultAddrPool: flags.defaultAddrPool?.flat() ?? [],
    SubnetSize: flags.defaultAddrPoolMaskLength ?? DEFAULT_SUBNET_BITS,
  };
}
