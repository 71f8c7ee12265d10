import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { SwarmError } from "../../../lib/errors.ts";

/** Organisational unit of a manager's certificate. */
const MANAGER_ROLE = "swarm-manager";

/** DNS name in every manager's certificate; peers are dialled by it, whatever their address. */
export const MANAGER_SERVER_NAME = "swarm-manager";

type Subject = PeerCertificate["subject"] | undefined;

/** A part of a subject as text; a repeated one is nobody's. */
function part(value: string | readonly string[] | undefined): string {
  return typeof value === "string" ? value : "";
}

/** Why a certificate that TLS has verified is not that of a manager of `clusterId`, or null. */
function subjectProblem(subject: Subject, clusterId: string): string | null {
  const role = part(subject?.OU);
  const cluster = part(subject?.O);
  if (part(subject?.CN) === "") return "it names no node";
  if (role !== MANAGER_ROLE) return `its role is "${role}", not ${MANAGER_ROLE}`;
  if (cluster !== clusterId) return `it is of cluster "${cluster}", not ${clusterId}`;
  return null;
}

/**
 * The node id that a caller's certificate proves.
 * @throws SwarmError `unauthenticated` or `denied`
 */
export function callerNodeId(subject: Subject, clusterId: string): string {
  if (!subject)
    throw new SwarmError("unauthenticated", "a manager's certificate is needed to speak Raft");
  const problem = subjectProblem(subject, clusterId);
  if (problem) throw new SwarmError("denied", `the certificate is refused: ${problem}`);
  return part(subject.CN);
}

/** Checks the server at the other end of a connection to node `nodeId`. */
export function serverCheck(
  clusterId: string,
  nodeId: string,
): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (host, certificate) => {
    const wrongName = checkServerIdentity(host, certificate);
    if (wrongName) return wrongName;
    const problem = subjectProblem(certificate.subject, clusterId);
    if (problem) return new SwarmError("denied", `the certificate is refused: ${problem}`);
    const name = part(certificate.subject.CN);
    if (name !== nodeId)
      return new SwarmError("denied", `node ${name} answers at this address, not ${nodeId}`);
    return undefined;
  };
}
