import { createHash } from "node:crypto";
import { linked } from "../lib/abort.ts";
import type { Clock } from "../lib/clock.ts";
import { isSwarmError, SwarmError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { Call } from "../proto/call.ts";
import { make } from "../proto/codec.ts";
import {
  IssuanceState,
  NodeMembership,
  NodeRole,
  type Certificate,
  type Cluster,
  type GetRootCaCertificateRequest,
  type GetRootCaCertificateResponse,
  type GetUnlockKeyRequest,
  type GetUnlockKeyResponse,
  type IssueNodeCertificateRequest,
  type IssueNodeCertificateResponse,
  type Node,
  type NodeAvailability,
  type NodeCaApi,
  type NodeCertificateStatusRequest,
  type NodeCertificateStatusResponse,
  type RootCa,
} from "../proto/generated.ts";
import type { CaStore } from "./ca-store.ts";
import { verifyCsr } from "./csr.ts";
import type { CertifiedRole } from "./leaf.ts";
import { roleOfToken } from "./tokens.ts";

/** Longest that a status call waits for the signer before it says how things stand. */
const STATUS_WAIT_MS = 4_000;
/** Status calls that may wait at a time; anyone may make them, so there is an end to it. */
const STATUS_WAITERS_MAX = 4_096;

export interface CaServerModules {
  readonly store: CaStore;
  readonly clock: Clock;
}

function rootCaOf(cluster: Cluster | null): RootCa {
  if (cluster?.rootCa) return cluster.rootCa;
  throw new SwarmError("unavailable", "the cluster has no root certificate yet; try again soon");
}

function isFinal({ state }: Certificate): boolean {
  switch (state) {
    case IssuanceState.ISSUED:
    case IssuanceState.FAILED:
    case IssuanceState.ROTATE:
      return true;
    case IssuanceState.UNKNOWN:
    case IssuanceState.RENEW:
    case IssuanceState.PENDING:
      return false;
  }
}

/**
 * The id of the node that a request admits. It is drawn from the request, whose key is random, so
 * that a joiner who asks again after a lost answer is still the same node.
 */
function idFor(csr: string): string {
  const digest = createHash("sha256").update(csr).digest();
  return newId({ bytes: (count) => digest.subarray(0, count) });
}

/** A node that was just admitted with a token and waits for its certificate. */
function newNode(
  id: string,
  csr: string,
  certified: CertifiedRole,
  availability: NodeAvailability,
): Node {
  const role = certified === "manager" ? NodeRole.MANAGER : NodeRole.WORKER;
  return make("Node", {
    id,
    role,
    spec: make("NodeSpec", {
      annotations: make("Annotations"),
      desiredRole: role,
      membership: NodeMembership.ACCEPTED,
      availability,
    }),
    status: make("NodeStatus"),
    certificate: make("Certificate", { role, csr, state: IssuanceState.PENDING, cn: id }),
  });
}

/**
 * Admits nodes and hands out certificates (service `NodeCa`). It only records requests; the leader's
 * signer ({@link runSigner}) answers them. Issuing must reach the leader, whose store takes writes.
 */
export class CaServer implements NodeCaApi {
  readonly #modules: CaServerModules;
  #waiters = 0;

  constructor(modules: CaServerModules) {
    this.#modules = modules;
  }

  /** The roots to trust. Whoever asks checks them against the digest of a token. */
  async getRootCaCertificate(
    _request: GetRootCaCertificateRequest,
    _call: Call,
  ): Promise<GetRootCaCertificateResponse> {
    return { certificate: rootCaOf(this.#modules.store.cluster()).caCert };
  }

  /**
   * Records a request for a certificate: a renewal for a caller with a certificate, with the role
   * that is stored for it; else the admission of a new node, with the role of its token.
   */
  async issueNodeCertificate(
    request: IssueNodeCertificateRequest,
    call: Call,
  ): Promise<IssueNodeCertificateResponse> {
    const { store } = this.#modules;
    const { joinTokens } = rootCaOf(store.cluster());
    await verifyCsr(request.csr);
    if (call.caller.role !== "none")
      return this.#renew(call.caller.nodeId, request.csr, call.signal);
    const role = joinTokens === null ? null : roleOfToken(request.token, joinTokens);
    if (role === null) {
      throw new SwarmError("invalid", "A valid join token is necessary to join this cluster");
    }
    return this.#admit(request, role, call.signal);
  }

  /** Waits for the signer, at most some seconds, and tells how the node's certificate stands. */
  async nodeCertificateStatus(
    { nodeId }: NodeCertificateStatusRequest,
    call: Call,
  ): Promise<NodeCertificateStatusResponse> {
    const { store } = this.#modules;
    if (store.node(nodeId) === null) {
      throw new SwarmError("not-found", `node ${nodeId} not found: it may have been removed`);
    }
    if (this.#waiters < STATUS_WAITERS_MAX) await this.#settled(nodeId, call.signal);
    const certificate = store.node(nodeId)?.certificate ?? null;
    return { certificate, rootCa: rootCaOf(store.cluster()).caCert };
  }

  /** The key that unlocks this cluster's managers; empty when they do not lock. */
  async getUnlockKey(_request: GetUnlockKeyRequest, _call: Call): Promise<GetUnlockKeyResponse> {
    const cluster = this.#modules.store.cluster();
    if (cluster === null) throw new SwarmError("unavailable", "the cluster is not set up yet");
    return { unlockKey: cluster.unlockKey, version: cluster.meta?.version ?? null };
  }

  async #renew(
    nodeId: string,
    csr: string,
    signal: AbortSignal,
  ): Promise<IssueNodeCertificateResponse> {
    const renewed = (node: Node): Node => ({
      ...node,
      certificate: make("Certificate", {
        ...node.certificate,
        role: node.role,
        cn: nodeId,
        csr,
        state: IssuanceState.RENEW,
        err: "",
      }),
    });
    await this.#modules.store.updateNode(nodeId, renewed, signal);
    return { nodeId, membership: NodeMembership.ACCEPTED };
  }

  async #admit(
    { csr, availability }: IssueNodeCertificateRequest,
    role: CertifiedRole,
    signal: AbortSignal,
  ): Promise<IssueNodeCertificateResponse> {
    const { store } = this.#modules;
    const nodeId = idFor(csr);
    try {
      await store.createNode(newNode(nodeId, csr, role, availability), signal);
    } catch (error) {
      const isRepeated = store.node(nodeId)?.certificate?.csr === csr;
      if (!isSwarmError(error, "exists") || !isRepeated) throw error;
    }
    return { nodeId, membership: NodeMembership.ACCEPTED };
  }

  /** Returns when the signer has answered the node, or after a while. */
  async #settled(nodeId: string, signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#modules;
    using wait = linked(signal);
    const cancel = clock.after(STATUS_WAIT_MS, () => wait.abort());
    this.#waiters++;
    try {
      for await (const { certificate } of store.watchNodes(nodeId, wait.signal)) {
        if (certificate !== null && isFinal(certificate)) return;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!wait.signal.aborted) throw error;
    } finally {
      this.#waiters--;
      cancel();
    }
  }
}
