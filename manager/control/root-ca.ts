import { isDeepStrictEqual } from "node:util";
import { createRoot, type CaModules } from "../../ca/root.ts";
import { beginRotation } from "../../ca/rotation.ts";
import { SwarmError } from "../../lib/errors.ts";
import type { CaConfig, Cluster, RootCa } from "../../proto/generated.ts";
import { invalid } from "./validate/check.ts";

/**
 * The cluster's CA as `wanted` asks for it: with a rotation under way to the signing certificate
 * that it brings along, or to a new one when `forceRotate` was raised; otherwise as it is.
 * @throws SwarmError `invalid`, `failed-precondition`; `unimplemented` for external CAs
 */
export async function nextRootCa(
  { spec, rootCa }: Cluster,
  wanted: CaConfig | null,
  modules: CaModules,
): Promise<RootCa | null> {
  if (!wanted || !rootCa) return rootCa;
  if (!isDeepStrictEqual(wanted.externalCas, spec?.ca?.externalCas ?? []))
    throw new SwarmError("unimplemented", "external certificate authorities are not supported");
  const { signingCaCert: certificate, signingCaKey: key, forceRotate } = wanted;
  if (certificate !== "" && key === "") throw invalid("a signing CA certificate needs its key");
  if (certificate === "" && forceRotate === (spec?.ca?.forceRotate ?? 0)) return rootCa;
  const next = certificate === "" ? await createRoot(modules) : { certificate, key };
  const started = await beginRotation(rootCa, next, modules);
  return { ...started, lastForcedRotation: forceRotate };
}
