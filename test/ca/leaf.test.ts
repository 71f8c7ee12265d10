import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { createCsr, verifyCsr } from "../../ca/csr.ts";
import { certificateExpiryMs, openIssuer, signLeaf } from "../../ca/leaf.ts";
import { crossSign, createRoot, parseBundle } from "../../ca/root.ts";
import { systemClock } from "../../lib/clock.ts";
import { isSwarmError } from "../../lib/errors.ts";
import { systemRandom } from "../../lib/random.ts";
import { createTestCa } from "../fakes/certificates.ts";

const MODULES = { clock: systemClock, random: systemRandom };
const HOUR_MS = 3_600_000;

describe("node certificate", () => {
  it("names node, role and cluster, and the servers it may stand for", async () => {
    const ca = await createTestCa("cluster1");
    const manager = new X509Certificate((await ca.issue({ nodeId: "n1" })).certificate);
    assert.equal(manager.subject, "O=cluster1\nOU=swarm-manager\nCN=n1");
    assert.equal(manager.subjectAltName, "DNS:swarm-manager, DNS:n1, DNS:swarm-ca");
    const issued = await ca.issue({ nodeId: "n2", role: "worker" });
    const worker = new X509Certificate(issued.certificate);
    assert.equal(worker.subjectAltName, "DNS:swarm-worker, DNS:n2");
    assert.equal(worker.ca, false);
    const serverAndClient = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];
    assert.deepEqual(worker.keyUsage, serverAndClient);
    const root = new X509Certificate(ca.root.certificate);
    assert.ok(worker.checkIssued(root) && worker.verify(root.publicKey));
  });

  it("starts an hour ago and ends with its expiry, or its issuer", async () => {
    const ca = await createTestCa();
    const start = systemClock.now();
    const leaf = new X509Certificate((await ca.issue({ expiryMs: HOUR_MS })).certificate);
    assert.ok(Math.abs(Date.parse(leaf.validFrom) - (start - HOUR_MS)) < 60_000);
    assert.ok(Math.abs(Date.parse(leaf.validTo) - (start + HOUR_MS)) < 60_000);
    const long = new X509Certificate((await ca.issue({ expiryMs: 1e12 })).certificate);
    assert.equal(long.validTo, new X509Certificate(ca.root.certificate).validTo);
  });

  it("takes a configured expiry below an hour for unset", () => {
    assert.equal(certificateExpiryMs(0), 90 * 24 * HOUR_MS);
    assert.equal(certificateExpiryMs(HOUR_MS * 1e6 - 1e6), 90 * 24 * HOUR_MS);
    assert.equal(certificateExpiryMs(HOUR_MS * 1e6), HOUR_MS);
  });

  it("is followed by the issuer's intermediates", async () => {
    const [current, next] = [await createRoot(MODULES), await createRoot(MODULES)];
    const cross = await crossSign(current, next.certificate, MODULES);
    const { csr } = await createCsr();
    const subject = { nodeId: "n", role: "worker", clusterId: "c" } as const;
    const issuer = await openIssuer({ ...next, intermediates: cross });
    const chain = await signLeaf(csr, subject, issuer, 1e9, MODULES);
    const [leaf, intermediate, ...more] = parseBundle(chain);
    assert.equal(more.length, 0);
    assert.equal(intermediate?.toString(), cross);
    assert.ok(leaf?.verify(intermediate.publicKey));
  });

  it("is refused for a CSR that is unreadable, forged or of another key kind", async () => {
    const { csr } = await createCsr();
    assert.ok(await verifyCsr(csr));
    const der = Buffer.from(csr.replace(/-----[^-]+-----|\n/g, ""), "base64");
    der[der.length - 5] = (der[der.length - 5] ?? 0) ^ 1;
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`;
    for (const bad of ["", "text", forged, "A".repeat(100_000), csr.slice(0, 200)]) {
      await assert.rejects(verifyCsr(bad), (error) => isSwarmError(error, "invalid"), bad);
    }
  });
});
