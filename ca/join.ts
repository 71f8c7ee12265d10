import { X509Certificate } from "node:crypto";
import { credentials } from "@grpc/grpc-js";
import { sleep } from "../lib/clock.ts";
import { isRetryable, isSwarmError, messageOf, SwarmError } from "../lib/errors.ts";
import { backoffMs, type Backoff } from "../lib/retry.ts";
import type { NodeAvailability } from "../proto/generated.ts";
import type { TlsMaterial } from "../proto/node-tls.ts";
import { createCsr, type KeyAndCsr } from "./csr.ts";
import { anonymousCall, awaitCertificate, clockBehind, connectCa, toMaterial } from "./request.ts";
import type { WaitModules } from "./request.ts";
import { parseRoots } from "./root.ts";
import { digestOfToken, isPinned } from "./tokens.ts";

/** Times that every manager is tried before joining fails. */
const ROUNDS_MAX = 5;
const ROUND_BACKOFF: Backoff = { firstMs: 500, maxMs: 2_000, factor: 2 };

export interface JoinOptions {
  /** Managers to try in turn, `host:port` each. */
  readonly remotes: readonly string[];
  readonly token: string;
  readonly availability: NodeAvailability;
}

/** A node that was admitted. */
export interface Joined {
  readonly nodeId: string;
  readonly material: TlsMaterial;
  /** The manager that answered. */
  readonly remote: string;
}

/** What survives a failed attempt: one key and one admission, however often we have to ask. */
interface Attempt {
  readonly request: KeyAndCsr;
  readonly digest: string;
  nodeId: string | null;
}

/**
 * Fetches the roots from a manager whom nobody vouches for yet, and believes them only when they are
 * the ones that the token pins.
 */
async function fetchRoots(
  addr: string,
  digest: string,
  modules: WaitModules,
  signal: AbortSignal,
): Promise<string> {
  const unverified = credentials.createSsl(null, null, null, { rejectUnauthorized: false });
  using connection = connectCa(addr, unverified, modules);
  const call = anonymousCall(signal);
  const { certificate } = await connection.api.getRootCaCertificate({}, call);
  const [root] = parseRoots(certificate);
  if (root === undefined || !isPinned(certificate, digest)) {
    throw new SwarmError(
      "denied",
      `the root certificate of the manager at ${addr} is not the one that the join token pins. The ` +
        "token is of another cluster, or older than the last root rotation, or another machine " +
        "answers in the manager's place. Ask a manager for its token: swarm join-token worker",
    );
  }
  const now = modules.clock.now();
  const notBeforeMs = Date.parse(new X509Certificate(root.raw).validFrom);
  if (now < notBeforeMs) throw clockBehind(notBeforeMs, now);
  return certificate;
}

async function joinThrough(
  addr: string,
  attempt: Attempt,
  { token, availability }: JoinOptions,
  modules: WaitModules,
  signal: AbortSignal,
): Promise<Joined> {
  const { request, digest } = attempt;
  const roots = await fetchRoots(addr, digest, modules, signal);
  using connection = connectCa(addr, credentials.createSsl(Buffer.from(roots)), modules);
  const { api } = connection;
  if (attempt.nodeId === null) {
    const order = { csr: request.csr, token, availability };
    attempt.nodeId = (await api.issueNodeCertificate(order, anonymousCall(signal))).nodeId;
  }
  const { nodeId } = attempt;
  const answer = await awaitCertificate(api, nodeId, request.csr, modules, signal);
  const { certificate } = answer.certificate;
  // The roots that the token pinned, not whatever the answer says to trust.
  const material = toMaterial(request, { nodeId, certificate, roots }, modules.clock.now());
  return { nodeId, material, remote: addr };
}

function unreachable(failures: ReadonlyMap<string, unknown>): SwarmError {
  const [addr, error] = [...failures].at(-1) ?? [];
  const list = [...failures.keys()].join(", ");
  const through = failures.size > 1 ? `any manager of ${list}; the last one, ${addr}` : list;
  return new SwarmError(
    "unavailable",
    `cannot join through ${through}: ${messageOf(error)}. Check that swarmd runs there as a manager ` +
      "(on one, swarm join-token worker tells the address), that its port is open to this machine, " +
      "and that both machines' clocks agree.",
    { cause: error, details: { remotes: list } },
  );
}

/**
 * Makes this machine a node of a cluster: finds the roots that the token pins, has a new key certified
 * and gives both back. Stores nothing. Tries each manager up to five times; what trying again cannot
 * mend ends it at once: `invalid` for a bad token, `denied` for roots other than the token's,
 * `failed-precondition` for a clock that is behind. `unavailable` names the managers that were tried.
 */
export async function joinCluster(
  options: JoinOptions,
  modules: WaitModules,
  signal: AbortSignal,
): Promise<Joined> {
  const digest = digestOfToken(options.token);
  if (options.remotes.length === 0) {
    throw new SwarmError("invalid", "name at least one manager to join: host:port");
  }
  const attempt: Attempt = { request: await createCsr(), digest, nodeId: null };
  const remotes = new Set(options.remotes);
  const failures = new Map<string, unknown>();
  for (let round = 0; round < ROUNDS_MAX; round++) {
    if (round > 0) {
      await sleep(modules.clock, backoffMs(ROUND_BACKOFF, round - 1, modules.random), signal);
    }
    for (const addr of remotes) {
      signal.throwIfAborted();
      try {
        return await joinThrough(addr, attempt, options, modules, signal);
      } catch (error) {
        // Of several managers, one with foreign roots does not keep us from asking the others.
        if (isSwarmError(error, "denied")) remotes.delete(addr);
        if (remotes.size === 0 || !(isRetryable(error) || isSwarmError(error, "denied")))
          throw error;
        failures.set(addr, error);
      }
    }
  }
  throw unreachable(failures);
}
