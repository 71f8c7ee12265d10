import { createPublicKey } from "node:crypto";
import { messageOf, SwarmError } from "../lib/errors.ts";
import { exportKey, isKeyAccepted, newKeyPair, SIGNATURE_HASH, x509 } from "./x509.ts";

/** A request this long holds no key that we would accept. */
const CSR_BYTES_MAX = 16 * 1024;

/** A key, and the request to certify it. */
export interface KeyAndCsr {
  /** PKCS#8 in PEM. Never leaves the node. */
  readonly key: string;
  /** PKCS#10 in PEM. */
  readonly csr: string;
}

/** A new ECDSA P-256 key with a request for it. The subject is left to whoever signs. */
export async function createCsr(): Promise<KeyAndCsr> {
  const keys = await newKeyPair();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    keys,
    signingAlgorithm: { name: "ECDSA", hash: SIGNATURE_HASH },
  });
  return { key: await exportKey(keys.privateKey), csr: `${request.toString("pem")}\n` };
}

/**
 * The public key of a request whose signature proves that its sender holds the private key.
 * Nothing else in a request is trusted. Throws `invalid`.
 */
export async function verifyCsr(pem: string): Promise<x509.PublicKey> {
  if (pem.length > CSR_BYTES_MAX) throw new SwarmError("invalid", "the CSR is too long");
  let request: x509.Pkcs10CertificateRequest;
  let verified: boolean;
  try {
    request = new x509.Pkcs10CertificateRequest(pem);
    const key = Buffer.from(request.publicKey.rawData);
    if (!isKeyAccepted(createPublicKey({ key, format: "der", type: "spki" }))) {
      throw new SwarmError("invalid", "its key must be ECDSA on P-256 or stronger, or RSA ≥ 2048");
    }
    verified = await request.verify();
  } catch (error) {
    throw new SwarmError("invalid", `the CSR is unusable: ${messageOf(error)}`, { cause: error });
  }
  if (!verified) throw new SwarmError("invalid", "the CSR's signature does not match its key");
  return request.publicKey;
}
