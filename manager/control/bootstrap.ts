import { newId } from "../../lib/ids.ts";
import type { Random } from "../../lib/random.ts";
import { make } from "../../proto/codec.ts";
import {
  NodeMembership,
  NodeRole,
  NodeState,
  type Certificate,
  type ClusterSpec,
  type Network,
  type NodeAvailability,
  type RootCa,
} from "../../proto/generated.ts";
import type { Kind, Objects } from "../store/schema.ts";
import type { Transaction } from "../store/transaction.ts";
import { UNLOCK_KEY_BYTES } from "./clusters.ts";
import { withClusterDefaults } from "./defaults.ts";
import { PREDEFINED_LABEL } from "./validate/network.ts";

/** UDP port of overlay traffic (RFC 7348 §5). */
const VXLAN_UDP_PORT = 4789;
/** Prefix length of the networks cut from the address pool. */
const SUBNET_SIZE = 24;
/** Networks that every node has without the allocator, by the drivers that make them. */
const PREDEFINED_NETWORKS = ["host", "bridge"];

/** What a new cluster is made of. */
export interface BootstrapOptions {
  /** The organisation in every certificate; becomes the cluster's id. */
  readonly clusterId: string;
  /** What the user asked for; zeros mean the defaults. */
  readonly spec: ClusterSpec | null;
  /** With key, certificate, hash and both join tokens. */
  readonly rootCa: RootCa;
  /** CIDR strings; empty = 10.0.0.0/8. */
  readonly defaultAddressPool: readonly string[];
  /** 0 = 24. */
  readonly subnetSize: number;
  /** 0 = 4789. */
  readonly vxlanUdpPort: number;
  /** The first manager. */
  readonly node: {
    readonly id: string;
    readonly certificate: Certificate;
    readonly availability: NodeAvailability;
    /** IP address that the others reach it at. */
    readonly addr: string;
  };
}

/** An object of a new cluster. */
export type BootstrapObject = {
  readonly [K in Kind]: { readonly kind: K; readonly object: Objects[K] };
}[Kind];

function network(random: Random, name: string, fields: Partial<Network["spec"]>): BootstrapObject {
  const annotations = make("Annotations", { name });
  const spec = make("NetworkSpec", { annotations, ...fields });
  return { kind: "network", object: make("Network", { id: newId(random), spec }) };
}

function predefined(random: Random, name: string): BootstrapObject {
  const annotations = make("Annotations", { name, labels: { [PREDEFINED_LABEL]: "true" } });
  return network(random, name, { annotations, driver: make("Driver", { name }) });
}

/**
 * The objects that a new cluster starts with: its settings, its first node, the network of the
 * routing mesh and the networks that every node has. Pure but for the ids it draws.
 */
export function bootstrapObjects(
  options: BootstrapOptions,
  random: Random,
): readonly BootstrapObject[] {
  const spec = withClusterDefaults(options.spec);
  const vxlanUdpPort = options.vxlanUdpPort || VXLAN_UDP_PORT;
  const cluster = make("Cluster", {
    id: options.clusterId,
    spec,
    rootCa: options.rootCa,
    unlockKey: spec.encryption?.autoLockManagers
      ? random.bytes(UNLOCK_KEY_BYTES)
      : new Uint8Array(0),
    defaultAddressPool: options.defaultAddressPool,
    subnetSize: options.subnetSize || SUBNET_SIZE,
    vxlanUdpPort,
  });
  const { id, certificate, availability, addr } = options.node;
  const node = make("Node", {
    id,
    spec: make("NodeSpec", {
      annotations: make("Annotations"),
      desiredRole: NodeRole.MANAGER,
      membership: NodeMembership.ACCEPTED,
      availability,
    }),
    role: NodeRole.MANAGER,
    certificate,
    status: make("NodeStatus", { state: NodeState.UNKNOWN, addr }),
    vxlanUdpPort,
  });
  return [
    { kind: "cluster", object: cluster },
    { kind: "node", object: node },
    network(random, "ingress", { ingress: true, driver: make("Driver", { name: "overlay" }) }),
    ...PREDEFINED_NETWORKS.map((name) => predefined(random, name)),
  ];
}

/** Adds `objects` to a transaction. */
export function createObjects(tx: Transaction, objects: readonly BootstrapObject[]): void {
  for (const { kind, object } of objects) tx.create(kind, object);
}
