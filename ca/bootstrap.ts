import { make } from "../proto/codec.ts";
import { IssuanceState, NodeRole, type Certificate, type RootCa } from "../proto/generated.ts";
import type { TlsMaterial } from "../proto/node-tls.ts";
import { createCsr } from "./csr.ts";
import { openIssuer, signLeaf } from "./leaf.ts";
import { createRoot, rootDigest, type CaModules, type SigningRoot } from "./root.ts";
import { newJoinTokens } from "./tokens.ts";

export interface BootstrapOptions {
  /** The first manager. */
  readonly nodeId: string;
  readonly clusterId: string;
  /** Life of the manager's certificate, milliseconds. */
  readonly expiryMs: number;
  /** A root of the user's own. @default a new one */
  readonly root?: SigningRoot;
}

/** What a new cluster starts with. */
export interface Bootstrap {
  /** The first manager's certificate and key, with the root to trust. */
  readonly material: TlsMaterial;
  /** For the cluster object: root, its key, and both join tokens. */
  readonly rootCa: RootCa;
  /** For the first manager's node object. */
  readonly certificate: Certificate;
}

/** The cluster object's CA state for a root: its digest, and new join tokens. */
export function rootCaOf(root: SigningRoot, { random }: Pick<CaModules, "random">): RootCa {
  return make("RootCa", {
    caKey: root.key,
    caCert: root.certificate,
    caCertHash: `sha256:${rootDigest(root.certificate).toString("hex")}`,
    joinTokens: newJoinTokens(root.certificate, random),
  });
}

/** Makes a new cluster's root, join tokens and first certificate. Writes nothing. */
export async function bootstrapCluster(
  options: BootstrapOptions,
  modules: CaModules,
): Promise<Bootstrap> {
  const { nodeId, clusterId, expiryMs } = options;
  const root = options.root ?? (await createRoot(modules));
  const { key, csr } = await createCsr();
  const subject = { nodeId, role: "manager", clusterId } as const;
  const issuer = await openIssuer({ ...root, intermediates: "" });
  const certificate = await signLeaf(csr, subject, issuer, expiryMs, modules);
  return {
    material: { roots: root.certificate, certificate, key },
    rootCa: rootCaOf(root, modules),
    certificate: {
      role: NodeRole.MANAGER,
      csr,
      certificate,
      state: IssuanceState.ISSUED,
      err: "",
      cn: nodeId,
    },
  };
}
