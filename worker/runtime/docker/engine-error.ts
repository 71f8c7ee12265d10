import { abortable } from "../../../lib/abort.ts";
import { isErrnoException } from "../../../lib/errno.ts";
import { messageOf, SwarmError, type ErrorCode } from "../../../lib/errors.ts";

/** What an HTTP status of the engine means. 500 is its word for most things that went wrong. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  // Not modified: the container is already as it should be, started or stopped.
  304: "failed-precondition",
  400: "invalid",
  401: "denied",
  403: "denied",
  404: "not-found",
  409: "exists",
  501: "unimplemented",
  503: "unavailable",
};

/** Errors of the way to the engine: it is not there, not yet, not any more, or not for us. */
const UNREACHABLE = ["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EACCES"];

/** What the client puts before the engine's sentence, where it has nothing else of the answer. */
const CLIENT_PREFIX = /^\(HTTP code \d+\) [\w ]+ - /;

/** The part of dockerode's errors that we look at. */
interface EngineFailure {
  readonly statusCode?: number;
  readonly json?: { readonly message?: string };
}

/**
 * An error of the engine's client in our terms: its own sentence where it has one. An engine that
 * cannot be reached is `unavailable`, which is tried again: it may just be restarting.
 */
export function fromEngine(error: unknown): SwarmError {
  if (error instanceof SwarmError) return error;
  const { statusCode, json } = error as EngineFailure;
  if (isErrnoException(error, ...UNREACHABLE))
    return new SwarmError(
      "unavailable",
      `the Docker Engine cannot be reached: ${messageOf(error)}`,
      {
        cause: error,
      },
    );
  const code = CODES[statusCode ?? 500] ?? "internal";
  const message = json?.message ?? messageOf(error).replace(CLIENT_PREFIX, "").trim();
  return new SwarmError(code, message, { cause: error });
}

/**
 * Calls the engine; its errors become SwarmErrors. When `signal` aborts, rejects at once with its
 * reason; what the engine was asked to do may still happen.
 */
export async function engineCall<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  try {
    return await abortable(call(), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw fromEngine(error);
  }
}
