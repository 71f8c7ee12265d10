import type { X509Certificate } from "node:crypto";
import { SwarmError } from "../lib/errors.ts";
import { parseBundle } from "./root.ts";

/** More intermediates than rotation ever makes. */
const CHAIN_MAX = 4;

/**
 * Checks that a chain (PEM, leaf first) leads to one of `roots`, each certificate signed by the
 * next. Validity in time is not looked at. Throws `invalid`.
 */
export function verifyChain(chain: string, roots: readonly X509Certificate[]): void {
  const certificates = parseBundle(chain).slice(0, CHAIN_MAX);
  for (const [i, certificate] of certificates.entries()) {
    if (roots.some((root) => isIssuedBy(certificate, root))) return;
    const next = certificates[i + 1];
    if (next === undefined || !next.ca || !isIssuedBy(certificate, next)) break;
  }
  throw new SwarmError("invalid", "the certificate does not lead to a root of the cluster");
}

/** Whether `issuer` signed `certificate`. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
