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

/** The object of a node that has joined. Those without a zone are drained: they run no tasks. */
function nodeObject(id: string, role: NodeRole, labels: Record<string, string> = {}): Node {
  const drained = labels.zone === undefined;
  return make("Node", {
    id,
    spec: make("NodeSpec", {
      annotations: make("Annotations", { labels }),
      desiredRole: role,
      membership: NodeMembership.ACCEPTED,
      availability: drained ? NodeAvailability.DRAIN : NodeAvailability.ACTIVE,
    }),
    role,
    certificate: certificate(id, role),
    status: make("NodeStatus", { state: NodeState.UNKNOWN }),
  });
}

/** Who is in a cluster at the beginning, by the names of their nodes. */
export interface FirstNodes {
  readonly managers: readonly string[];
  readonly workers: readonly string[];
  /** Run no tasks, and may be made managers. */
  readonly recruits: readonly string[];
}

/** The state that a run begins with. */
export function firstObjects(
  { managers, workers, recruits }: FirstNodes,
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
    ...recruits.map((id) => nodeObject(id, NodeRole.WORKER)),
    ...workers.map((id, i) => nodeObject(id, NodeRole.WORKER, { zone: i % 2 === 0 ? "a" : "b" })),
  ];
  return [...objects, ...nodes.map((object) => ({ kind: "node", object }) as const)];
}
