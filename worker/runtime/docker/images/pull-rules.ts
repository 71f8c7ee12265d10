import type { SwarmError } from "../../../../lib/errors.ts";

/** A pull that failed is not tried again for this long; doubled by each further failure … */
const BACKOFF_FIRST_MS = 5_000;
/** … up to this. */
const BACKOFF_MAX_MS = 60_000;
/** Images whose failed pulls are remembered; the oldest is forgotten first. */
const FAILURES_MAX = 512;

/**
 * Whether `image` can mean one content only: it names a digest, or is an image's id. Such an image is
 * never asked for again once it is here; a tag may have moved, so the registry is asked for it.
 */
export function isPinned(image: string, presentId: string): boolean {
  if (/@[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,}$/i.test(image)) return true;
  const hex = image.replace(/^sha256:/, "");
  return /^[0-9a-f]{6,64}$/.test(hex) && presentId.startsWith(`sha256:${hex}`);
}

interface Failure {
  readonly count: number;
  readonly retryAtMs: number;
  readonly error: SwarmError;
}

/** Which pulls have failed lately, and until when they are not worth another attempt. Pure. */
export class PullFailures {
  readonly #failures = new Map<string, Failure>();

  /** Why `key` is not to be pulled at `nowMs` (monotonic); null when it may be. */
  refusal(key: string, nowMs: number): SwarmError | null {
    const failure = this.#failures.get(key);
    return failure && nowMs < failure.retryAtMs ? failure.error : null;
  }

  failed(key: string, error: SwarmError, nowMs: number): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const waitMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (count - 1));
    this.#failures.delete(key);
    this.#failures.set(key, { count, retryAtMs: nowMs + waitMs, error });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > FAILURES_MAX && oldest !== undefined) this.#failures.delete(oldest);
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
