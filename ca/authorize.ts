import { createHash } from "node:crypto";
import { unreachable } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import { SwarmError } from "../lib/errors.ts";
import type { Caller } from "../proto/call.ts";
import { FORWARDED } from "../proto/rpc-client.ts";
import type { Incoming } from "../proto/rpc-server.ts";
import { parseIdentity, type NodeIdentity } from "./identity.ts";
import { PERMISSIONS, type Permission } from "./permissions.ts";
import { removedNodeError } from "./removed-node.ts";

/** Parsed certificates kept; more than any cluster has nodes. */
const IDENTITIES_MAX = 16_384;

export interface AuthorizeModules {
  readonly clock: Pick<Clock, "now">;
  /** The cluster that certificates must be of. */
  readonly clusterId: () => string;
  /** Whether the node was removed from the cluster, so that its certificate counts no more. */
  readonly isBlacklisted: (nodeId: string) => boolean;
}

function denied(path: string, why: string): SwarmError {
  return new SwarmError("denied", `${path} is refused: ${why}`);
}

/** Parses each certificate once: a connection shows the same one with each of its calls. */
class Identities {
  readonly #byDigest = new Map<string, NodeIdentity>();

  of(certificate: Buffer): NodeIdentity {
    const digest = createHash("sha256").update(certificate).digest("base64");
    const known = this.#byDigest.get(digest);
    if (known) return known;
    const identity = parseIdentity(certificate);
    if (this.#byDigest.size >= IDENTITIES_MAX) this.#byDigest.clear();
    this.#byDigest.set(digest, identity);
    return identity;
  }
}

function forwardedCaller({ metadata, path }: Incoming): Caller | null {
  const field = (key: string): string => metadata.get(key)[0]?.toString() ?? "";
  const role = field(FORWARDED.role);
  if (role === "") return null;
  if (role !== "manager" && role !== "worker" && role !== "none") {
    throw denied(path, "it is forwarded for a caller of an unknown role");
  }
  const [nodeId, clusterId, addr] = [FORWARDED.nodeId, FORWARDED.clusterId, FORWARDED.addr].map(
    field,
  );
  return { role, nodeId: nodeId ?? "", clusterId: clusterId ?? "", addr: addr ?? "" };
}

function checkPermission(permission: Permission, { role }: Caller, path: string): void {
  switch (permission) {
    case "anyone":
      return;
    case "node":
      if (role === "none") throw anonymous(path);
      return;
    case "manager":
      if (role === "none") throw anonymous(path);
      if (role !== "manager") throw denied(path, "the caller is not a manager of the cluster");
      return;
    default:
      unreachable(permission, "permission");
  }
}

function anonymous(path: string): SwarmError {
  return new SwarmError(
    "unauthenticated",
    `${path} needs a valid certificate of this cluster, and the caller showed none`,
  );
}

/**
 * Makes the check that every call passes before it is handled (`ServeHooks.authorize`). It proves
 * who calls by the certificate that TLS verified: of our cluster, still valid, of a node that was
 * not removed. A caller that fails counts as one without a certificate, which may still join with a
 * token. A manager may name another caller it forwards for; that one must pass the same checks.
 */
export function authorizer(modules: AuthorizeModules): (incoming: Incoming) => Caller {
  const identities = new Identities();
  const isMember = ({ nodeId, clusterId }: { nodeId: string; clusterId: string }): boolean =>
    clusterId === modules.clusterId() && !modules.isBlacklisted(nodeId);

  const directCaller = ({ certificate, addr }: Incoming): Caller => {
    const nobody: Caller = { nodeId: "", role: "none", clusterId: "", addr };
    if (certificate === undefined) return nobody;
    const identity = identities.of(certificate);
    const { nodeId, role, clusterId, notAfterMs } = identity;
    if (!isMember(identity) || modules.clock.now() > notAfterMs) return nobody;
    return { nodeId, role, clusterId, addr };
  };

  /** Tells a node that was removed so, and it need not try again. */
  const refuseRemoved = ({ certificate }: Incoming): void => {
    if (certificate === undefined) return;
    const { nodeId, clusterId } = identities.of(certificate);
    if (clusterId === modules.clusterId() && modules.isBlacklisted(nodeId))
      throw removedNodeError(nodeId);
  };

  return (incoming) => {
    const { path } = incoming;
    const permission = PERMISSIONS.get(path);
    if (permission === undefined) throw denied(path, "nobody is permitted to call it");
    const direct = directCaller(incoming);
    if (direct.role === "none" && permission !== "anyone") refuseRemoved(incoming);
    const forwarded = forwardedCaller(incoming);
    if (forwarded === null) {
      checkPermission(permission, direct, path);
      return direct;
    }
    if (direct.role !== "manager") throw denied(path, "only managers may forward calls");
    if (forwarded.role !== "none" && !isMember(forwarded)) {
      throw denied(path, "it is forwarded for a node that is not of this cluster");
    }
    checkPermission(permission, forwarded, path);
    return forwarded;
  };
}
