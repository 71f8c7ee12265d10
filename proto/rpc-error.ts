import { Metadata, status, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import {
  ERROR_CODES,
  isSwarmError,
  messageOf,
  SwarmError,
  type ErrorCode,
  type ErrorDetails,
} from "../lib/errors.ts";

const CODE_KEY = "skep-code";
const DETAILS_KEY = "skep-details-bin";

/** What each gRPC status means when the peer sent no code of ours. */
const FROM_STATUS: Readonly<Partial<Record<status, ErrorCode>>> = {
  [status.CANCELLED]: "cancelled",
  [status.INVALID_ARGUMENT]: "invalid",
  [status.DEADLINE_EXCEEDED]: "deadline",
  [status.NOT_FOUND]: "not-found",
  [status.ALREADY_EXISTS]: "exists",
  [status.PERMISSION_DENIED]: "denied",
  [status.UNAUTHENTICATED]: "unauthenticated",
  [status.RESOURCE_EXHAUSTED]: "exhausted",
  [status.FAILED_PRECONDITION]: "failed-precondition",
  [status.ABORTED]: "aborted",
  [status.OUT_OF_RANGE]: "invalid",
  [status.UNIMPLEMENTED]: "unimplemented",
  [status.UNAVAILABLE]: "unavailable",
};

/** The transport's ways to say that it reached nobody. */
const UNREACHED =
  /^No connection established\. Last error: (?:Error: )?(.*)\. Resolution note: .*$/s;
const UNRESOLVED = /^Name resolution failed for target (?:dns:)?(\S+)$/;

/** What the transport has to say, without what only its makers can use. */
function plainly(text: string): string {
  const [, reason] = UNREACHED.exec(text) ?? [];
  if (reason !== undefined) return `no connection: ${reason === "null" ? "no answer" : reason}`;
  const [, addr] = UNRESOLVED.exec(text) ?? [];
  return addr === undefined ? text : `no connection: the name in ${addr} cannot be resolved`;
}

/** The status that carries `error` to a peer. Errors that are not ours show only `internal`. */
export function toStatus(error: unknown): StatusObject {
  const metadata = new Metadata();
  if (!isSwarmError(error)) {
    metadata.set(CODE_KEY, "internal");
    return { code: status.INTERNAL, details: "internal error; see the manager's log", metadata };
  }
  metadata.set(CODE_KEY, error.code);
  metadata.set(DETAILS_KEY, Buffer.from(JSON.stringify(error.details)));
  return { code: ERROR_CODES[error.code].grpc, details: error.message, metadata };
}

/** The code that a peer named; `internal` for one that only it knows. */
export function asErrorCode(name: string): ErrorCode {
  return name in ERROR_CODES ? (name as ErrorCode) : "internal";
}

/** The error a peer meant by a failed call. */
export function fromStatus(error: Partial<ServiceError>): SwarmError {
  const named = error.metadata?.get(CODE_KEY)[0];
  const code: ErrorCode =
    typeof named === "string" && named in ERROR_CODES
      ? asErrorCode(named)
      : (FROM_STATUS[error.code ?? status.UNKNOWN] ?? "internal");
  const packed = error.metadata?.get(DETAILS_KEY)[0];
  const details: ErrorDetails = Buffer.isBuffer(packed) ? JSON.parse(packed.toString()) : {};
  // The peer's own words need no explanation by the transport's.
  const cause = typeof named === "string" ? {} : { cause: error };
  const message = plainly(error.details || messageOf(error));
  return new SwarmError(code, message, { details, ...cause });
}
