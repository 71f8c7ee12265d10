/**
 * A broken invariant: the program's own reasoning was wrong. It is never caught and handled; the
 * process that sees one stops, because a replicated state machine must not guess.
 */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
  /** Marks the error for hosts that decide by shape (test harnesses, worker boundaries). */
  readonly fatal = true;
}

/** Throws {@link InvariantError} unless `condition` holds. `message` states what must be true. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Marks a branch that the types rule out; reaching it is a broken invariant. */
export function unreachable(value: never, what = "value"): never {
  throw new InvariantError(`unexpected ${what}: ${JSON.stringify(value)}`);
}
