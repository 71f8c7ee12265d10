import { createPublicKey, X509Certificate } from "node:crypto";
import type { ChannelCredentials } from "@grpc/grpc-js";
import { sleep, type Clock } from "../lib/clock.ts";
import { isRetryable, isSwarmError, SwarmError } from "../lib/errors.ts";
import type { Random } from "../lib/random.ts";
import { backoffMs, type Backoff } from "../lib/retry.ts";
import type { Call } from "../proto/call.ts";
import {
  IssuanceState,
  NodeCaService,
  type Certificate,
  type NodeCaApi,
  type NodeCertificateStatusResponse,
} from "../proto/generated.ts";
import type { TlsMaterial } from "../proto/node-tls.ts";
import { RpcConnection } from "../proto/rpc-client.ts";
import { verifyChain } from "./chain.ts";
import type { KeyAndCsr } from "./csr.ts";
import { parseIdentity } from "./identity.ts";
import { CA_SERVER_NAME } from "./leaf.ts";
import { parseRoots } from "./root.ts";

/** Longest that one call to the CA may take; the server answers a waiting status call sooner. */
const CALL_DEADLINE_MS = 5_000;
/** Status calls before a request counts as lost: about a minute. */
const STATUS_ATTEMPTS_MAX = 20;
const STATUS_BACKOFF: Backoff = { firstMs: 200, maxMs: 5_000, factor: 2 };

/** Time and chance of waits. */
export interface WaitModules {
  readonly clock: Clock;
  readonly random: Random;
}

/** A connection to one manager's CA. */
export interface CaConnection extends Disposable {
  readonly api: NodeCaApi;
}

/** Connects to a manager under the name that joiners know it by. */
export function connectCa(
  addr: string,
  credentials: ChannelCredentials,
  { clock }: Pick<WaitModules, "clock">,
): CaConnection {
  const connection = new RpcConnection({
    addr,
    credentials,
    serverName: CA_SERVER_NAME,
    deadlineMs: CALL_DEADLINE_MS,
    now: () => clock.now(),
  });
  return {
    api: connection.api(NodeCaService),
    [Symbol.dispose]: () => connection.close(),
  };
}

/** A call on nobody's behalf: whoever answers goes by the connection's certificate. */
export function anonymousCall(signal: AbortSignal): Call {
  return { signal, caller: { nodeId: "", role: "none", clusterId: "", addr: "" } };
}

/** Whether the CA answered this very request; throws when it refused it. */
function isAnswer(certificate: Certificate | null, csr: string): certificate is Certificate {
  if (certificate === null || certificate.csr !== csr) return false;
  switch (certificate.state) {
    case IssuanceState.ISSUED:
    case IssuanceState.ROTATE:
      return certificate.certificate !== "";
    case IssuanceState.FAILED: {
      const why = certificate.err || "no reason given";
      throw new SwarmError("failed-precondition", `the cluster gave no certificate: ${why}`);
    }
    case IssuanceState.UNKNOWN:
    case IssuanceState.RENEW:
    case IssuanceState.PENDING:
      return false;
  }
}

/**
 * Asks how a request stands until it is answered, about a minute long. Throws the last error, or
 * `deadline` when the CA never got to it.
 */
export async function awaitCertificate(
  api: NodeCaApi,
  nodeId: string,
  csr: string,
  { clock, random }: WaitModules,
  signal: AbortSignal,
): Promise<NodeCertificateStatusResponse & { readonly certificate: Certificate }> {
  let failure: unknown = new SwarmError("deadline", "the managers did not sign a certificate yet");
  for (let attempt = 0; attempt < STATUS_ATTEMPTS_MAX; attempt++) {
    if (attempt > 0) await sleep(clock, backoffMs(STATUS_BACKOFF, attempt - 1, random), signal);
    try {
      const { certificate, rootCa } = await api.nodeCertificateStatus(
        { nodeId },
        anonymousCall(signal),
      );
      if (isAnswer(certificate, csr)) return { certificate, rootCa };
    } catch (error) {
      // A manager that lags behind the leader does not know a new node yet.
      if (!isRetryable(error) && !isSwarmError(error, "not-found")) throw error;
      failure = error;
    }
  }
  throw failure;
}

/**
 * Puts key, answer and roots together after checking that the certificate is for our key and node
 * and leads to the roots. Throws `invalid`, or `failed-precondition` when this machine's clock is so
 * far behind that the certificate is not valid yet.
 */
export function toMaterial(
  { key }: Pick<KeyAndCsr, "key">,
  answer: { readonly nodeId: string; readonly certificate: string; readonly roots: string },
  now: number,
): TlsMaterial {
  const { nodeId, certificate, roots } = answer;
  verifyChain(certificate, parseRoots(roots));
  const identity = parseIdentity(certificate);
  const isOurs = new X509Certificate(certificate).publicKey.equals(createPublicKey(key));
  if (!isOurs || identity.nodeId !== nodeId) {
    throw new SwarmError("invalid", "the certificate that came back is not the one asked for");
  }
  if (now < identity.notBeforeMs) throw clockBehind(identity.notBeforeMs, now);
  return { roots, certificate, key };
}

/** The error for a certificate from the future. */
export function clockBehind(notBeforeMs: number, now: number): SwarmError {
  const [start, here] = [notBeforeMs, now].map((ms) => new Date(ms).toISOString());
  return new SwarmError(
    "failed-precondition",
    `this machine's clock (${here}) is behind the cluster's, whose certificate starts at ${start}. ` +
      "Set the clock, then try again.",
  );
}
