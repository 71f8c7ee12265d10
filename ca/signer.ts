import { sleep, type Clock } from "../lib/clock.ts";
import { isRetryable, isSwarmError, messageOf, SwarmError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { Scope } from "../lib/scope.ts";
import { make } from "../proto/codec.ts";
import {
  IssuanceState,
  NodeMembership,
  type Certificate,
  type Cluster,
  type Node,
} from "../proto/generated.ts";
import type { CaStore } from "./ca-store.ts";
import {
  certificateExpiryMs,
  certifiedRole,
  openIssuer,
  signLeaf,
  type LeafIssuer,
  type OpenIssuer,
} from "./leaf.ts";

/** Requests signed and stored at the same time; the store commits them in groups. */
const SIGNING_MAX = 64;
/** Wait before a request is tried again after the store, or the lack of a key, stopped it. */
const RETRY_MS = 10_000;

export interface SignerModules {
  readonly store: CaStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

interface SigningModules extends SignerModules {
  readonly issuerOf: (cluster: Cluster) => Promise<OpenIssuer>;
}

/** Whether a node waits for the signer. */
function isAwaitingSignature({ certificate, spec }: Node): boolean {
  if (certificate?.state === IssuanceState.RENEW) return true;
  const accepted = spec?.membership === NodeMembership.ACCEPTED;
  return certificate?.state === IssuanceState.PENDING && accepted;
}

/**
 * Who signs now: the root; while roots rotate, the next root, whose certificates lead to the present
 * one through the cross-signed intermediate. Throws `unavailable` without a key.
 */
function currentIssuer({ rootCa }: Cluster): LeafIssuer {
  const rotation = rootCa?.rootRotation;
  const issuer = rotation
    ? {
        certificate: rotation.caCert,
        key: rotation.caKey,
        intermediates: rotation.crossSignedCaCert,
      }
    : { certificate: rootCa?.caCert ?? "", key: rootCa?.caKey ?? "", intermediates: "" };
  if (issuer.certificate !== "" && issuer.key !== "") return issuer;
  throw new SwarmError("unavailable", "the cluster has no key to sign certificates with");
}

/** Gives the issuer ready to sign, and opens it anew only when the cluster's changed. */
function issuerCache(): (cluster: Cluster) => Promise<OpenIssuer> {
  let last: LeafIssuer | null = null;
  let open: Promise<OpenIssuer> | null = null;
  return (cluster) => {
    const issuer = currentIssuer(cluster);
    const isSame = last?.key === issuer.key && last.intermediates === issuer.intermediates;
    if (open === null || !isSame) open = openIssuer(issuer);
    last = issuer;
    return open;
  };
}

async function certify(node: Node, modules: SigningModules): Promise<Certificate> {
  const { store } = modules;
  const cluster = store.cluster();
  if (cluster === null) throw new SwarmError("unavailable", "the cluster is not set up yet");
  const request = make("Certificate", { ...node.certificate, role: node.role, cn: node.id });
  const subject = { nodeId: node.id, role: certifiedRole(node.role), clusterId: cluster.id };
  const expiryMs = certificateExpiryMs(cluster.spec?.ca?.nodeCertExpiryNs ?? 0);
  try {
    const issuer = await modules.issuerOf(cluster);
    const certificate = await signLeaf(request.csr, subject, issuer, expiryMs, modules);
    return { ...request, certificate, state: IssuanceState.ISSUED, err: "" };
  } catch (error) {
    if (!isSwarmError(error, "invalid")) throw error;
    return { ...request, state: IssuanceState.FAILED, err: error.message };
  }
}

/** Answers one node's requests until none is open, and then, in the same breath, lets go of it. */
async function signNode(
  id: string,
  busy: Set<string>,
  modules: SigningModules,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, log } = modules;
  for (;;) {
    const node = store.node(id);
    if (node === null || !isAwaitingSignature(node)) {
      busy.delete(id);
      return;
    }
    const isAnswered = (now: Node): boolean =>
      !isAwaitingSignature(now) ||
      now.certificate?.csr !== node.certificate?.csr ||
      now.role !== node.role;
    try {
      const certificate = await certify(node, modules);
      await store.updateNode(
        id,
        (now) => (isAnswered(now) ? now : { ...now, certificate }),
        signal,
      );
    } catch (error) {
      if (isSwarmError(error, "not-found")) continue;
      signal.throwIfAborted();
      if (!isRetryable(error)) throw error;
      log.warn({ nodeId: id, err: messageOf(error) }, "node certificate is delayed");
      await sleep(clock, RETRY_MS, signal);
    }
  }
}

/**
 * Answers every open request for a certificate, with the role stored for the node, until `signal`
 * aborts. Runs on the leader. A request that can never be answered ends as FAILED with its reason.
 */
export async function runSigner(modules: SignerModules, signal: AbortSignal): Promise<void> {
  const scope = new Scope(signal);
  const signing = { ...modules, issuerOf: issuerCache() };
  const busy = new Set<string>();
  const running = new Set<Promise<void>>();
  const start = async (id: string): Promise<void> => {
    if (running.size >= SIGNING_MAX) await Promise.race(running);
    busy.add(id);
    scope.run((inner) => {
      const work = signNode(id, busy, signing, inner).finally(() => running.delete(work));
      running.add(work);
      return work;
    });
  };
  scope.run(async (inner) => {
    while (!inner.aborted) {
      try {
        for await (const node of modules.store.watchNodes(null, inner)) {
          if (isAwaitingSignature(node) && !busy.has(node.id)) await start(node.id);
        }
      } catch (error) {
        // Too slow for the events: the next round starts from a fresh snapshot.
        if (!isSwarmError(error, "lagged")) throw error;
      }
    }
  });
  await scope.join();
}
