import { createHash, X509Certificate } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import { messageOf, SwarmError } from "../lib/errors.ts";
import type { Random } from "../lib/random.ts";
import {
  exportKey,
  isKeyAccepted,
  newKeyPair,
  newSerial,
  parseKey,
  SIGNATURE_HASH,
  signingKey,
  wholeSecond,
  x509,
} from "./x509.ts";

/** Common name of every root we make. */
const ROOT_NAME = "swarm-ca";
/** Life of a root: 20 years, as swarm mode's. */
const ROOT_VALIDITY_MS = 630_720_000_000;
/** A new root's certificate starts in the past, for nodes whose clocks are behind. */
export const BACKDATE_MS = 3_600_000;
/** Larger bundles are refused before they are parsed. */
const BUNDLE_BYTES_MAX = 256 * 1024;

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** A root that can sign. */
export interface SigningRoot {
  /** PEM, normalized. */
  readonly certificate: string;
  /** PKCS#8 in PEM. Secret. */
  readonly key: string;
}

/** Time and chance, which certificates are made of. */
export interface CaModules {
  readonly clock: Clock;
  readonly random: Random;
}

/** Every certificate of a PEM bundle, in order. Throws `invalid` when there is none or one is bad. */
export function parseBundle(pem: string): readonly X509Certificate[] {
  const blocks = pem.length > BUNDLE_BYTES_MAX ? null : pem.match(PEM_BLOCK);
  if (blocks === null) throw new SwarmError("invalid", "there is no PEM certificate in the input");
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw new SwarmError("invalid", `a certificate is unreadable: ${messageOf(error)}`);
  }
}

/** The bundle with one form of line breaks and nothing between its certificates. */
export function normalizePem(pem: string): string {
  return parseBundle(pem)
    .map((certificate) => certificate.toString())
    .join("");
}

/** SHA-256 of the normalized PEM: what a join token pins. */
export function rootDigest(pem: string): Buffer {
  return createHash("sha256").update(normalizePem(pem)).digest();
}

/** Certificates of a bundle that must each be a root: self-signed, a CA, with a key we accept. */
export function parseRoots(pem: string): readonly X509Certificate[] {
  const roots = parseBundle(pem);
  for (const root of roots) {
    const selfSigned = root.checkIssued(root) && root.verify(root.publicKey);
    if (!selfSigned || !root.ca) {
      throw new SwarmError("invalid", `"${root.subject}" is not a self-signed CA certificate`);
    }
    if (!isKeyAccepted(root.publicKey)) {
      throw new SwarmError("invalid", `the key of CA "${root.subject}" is of a kind too weak`);
    }
  }
  return roots;
}

/** Checks that a certificate and a key make a usable signing root. Throws `invalid`. */
export function parseSigningRoot({ certificate, key }: SigningRoot): SigningRoot {
  const [root, ...more] = parseRoots(certificate);
  if (root === undefined || more.length > 0) {
    throw new SwarmError("invalid", "a signing CA is exactly one certificate");
  }
  if (!root.checkPrivateKey(parseKey(key))) {
    throw new SwarmError("invalid", "the CA key does not belong to the CA certificate");
  }
  return { certificate: root.toString(), key };
}

function caExtensions(): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ];
}

/** A new self-signed root on ECDSA P-256, valid 20 years. */
export async function createRoot({ clock, random }: CaModules): Promise<SigningRoot> {
  const keys = await newKeyPair();
  const now = clock.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(random),
    name: [{ CN: [ROOT_NAME] }],
    notBefore: wholeSecond(now - BACKDATE_MS),
    notAfter: wholeSecond(now + ROOT_VALIDITY_MS),
    signingAlgorithm: { name: "ECDSA", hash: SIGNATURE_HASH },
    keys,
    extensions: [
      ...caExtensions(),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificate: normalizePem(certificate.toString("pem")),
    key: await exportKey(keys.privateKey),
  };
}

/**
 * An intermediate that carries the name and key of `next` but is signed by `current`: whoever trusts
 * only the current root can follow it to certificates that the next root's key signs. Used while
 * roots rotate. Its life ends with the shorter of the two.
 */
export async function crossSign(
  current: SigningRoot,
  next: string,
  { clock, random }: CaModules,
): Promise<string> {
  const issuer = new x509.X509Certificate(current.certificate);
  const subject = new x509.X509Certificate(next);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(random),
    subject: subject.subjectName,
    issuer: issuer.subjectName,
    notBefore: wholeSecond(clock.now() - BACKDATE_MS),
    notAfter: new Date(Math.min(subject.notAfter.getTime(), issuer.notAfter.getTime())),
    publicKey: subject.publicKey,
    signingKey: await signingKey(current.key),
    extensions: [
      ...caExtensions(),
      await x509.SubjectKeyIdentifierExtension.create(subject.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return normalizePem(certificate.toString("pem"));
}
