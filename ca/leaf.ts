import type { webcrypto } from "node:crypto";
import type { Caller } from "../proto/call.ts";
import { NodeRole } from "../proto/generated.ts";
import { verifyCsr } from "./csr.ts";
import { BACKDATE_MS, normalizePem, type CaModules, type SigningRoot } from "./root.ts";
import { newSerial, signingKey, wholeSecond, x509 } from "./x509.ts";

/** Role of a node as its certificate's organisational unit says it. */
export type CertifiedRole = Exclude<Caller["role"], "none">;

/** Organisational unit of each role; `swarm-manager` is also the server name of managers. */
export const ROLE_UNITS: Readonly<Record<CertifiedRole, string>> = {
  manager: "swarm-manager",
  worker: "swarm-worker",
};
/** Server name of managers for callers that have no certificate yet. */
export const CA_SERVER_NAME = "swarm-ca";
/** How long a node's certificate lives when the cluster does not say: 90 days. */
export const CERTIFICATE_EXPIRY_DEFAULT_MS = 7_776_000_000;
/** The shortest life a cluster may ask for. */
const CERTIFICATE_EXPIRY_MIN_MS = 3_600_000;
const NS_PER_MS = 1e6;

/** Whom a certificate is for. */
export interface LeafSubject {
  readonly nodeId: string;
  readonly role: CertifiedRole;
  readonly clusterId: string;
}

/** Who signs, and what goes along with each certificate. */
export interface LeafIssuer extends SigningRoot {
  /** PEM appended to each leaf: the cross-signed root while roots rotate, else empty. */
  readonly intermediates: string;
}

/** The certificate's word for a stored role. */
export function certifiedRole(role: NodeRole): CertifiedRole {
  return role === NodeRole.MANAGER ? "manager" : "worker";
}

/**
 * Milliseconds a node's certificate lives, from the cluster's setting in nanoseconds. One below an
 * hour counts as unset, as in swarm mode.
 */
export function certificateExpiryMs(configuredNs: number): number {
  const ms = configuredNs / NS_PER_MS;
  return ms < CERTIFICATE_EXPIRY_MIN_MS ? CERTIFICATE_EXPIRY_DEFAULT_MS : ms;
}

/** A {@link LeafIssuer} taken apart, ready to sign: half of the work of a signature, done once. */
export interface OpenIssuer {
  readonly root: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
  readonly authority: x509.Extension;
  /** Normalized PEM, or empty. */
  readonly intermediates: string;
}

/** Takes an issuer apart. Throws `invalid` when its key is unusable. */
export async function openIssuer(issuer: LeafIssuer): Promise<OpenIssuer> {
  const root = new x509.X509Certificate(issuer.certificate);
  return {
    root,
    key: await signingKey(issuer.key),
    authority: await x509.AuthorityKeyIdentifierExtension.create(root.publicKey),
    intermediates: issuer.intermediates === "" ? "" : normalizePem(issuer.intermediates),
  };
}

const USAGES: readonly x509.Extension[] = [
  new x509.BasicConstraintsExtension(false, undefined, true),
  new x509.KeyUsagesExtension(
    x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment,
    true,
  ),
  new x509.ExtendedKeyUsageExtension([
    x509.ExtendedKeyUsage.serverAuth,
    x509.ExtendedKeyUsage.clientAuth,
  ]),
];

function namesOf({ nodeId, role }: LeafSubject): x509.Extension {
  const names = [ROLE_UNITS[role], nodeId, ...(role === "manager" ? [CA_SERVER_NAME] : [])];
  return new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value })));
}

/**
 * Certifies the key of a CSR for a node: valid from an hour ago until `expiryMs` from now, but never
 * longer than its issuer. Returns the leaf and the issuer's intermediates as PEM. Throws `invalid`
 * when the CSR is unusable.
 */
export async function signLeaf(
  csr: string,
  subject: LeafSubject,
  { root, key, authority, intermediates }: OpenIssuer,
  expiryMs: number,
  { clock, random }: CaModules,
): Promise<string> {
  const publicKey = await verifyCsr(csr);
  const now = clock.now();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(random),
    subject: [
      { O: [subject.clusterId] },
      { OU: [ROLE_UNITS[subject.role]] },
      { CN: [subject.nodeId] },
    ],
    issuer: root.subjectName,
    notBefore: wholeSecond(now - BACKDATE_MS),
    notAfter: wholeSecond(Math.min(now + expiryMs, root.notAfter.getTime())),
    publicKey,
    signingKey: key,
    extensions: [
      ...USAGES,
      namesOf(subject),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      authority,
    ],
  });
  return normalizePem(certificate.toString("pem")) + intermediates;
}
