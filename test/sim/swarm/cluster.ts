import { bootstrapObjects, type BootstrapObject } from "../../../manager/control/bootstrap.ts";
import type { SeededRandom } from "../../../lib/random.ts";
import { make } from "../../../proto/codec.ts";
import {
  IssuanceState,
  NodeAvailability,
  NodeMembership,
  NodeRole,
  NodeState,
  type Node,
} from "../../../proto/generated.ts";

export const CLUSTER_ID = "cluster";

const certificate = (cn: string, role: NodeRole) =>
  make("Certificate", { cn, role, state: IssuanceState.ISSUED });

/** The object of a node that has joined. Managers are drained: they run no tasks. */
export function nodeObject(id: string, role: NodeRole, labels: Record<string, string> = {}): Node {
  const manager = role === NodeRole.MANAGER;
  return make("Node", {
    id,
    spec: make("NodeSpec", {
      annotations: make("Annotations", { labels }),
      desiredRole: role,
      membership: NodeMembership.ACCEPTED,
      availability: manager ? NodeAvailability.DRAIN : NodeAvailability.ACTIVE,
    }),
    role,
    certificate: certificate(id, role),
    status: make("NodeStatus", { state: NodeState.UNKNOWN }),
  });
}

/** The state that a run begins with. */
export function firstObjects(
  managers: readonly string[],
  workers: readonly string[],
  random: SeededRandom,
): readonly BootstrapObject[] {
  const [first, ...others] = managers;
  const objects = bootstrapObjects(
    {
      clusterId: CLUSTER_ID,
      spec: null,
      rootCa: make("RootCa", { caCert: "root" }),
      defaultAddressPool: [],
      subnetSize: 0,
      vxlanUdpPort: 0,
      node: {
        id: first!,
        certificate: certificate(first!, NodeRole.MANAGER),
        availability: NodeAvailability.DRAIN,
        addr: "",
      },
    },
    random,
  );
  const nodes = [
    ...others.map((id) => nodeObject(id, NodeRole.MANAGER)),
    ...workers.map((id, i) => nodeObject(id, NodeRole.WORKER, { zone: i % 2 === 0 ? "a" : "b" })),
  ];
  return [...objects, ...nodes.map((object) => ({ kind: "node", object }) as const)];
}
