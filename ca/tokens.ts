import { createHash, timingSafeEqual } from "node:crypto";
import { SwarmError } from "../lib/errors.ts";
import { base36 } from "../lib/ids.ts";
import type { Random } from "../lib/random.ts";
import type { JoinTokens } from "../proto/generated.ts";
import type { CertifiedRole } from "./leaf.ts";
import { rootDigest } from "./root.ts";

const DIGEST_DIGITS = 50;
const SECRET_DIGITS = 25;
const SECRET_BYTES = 16;
const TOKEN = /^SWMTKN-1-([0-9a-z]{50})-([0-9a-z]{25})$/;

/** A new join token for the cluster of `root`: `SWMTKN-1-<digest of root>-<secret>`. */
export function newJoinToken(root: string, random: Random): string {
  const digest = base36(rootDigest(root), DIGEST_DIGITS);
  return `SWMTKN-1-${digest}-${base36(random.bytes(SECRET_BYTES), SECRET_DIGITS)}`;
}

/** New tokens for both roles. */
export function newJoinTokens(root: string, random: Random): JoinTokens {
  return { worker: newJoinToken(root, random), manager: newJoinToken(root, random) };
}

/** What a join token pins, in its own notation. Throws `invalid` on anything but a token. */
export function digestOfToken(token: string): string {
  const digest = TOKEN.exec(token)?.[1];
  if (digest === undefined) {
    throw new SwarmError(
      "invalid",
      "invalid join token: one looks like SWMTKN-1-…. Ask a manager for one: swarm join-token worker",
    );
  }
  return digest;
}

/** Whether `root` is the one that a token with `digest` speaks of. */
export function isPinned(root: string, digest: string): boolean {
  return base36(rootDigest(root), DIGEST_DIGITS) === digest;
}

function isSameSecret(left: string, right: string): boolean {
  const [a, b] = [left, right].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

/**
 * The role that a token admits to, or null for a token of no use here. A token does not say its
 * role: it is compared with both, the manager's first, in constant time.
 */
export function roleOfToken(token: string, tokens: JoinTokens): CertifiedRole | null {
  if (!TOKEN.test(token)) return null;
  const [manager, worker] = [tokens.manager, tokens.worker].map((own) => isSameSecret(token, own));
  if (manager) return "manager";
  return worker ? "worker" : null;
}
