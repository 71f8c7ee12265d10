import { make } from "../../proto/codec.ts";
import {
  NodeAvailability,
  NodeMembership,
  NodeRole,
  NodeState,
  Reachability,
  type ManagerStatus,
  type Node,
  type CsiNodeInfo,
  type NodeDescription,
  type NodeSpec,
} from "../../proto/generated.ts";
import { badRequest } from "../request-error.ts";
import type { JsonObject } from "../json-object.ts";
import { annotationsJson, base64, metaJson, readAnnotations, some, type Json } from "./common.ts";
import { Names } from "./names.ts";
import { resourcesJson } from "./resources.ts";

export const ROLES = new Names<NodeRole>("Role", {
  worker: NodeRole.WORKER,
  manager: NodeRole.MANAGER,
});
export const AVAILABILITIES = new Names<NodeAvailability>("Availability", {
  active: NodeAvailability.ACTIVE,
  pause: NodeAvailability.PAUSE,
  drain: NodeAvailability.DRAIN,
});
export const MEMBERSHIPS = new Names<NodeMembership>("Membership", {
  pending: NodeMembership.PENDING,
  accepted: NodeMembership.ACCEPTED,
});
export const NODE_STATES = new Names<NodeState>("State", {
  unknown: NodeState.UNKNOWN,
  down: NodeState.DOWN,
  ready: NodeState.READY,
  disconnected: NodeState.DISCONNECTED,
});
export const REACHABILITIES = new Names<Reachability>("Reachability", {
  unknown: Reachability.UNKNOWN,
  unreachable: Reachability.UNREACHABLE,
  reachable: Reachability.REACHABLE,
});

function descriptionJson(description: NodeDescription | null): Json {
  const { engine = null, tlsInfo = null, platform = null } = description ?? {};
  return {
    Hostname: some(description?.hostname ?? ""),
    Platform: { Architecture: some(platform?.architecture ?? ""), OS: some(platform?.os ?? "") },
    Resources: description?.resources ? resourcesJson(description.resources) : {},
    Engine: {
      EngineVersion: some(engine?.engineVersion ?? ""),
      Labels: some(engine?.labels ?? {}),
      Plugins: some((engine?.plugins ?? []).map(({ type, name }) => ({ Type: type, Name: name }))),
    },
    TLSInfo: {
      TrustRoot: some(tlsInfo?.trustRoot ?? ""),
      CertIssuerSubject: tlsInfo ? base64(tlsInfo.certIssuerSubject) : undefined,
      CertIssuerPublicKey: tlsInfo ? base64(tlsInfo.certIssuerPublicKey) : undefined,
    },
    CSIInfo: some((description?.csiInfo ?? []).map(csiJson)),
  };
}

function csiJson({ pluginName, nodeId, maxVolumesPerNode, accessibleTopology }: CsiNodeInfo): Json {
  const isSomewhere = Object.keys(accessibleTopology).length > 0;
  return {
    PluginName: some(pluginName),
    NodeID: some(nodeId),
    MaxVolumesPerNode: some(maxVolumesPerNode),
    AccessibleTopology: isSomewhere ? { Segments: accessibleTopology } : undefined,
  };
}

function managerJson(status: ManagerStatus | null): Json | undefined {
  if (!status) return undefined;
  return {
    Leader: some(status.leader),
    Reachability: REACHABILITIES.word(status.reachability),
    Addr: some(status.addr),
  };
}

/** A node as `GET /nodes/{id}` prints it. */
export function nodeJson(node: Node): Json {
  const { spec, status } = node;
  return {
    ID: node.id,
    ...metaJson(node.meta),
    Spec: {
      ...annotationsJson(spec?.annotations ?? null),
      Role: ROLES.word(spec?.desiredRole ?? NodeRole.WORKER),
      Availability: AVAILABILITIES.word(spec?.availability ?? NodeAvailability.ACTIVE),
    },
    Description: descriptionJson(node.description),
    Status: {
      State: NODE_STATES.word(status?.state ?? NodeState.UNKNOWN),
      Message: some(status?.message ?? ""),
      Addr: some(status?.addr ?? ""),
    },
    ManagerStatus: managerJson(node.managerStatus),
  };
}

/** Reads a node's `Spec`. Throws 400 on an unknown role or availability; both are required. */
export function readNodeSpec(json: JsonObject): NodeSpec {
  const role = ROLES.value(json.text("Role"));
  const availability = AVAILABILITIES.value(json.text("Availability"));
  if (role === undefined) throw badRequest(`invalid Role: "${json.text("Role")}"`);
  if (availability === undefined)
    throw badRequest(`invalid Availability: "${json.text("Availability")}"`);
  return make("NodeSpec", {
    annotations: readAnnotations(json),
    desiredRole: role,
    availability,
    membership: NodeMembership.ACCEPTED,
  });
}
