import { exportKey, newKeyPair, newSerial, x509 } from "../../ca/x509.ts";
import { systemClock } from "../../lib/clock.ts";
import { systemRandom } from "../../lib/random.ts";
import type { TlsMaterial } from "../../proto/node-tls.ts";

/** A name in every such certificate, whatever the address. */
export const CERTIFIED_NAME = "bench";

const HOUR_MS = 3_600_000;

/** One certificate for every end of a peer system, its own root, good for these addresses. */
export async function selfSigned(addresses: readonly string[]): Promise<TlsMaterial> {
  const keys = await newKeyPair();
  const now = systemClock.now();
  const names = [
    { type: "dns" as const, value: CERTIFIED_NAME },
    ...addresses.map((value) => ({ type: "ip" as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(systemRandom),
    name: "CN=bench",
    keys,
    notBefore: new Date(now - HOUR_MS),
    notAfter: new Date(now + 24 * HOUR_MS),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      new x509.BasicConstraintsExtension(true),
      new x509.SubjectAlternativeNameExtension(names),
      new x509.ExtendedKeyUsageExtension([
        x509.ExtendedKeyUsage.serverAuth,
        x509.ExtendedKeyUsage.clientAuth,
      ]),
    ],
  });
  const pem = certificate.toString("pem");
  return { roots: pem, certificate: pem, key: await exportKey(keys.privateKey) };
}
