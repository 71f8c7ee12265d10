import { SwarmError } from "../lib/errors.ts";
import { IssuanceState, NodeState, type Node, type RootCa } from "../proto/generated.ts";
import { rootCaOf } from "./bootstrap.ts";
import { issuerInfoOf, type IssuerInfo } from "./identity.ts";
import {
  crossSign,
  parseRoots,
  parseSigningRoot,
  rootDigest,
  type CaModules,
  type SigningRoot,
} from "./root.ts";

/** Nodes told to renew at a time, so that they do not all come at once. */
const MARK_MAX = 30;
/** A root brought along must live at least this long: one year. */
const REMAINING_MIN_MS = 31_536_000_000;

/**
 * How the rotation of a root goes on. It starts with {@link beginRotation}: from then on the next
 * root's key signs, and a cross-signed intermediate leads from those certificates to the present
 * root. Nodes are marked to renew until each holds such a certificate; then {@link finishRotation}
 * makes the next root the cluster's.
 */
export interface RotationPlan {
  /** Nodes to mark now ({@link markForRotation}). */
  readonly mark: readonly string[];
  /** Nodes whose certificate the next root has not issued yet; none left means finish. */
  readonly waitingFor: readonly string[];
}

function isSameIssuer(left: IssuerInfo, right: IssuerInfo): boolean {
  return (
    Buffer.compare(left.certIssuerSubject, right.certIssuerSubject) === 0 &&
    Buffer.compare(left.certIssuerPublicKey, right.certIssuerPublicKey) === 0
  );
}

function isMarkable({ certificate }: Node): boolean {
  const state = certificate?.state;
  return state === IssuanceState.ISSUED || state === IssuanceState.FAILED;
}

/** Ready nodes renew at once; the others when they are back. */
function byReadiness(left: Node, right: Node): number {
  const rank = ({ status }: Node): number => (status?.state === NodeState.READY ? 0 : 1);
  return rank(left) - rank(right);
}

/** What is to be done for the rotation that runs. `nodes` are all of the cluster's. */
export function planRotation(rootCa: RootCa, nodes: readonly Node[]): RotationPlan {
  const next = rootCa.rootRotation && parseRoots(rootCa.rootRotation.caCert)[0];
  if (!next) return { mark: [], waitingFor: [] };
  const issuer = issuerInfoOf(next);
  const waiting = nodes.filter(({ description }) => {
    const reported = description?.tlsInfo;
    return !reported || !isSameIssuer(reported, issuer);
  });
  const mark = waiting.filter(isMarkable).sort(byReadiness).slice(0, MARK_MAX);
  return { mark: mark.map(({ id }) => id), waitingFor: waiting.map(({ id }) => id) };
}

/** The node, told to renew its certificate; unchanged when it is about to anyway. */
export function markForRotation(node: Node): Node {
  if (node.certificate === null || !isMarkable(node)) return node;
  return { ...node, certificate: { ...node.certificate, state: IssuanceState.ROTATE } };
}

function isSameRoot(left: string, right: string): boolean {
  return left !== "" && right !== "" && rootDigest(left).equals(rootDigest(right));
}

function checkNext(next: SigningRoot, current: string, now: number): SigningRoot {
  const usable = parseSigningRoot(next);
  const [root] = parseRoots(usable.certificate);
  const [present] = parseRoots(current);
  if (root && Date.parse(root.validTo) - now < REMAINING_MIN_MS) {
    throw new SwarmError("invalid", `the new CA certificate ends within a year: ${root.validTo}`);
  }
  if (root && present && root.publicKey.equals(present.publicKey)) {
    throw new SwarmError("invalid", "the new CA certificate has the key of the present one");
  }
  return usable;
}

/**
 * The cluster's CA with a rotation to `next` under way; it replaces one that runs. Asking for the
 * present root cancels the rotation that runs. Throws `invalid` when `next` cannot be a root here, and
 * `failed-precondition` when the cluster holds no key to cross-sign it with.
 */
export async function beginRotation(
  rootCa: RootCa,
  next: SigningRoot,
  modules: CaModules,
): Promise<RootCa> {
  const { caCert, caKey } = rootCa;
  if (isSameRoot(next.certificate, caCert)) return { ...rootCa, rootRotation: null };
  const usable = checkNext(next, caCert, modules.clock.now());
  if (caKey === "") {
    throw new SwarmError("failed-precondition", "the cluster does not hold the key of its CA");
  }
  const current = { certificate: caCert, key: caKey };
  const crossSignedCaCert = await crossSign(current, usable.certificate, modules);
  const rootRotation = { caCert: usable.certificate, caKey: usable.key, crossSignedCaCert };
  return { ...rootCa, rootRotation };
}

/** The cluster's CA after the rotation: the next root, and new join tokens that pin it. */
export function finishRotation(rootCa: RootCa, modules: Pick<CaModules, "random">): RootCa {
  const { rootRotation, lastForcedRotation } = rootCa;
  if (rootRotation === null) return rootCa;
  const { caCert, caKey } = rootRotation;
  return { ...rootCaOf({ certificate: caCert, key: caKey }, modules), lastForcedRotation };
}
