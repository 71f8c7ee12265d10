import { sleep } from "../../lib/clock.ts";
import { SwarmError } from "../../lib/errors.ts";
import type { Engine } from "../api/engine.ts";
import type { Cluster, ExternalCa, Node, SwarmSpec, TlsInfo } from "../api/types.ts";
import { engineOf, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { boolFlag, durationFlag, repeatedFlag, textFlag } from "../flags/option.ts";
import { given } from "../spec/present.ts";
import { parseExternalCa } from "./swarm-flags.ts";
import { updateSwarm } from "./update.ts";

const POLL_PERIOD_MS = 200;

interface CaFlags {
  readonly caCert?: string;
  readonly caKey?: string;
  readonly certExpiry?: number;
  readonly detach?: boolean;
  readonly externalCa?: readonly ExternalCa[];
  readonly quiet?: boolean;
  readonly rotate?: boolean;
}

/** `swarm ca`: shows the root certificate; `--rotate` replaces it everywhere. */
export function addCa(parent: SwarmCommand, context: Context): void {
  const command = parent.command("ca").description("Display and rotate the root CA");
  command
    .addOption(textFlag("ca-cert", "PEM file of the new root CA's certificate", "pem-file"))
    .addOption(textFlag("ca-key", "PEM file of the new root CA's key", "pem-file"))
    .addOption(durationFlag("cert-expiry", "Validity of node certificates (default 2160h0m0s)"))
    .addOption(boolFlag("d,detach", "Exit immediately instead of waiting for the root rotation"))
    .addOption(
      repeatedFlag("external-ca", "external-ca", "Certificate signing endpoint", parseExternalCa),
    )
    .addOption(boolFlag("q,quiet", "Suppress progress output"))
    .addOption(boolFlag("rotate", "Rotate the swarm CA; without certificate and key to new ones"))
    .action(async (flags: CaFlags) => {
      const engine = await engineOf(command, context);
      if (flags.rotate) await rotate(flags, engine, context);
      else refuseRotationFlags(flags);
      const cluster = await readCluster(engine);
      if (!flags.detach) context.out.write(`${(cluster.TLSInfo?.TrustRoot ?? "").trimEnd()}\n`);
    });
}

function refuseRotationFlags(flags: CaFlags): void {
  const needsRotate = Object.keys(flags).find((flag) => flag !== "quiet" && flag !== "swarmHost");
  if (needsRotate !== undefined)
    throw new SwarmError(
      "invalid",
      "only together with --rotate do the other flags have a meaning",
    );
}

function readCluster(engine: Engine): Promise<Cluster> {
  return engine.request<Cluster>({ method: "GET", path: "/swarm" });
}

async function rotate(flags: CaFlags, engine: Engine, context: Context): Promise<void> {
  if (flags.caKey !== undefined && flags.caCert === undefined)
    throw new SwarmError("invalid", "--ca-key needs --ca-cert, the certificate that belongs to it");
  const read = async (path: string | undefined): Promise<string | undefined> =>
    path === undefined ? undefined : (await context.readFile(path)).toString();
  const [cert, key] = [await read(flags.caCert), await read(flags.caKey)];
  await updateSwarm(engine, (spec) => rotatedSpec(spec, flags, cert, key), context);
  if (!flags.detach) await waitForRotation(engine, flags.quiet === true, context);
}

function rotatedSpec(
  spec: SwarmSpec,
  flags: CaFlags,
  cert: string | undefined,
  key: string | undefined,
): SwarmSpec {
  return {
    ...spec,
    CAConfig: {
      ...spec.CAConfig,
      ...given({
        NodeCertExpiry: flags.certExpiry,
        ExternalCAs: flags.externalCa,
        SigningCACert: cert,
        SigningCAKey: key,
      }),
      ForceRotate: (spec.CAConfig?.ForceRotate ?? 0) + 1,
    },
  } as SwarmSpec;
}

/** Until every node has a certificate of the new root; tells each change of the count. */
async function waitForRotation(engine: Engine, isQuiet: boolean, context: Context): Promise<void> {
  let shown = "";
  for (;;) {
    const cluster = await readCluster(engine);
    const nodes = await engine.request<Node[]>({ method: "GET", path: "/nodes" });
    const done = nodes.filter((node) => isSameRoot(node.Description.TLSInfo, cluster.TLSInfo));
    const text = `rotated TLS certificates: ${done.length}/${nodes.length} nodes\n`;
    if (!isQuiet && text !== shown) context.err.write((shown = text));
    if (!cluster.RootRotationInProgress && done.length === nodes.length) return;
    await sleep(context.clock, POLL_PERIOD_MS, context.signal);
  }
}

function isSameRoot(node: TlsInfo | undefined, cluster: TlsInfo | undefined): boolean {
  return (
    node?.TrustRoot === cluster?.TrustRoot &&
    node?.CertIssuerSubject === cluster?.CertIssuerSubject &&
    node?.CertIssuerPublicKey === cluster?.CertIssuerPublicKey
  );
}
