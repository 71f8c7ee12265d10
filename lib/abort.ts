import { setMaxListeners } from "node:events";
import { SwarmError } from "./errors.ts";

/** A signal of its own that also follows a parent, and lets go of it when disposed. */
export interface Linked extends Disposable {
  readonly signal: AbortSignal;
  /** Aborts this signal only; the parent is untouched. */
  abort(reason?: unknown): void;
}

/**
 * A child of `parent`. Stands in for `AbortSignal.any`, which on Node 20 keeps every child alive as
 * long as the parent lives. Dispose it (`using`) when its work is done.
 */
export function linked(parent: AbortSignal): Linked {
  const controller = new AbortController();
  // As many wait on a signal as there is work under it; that is no leak to warn of.
  setMaxListeners(0, controller.signal);
  const release = onAbort(parent, () => controller.abort(parent.reason));
  return {
    signal: controller.signal,
    abort: (reason = cancelled("stopped")) => controller.abort(reason),
    [Symbol.dispose]: release,
  };
}

/** Calls `listener` when `signal` aborts, at once if it has. Returns the unsubscriber. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return () => {};
  }
  signal.addEventListener("abort", listener, { once: true });
  return () => signal.removeEventListener("abort", listener);
}

/**
 * Settles like `promise`, or rejects with the signal's reason when that comes first, also when it
 * came before. What then becomes of `promise`, nobody wants to know any more.
 */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) promise.catch(() => {});
  signal.throwIfAborted();
  let release: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    release = onAbort(signal, () => reject(signal.reason));
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    release();
  }
}

/** The reason used when work is stopped on purpose. */
export function cancelled(message: string): SwarmError {
  return new SwarmError("cancelled", message);
}
