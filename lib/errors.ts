/** gRPC status numbers (https://grpc.io/docs/guides/status-codes/), without importing grpc here. */
const GRPC = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

interface Row {
  /** gRPC status that carries the code between nodes. */
  readonly grpc: number;
  /** HTTP status the engine answers with; Docker's for the same situation. */
  readonly http: number;
  /** Exit status of the command line. */
  readonly exit: number;
  /** Whether the same call may succeed later without any change by the caller. */
  readonly retry: boolean;
}

/** The one table of error codes: code → gRPC status → HTTP status → exit status. */
export const ERROR_CODES = {
  /** The request is malformed or breaks a validation rule. */
  invalid: { grpc: GRPC.INVALID_ARGUMENT, http: 400, exit: 1, retry: false },
  /** A named object does not exist. */
  "not-found": { grpc: GRPC.NOT_FOUND, http: 404, exit: 1, retry: false },
  /** A unique name, lease or member is taken. */
  exists: { grpc: GRPC.ALREADY_EXISTS, http: 409, exit: 1, retry: false },
  /** The object changed since the version the caller read. Docker answers 500 with this text. */
  "out-of-sequence": { grpc: GRPC.UNKNOWN, http: 500, exit: 1, retry: false },
  /** The cluster's state forbids the operation now. */
  "failed-precondition": { grpc: GRPC.FAILED_PRECONDITION, http: 400, exit: 1, retry: false },
  /** The caller's certificate lacks the role, or the token is wrong. */
  denied: { grpc: GRPC.PERMISSION_DENIED, http: 403, exit: 1, retry: false },
  /** The caller presented no usable identity. */
  unauthenticated: { grpc: GRPC.UNAUTHENTICATED, http: 401, exit: 1, retry: false },
  /** This manager does not lead; `details.leader` holds the leader's address when known. */
  "not-leader": { grpc: GRPC.UNAVAILABLE, http: 503, exit: 1, retry: true },
  /** No leader can be elected; Docker answers 500 with its text. */
  "no-leader": { grpc: GRPC.UNKNOWN, http: 500, exit: 1, retry: true },
  /** A peer or a component cannot be reached now. */
  unavailable: { grpc: GRPC.UNAVAILABLE, http: 503, exit: 1, retry: true },
  /** The outcome is unknown or the work was given up; safe to retry only if idempotent. */
  aborted: { grpc: GRPC.ABORTED, http: 500, exit: 1, retry: true },
  /** A bound was reached: queue, message size, rate. */
  exhausted: { grpc: GRPC.RESOURCE_EXHAUSTED, http: 503, exit: 1, retry: true },
  /** A watcher fell behind its buffer and must take a new snapshot. */
  lagged: { grpc: GRPC.OUT_OF_RANGE, http: 500, exit: 1, retry: true },
  /** The deadline passed before the work was done. */
  deadline: { grpc: GRPC.DEADLINE_EXCEEDED, http: 504, exit: 1, retry: true },
  /** The caller went away. */
  cancelled: { grpc: GRPC.CANCELLED, http: 499, exit: 130, retry: false },
  /** The feature exists in the API but not here. */
  unimplemented: { grpc: GRPC.UNIMPLEMENTED, http: 501, exit: 1, retry: false },
  /** A bug or a damaged state. */
  internal: { grpc: GRPC.INTERNAL, http: 500, exit: 1, retry: false },
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Facts that belong to an error; strings only, so that they cross process borders unchanged. */
export type ErrorDetails = Readonly<Record<string, string>>;

/**
 * The error of every expected failure. `message` is a sentence for a person (cause, then the next
 * step where there is one); programs decide by `code` and `details`, never by text.
 */
export class SwarmError extends Error {
  override readonly name = "SwarmError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: ErrorDetails; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Whether `error` is a {@link SwarmError}, of one of `codes` when any are given. */
export function isSwarmError(error: unknown, ...codes: ErrorCode[]): error is SwarmError {
  return error instanceof SwarmError && (codes.length === 0 || codes.includes(error.code));
}

/** Whether a later identical attempt may succeed. Unknown errors are not retried. */
export function isRetryable(error: unknown): boolean {
  return error instanceof SwarmError && ERROR_CODES[error.code].retry;
}

/** The exit status of a command that ends with `error`. */
export function exitStatus(error: unknown): number {
  return error instanceof SwarmError ? ERROR_CODES[error.code].exit : 1;
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
