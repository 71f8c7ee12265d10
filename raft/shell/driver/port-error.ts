import { messageOf, SwarmError, type ErrorCode } from "../../../lib/errors.ts";
import type { PortError } from "./port.ts";

/** An error in the form that crosses the port. */
export function toPortError(error: unknown): PortError {
  if (!(error instanceof SwarmError))
    return { code: "internal", message: messageOf(error), details: {} };
  const { code, message, details } = error;
  return { code, message, details };
}

/** The reverse of {@link toPortError}. */
export function fromPortError({ code, message, details }: PortError): SwarmError {
  return new SwarmError(code, message, { details });
}

/** Shorthand for an error without details. */
export function portError(code: ErrorCode, message: string): PortError {
  return { code, message, details: {} };
}
