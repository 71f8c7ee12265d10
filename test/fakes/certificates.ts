import { createCsr } from "../../ca/csr.ts";
import { openIssuer, signLeaf, type CertifiedRole } from "../../ca/leaf.ts";
import { createRoot, type SigningRoot } from "../../ca/root.ts";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { systemRandom } from "../../lib/random.ts";
import type { TlsMaterial } from "../../proto/node-tls.ts";

const EXPIRY_MS = 24 * 3_600_000;

export interface TestLeafOptions {
  /** @default "node1" */
  readonly nodeId?: string;
  /** @default "manager" */
  readonly role?: CertifiedRole;
  /** @default the test CA's cluster */
  readonly clusterId?: string;
  /** From now; may be negative. @default one day */
  readonly expiryMs?: number;
}

/** A CA of a test's own that certifies nodes without any server. */
export interface TestCa {
  readonly root: SigningRoot;
  readonly clusterId: string;
  /** A key and certificate, with the root to trust: feed it to `NodeTls`. */
  issue(options?: TestLeafOptions): Promise<TlsMaterial>;
}

/** Makes a root in about a millisecond, and then certificates at will. */
export async function createTestCa(
  clusterId = "cluster1",
  clock: Clock = systemClock,
): Promise<TestCa> {
  const modules = { clock, random: systemRandom };
  const root = await createRoot(modules);
  const issuer = await openIssuer({ ...root, intermediates: "" });
  return {
    root,
    clusterId,
    async issue({ nodeId = "node1", role = "manager", ...rest } = {}) {
      const { key, csr } = await createCsr();
      const subject = { nodeId, role, clusterId: rest.clusterId ?? clusterId };
      const expiryMs = rest.expiryMs ?? EXPIRY_MS;
      const certificate = await signLeaf(csr, subject, issuer, expiryMs, modules);
      return { roots: root.certificate, certificate, key };
    },
  };
}
