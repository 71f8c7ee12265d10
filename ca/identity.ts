import { X509Certificate } from "node:crypto";
import { SwarmError } from "../lib/errors.ts";
import type { Caller } from "../proto/call.ts";
import type { NodeTlsInfo } from "../proto/generated.ts";
import type { TlsMaterial } from "../proto/node-tls.ts";
import { isIssuedBy } from "./chain.ts";
import { ROLE_UNITS, type CertifiedRole, type LeafSubject } from "./leaf.ts";
import { parseBundle } from "./root.ts";
import { x509 } from "./x509.ts";

/** Who a certificate says its holder is, and for how long. */
export interface NodeIdentity extends LeafSubject {
  /** Milliseconds since the epoch. */
  readonly notBeforeMs: number;
  /** Milliseconds since the epoch. */
  readonly notAfterMs: number;
}

const ROLE_BY_UNIT = new Map<string, CertifiedRole>([
  [ROLE_UNITS.manager, "manager"],
  [ROLE_UNITS.worker, "worker"],
]);

/**
 * Reads a node's certificate (DER, or PEM whose first certificate is the leaf). It does not verify
 * it: TLS did. Throws `unauthenticated` when it is no node's certificate.
 */
export function parseIdentity(leaf: Buffer | string): NodeIdentity {
  const certificate = new X509Certificate(leaf);
  // Node types the attributes as strings, but repeated ones come as arrays.
  const subject: Readonly<Record<string, unknown>> = { ...certificate.toLegacyObject().subject };
  const { CN: nodeId, OU: unit, O: clusterId } = subject;
  const role = typeof unit === "string" ? ROLE_BY_UNIT.get(unit) : undefined;
  if (typeof nodeId !== "string" || typeof clusterId !== "string" || role === undefined) {
    throw new SwarmError("unauthenticated", "the certificate is not one of a cluster's node");
  }
  return {
    nodeId,
    role,
    clusterId,
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
  };
}

/** The caller of calls that a node makes itself, within the process. */
export function selfCaller({ certificate }: TlsMaterial): Caller {
  const { nodeId, role, clusterId } = parseIdentity(certificate);
  return { nodeId, role, clusterId, addr: "" };
}

/** A CA as certificates name it: its subject and its public key, both DER. */
export type IssuerInfo = Pick<NodeTlsInfo, "certIssuerSubject" | "certIssuerPublicKey">;

/** How the certificates that `ca` signs name their issuer. */
export function issuerInfoOf(ca: X509Certificate): IssuerInfo {
  return {
    certIssuerSubject: Buffer.from(new x509.X509Certificate(ca.raw).subjectName.toArrayBuffer()),
    certIssuerPublicKey: ca.publicKey.export({ type: "spki", format: "der" }),
  };
}

/**
 * What a node tells the managers of its certificate; root rotation goes by the issuer. Throws
 * `invalid` when the certificate of the leaf's issuer is not among the node's own.
 */
export function tlsInfoOf({ certificate, roots }: TlsMaterial): NodeTlsInfo {
  const [leaf, ...intermediates] = parseBundle(certificate);
  const issuers = [...intermediates, ...parseBundle(roots)];
  const issuer = issuers.find((candidate) => leaf !== undefined && isIssuedBy(leaf, candidate));
  if (issuer === undefined) {
    throw new SwarmError("invalid", "the node's certificate was not issued by a CA it came with");
  }
  return { trustRoot: roots, ...issuerInfoOf(issuer) };
}
