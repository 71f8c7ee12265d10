import { ERROR_CODES, isSwarmError, messageOf, type ErrorCode } from "../lib/errors.ts";

/**
 * A refusal by the HTTP layer itself: its message reaches the client as it is, while refusals of
 * the control API get the look of a gRPC error.
 */
export class RequestError extends Error {
  override readonly name = "RequestError";
  /** HTTP status. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The most common refusal: 400. */
export function badRequest(message: string): RequestError {
  return new RequestError(400, message);
}

/** What Docker's control plane calls each code; codes without a name go without a prefix. */
const GRPC_NAMES: Readonly<Partial<Record<ErrorCode, string>>> = {
  invalid: "InvalidArgument",
  exists: "AlreadyExists",
  "out-of-sequence": "Unknown",
  "failed-precondition": "FailedPrecondition",
  denied: "PermissionDenied",
  "no-leader": "Unknown",
  deadline: "DeadlineExceeded",
  unimplemented: "Unimplemented",
};

/** Texts that clients recognise, whatever the sentence of ours is. */
const DOCKER_TEXTS: Readonly<Partial<Record<ErrorCode, string>>> = {
  "out-of-sequence": "update out of sequence",
  "no-leader":
    "The swarm does not have a leader. It's possible that too few managers are online. " +
    "Make sure more than half of the managers are online.",
};

/** Status and message that tell a client about `error`. Unknown errors show no detail. */
export function toHttpError(error: unknown): { readonly status: number; readonly message: string } {
  if (error instanceof RequestError) return { status: error.status, message: error.message };
  if (!isSwarmError(error))
    return { status: 500, message: "internal error; see the log of swarmd" };
  const text = DOCKER_TEXTS[error.code] ?? error.message;
  const name = GRPC_NAMES[error.code];
  return {
    status: ERROR_CODES[error.code].http,
    message: name ? `rpc error: code = ${name} desc = ${text}` : text,
  };
}

/** An error of the local node rather than of the cluster: same status, no gRPC look. */
export function nodeError(error: unknown): unknown {
  if (!isSwarmError(error)) return error;
  return new RequestError(ERROR_CODES[error.code].http, messageOf(error));
}
