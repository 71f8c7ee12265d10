import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import {
  createRoot,
  crossSign,
  normalizePem,
  parseRoots,
  parseSigningRoot,
  rootDigest,
} from "../../ca/root.ts";
import { systemClock } from "../../lib/clock.ts";
import { isSwarmError } from "../../lib/errors.ts";
import { systemRandom } from "../../lib/random.ts";
import { createTestCa } from "../fakes/certificates.ts";

const MODULES = { clock: systemClock, random: systemRandom };
const YEAR_MS = 365 * 86_400_000;

describe("root CA", () => {
  it("is a self-signed P-256 CA named swarm-ca that lives twenty years", async () => {
    const root = await createRoot(MODULES);
    const certificate = new X509Certificate(root.certificate);
    assert.equal(certificate.subject, "CN=swarm-ca");
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
    assert.equal(certificate.ca, true);
    const life = Date.parse(certificate.validTo) - systemClock.now();
    assert.ok(Math.abs(life - 20 * YEAR_MS) < 86_400_000, certificate.validTo);
    assert.ok(Date.parse(certificate.validFrom) <= systemClock.now() - 3_590_000);
    assert.deepEqual(parseSigningRoot(root), root);
  });

  it("has a digest that line breaks and surrounding text do not change", async () => {
    const { certificate } = await createRoot(MODULES);
    const rewrapped = `# a comment\r\n${certificate.replaceAll("\n", "\r\n")}\r\n\r\n`;
    assert.equal(normalizePem(rewrapped), certificate);
    assert.deepEqual(rootDigest(rewrapped), rootDigest(certificate));
    const other = await createRoot(MODULES);
    assert.notDeepEqual(rootDigest(other.certificate), rootDigest(certificate));
  });

  it("refuses input that is no root", async () => {
    const ca = await createTestCa();
    const leaf = await ca.issue();
    const other = await createRoot(MODULES);
    const bad = [
      () => parseRoots(""),
      () => parseRoots("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
      () => parseRoots(leaf.certificate),
      () => parseSigningRoot({ certificate: ca.root.certificate, key: other.key }),
      () => parseSigningRoot({ certificate: ca.root.certificate, key: "nonsense" }),
    ];
    for (const parse of bad) assert.throws(parse, (error) => isSwarmError(error, "invalid"));
  });

  it("leads from the old root to what the new key signs, when cross-signed", async () => {
    const old = new X509Certificate((await createTestCa()).root.certificate);
    const [current, next] = [await createRoot(MODULES), await createRoot(MODULES)];
    const cross = new X509Certificate(await crossSign(current, next.certificate, MODULES));
    const nextRoot = new X509Certificate(next.certificate);
    assert.equal(cross.verify(new X509Certificate(current.certificate).publicKey), true);
    assert.equal(cross.verify(old.publicKey), false);
    assert.equal(cross.subject, nextRoot.subject);
    assert.ok(cross.publicKey.equals(nextRoot.publicKey));
    assert.equal(cross.ca, true);
  });
});
