// The library finds its parsers through decorators' metadata, so this import comes first.
import "reflect-metadata";
import { createPrivateKey, webcrypto, type KeyObject } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { messageOf, SwarmError } from "../lib/errors.ts";
import type { Random } from "../lib/random.ts";

x509.cryptoProvider.set(webcrypto);

export { x509 };

/** Hash of every signature we make. */
export const SIGNATURE_HASH = "SHA-256";

const EC_CURVES: Readonly<Record<string, string>> = {
  prime256v1: "P-256",
  secp384r1: "P-384",
  secp521r1: "P-521",
};
const RSA_BITS_MIN = 2048;
const SERIAL_BYTES = 16;

/** The key kinds we take from others: NIST curves, and RSA of at least 2048 bits; else null. */
function algorithmOf(key: KeyObject): { name: string; namedCurve?: string; hash?: string } | null {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === "ec") {
    const namedCurve = EC_CURVES[details?.namedCurve ?? ""];
    return namedCurve === undefined ? null : { name: "ECDSA", namedCurve };
  }
  if (key.asymmetricKeyType === "rsa" && (details?.modulusLength ?? 0) >= RSA_BITS_MIN) {
    return { name: "RSASSA-PKCS1-v1_5", hash: SIGNATURE_HASH };
  }
  return null;
}

/** Whether a public or private key is of a kind and strength that the cluster accepts. */
export function isKeyAccepted(key: KeyObject): boolean {
  return algorithmOf(key) !== null;
}

/** A fresh ECDSA P-256 key pair. */
export function newKeyPair(): Promise<webcrypto.CryptoKeyPair> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

/** A private key as PKCS#8 in PEM. */
export async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key));
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" })
    .export({ type: "pkcs8", format: "pem" })
    .toString();
}

/** A private key in PEM, PKCS#8 or traditional; throws `invalid` when it is unreadable. */
export function parseKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    // The parser's text names the format's fault only, never key bytes.
    throw new SwarmError("invalid", `the private key is unreadable: ${messageOf(error)}`);
  }
}

/** A key that signs certificates. Throws `invalid` on a kind or strength we do not accept. */
export async function signingKey(pem: string): Promise<webcrypto.CryptoKey> {
  const key = parseKey(pem);
  const algorithm = algorithmOf(key);
  if (algorithm === null) {
    throw new SwarmError(
      "invalid",
      "the CA key must be ECDSA on P-256, P-384 or P-521, or RSA of 2048 bits or more",
    );
  }
  const der = key.export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
}

/** A certificate's serial number: 127 bits of chance, positive, hexadecimal (RFC 5280 §4.1.2.2). */
export function newSerial(random: Random): string {
  const bytes = Buffer.from(random.bytes(SERIAL_BYTES));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString("hex");
}

/** X.509 times have whole seconds. */
export function wholeSecond(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}
