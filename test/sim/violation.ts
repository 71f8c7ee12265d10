/** A promise of Raft, or of the layer around it, that a run has broken. */
export class Violation extends Error {
  override readonly name = "Violation";
  /** Which promise; stable, so that shrinking can look for the same one. */
  readonly invariant: string;

  constructor(invariant: string, message: string) {
    super(message);
    this.invariant = invariant;
  }
}

/** Throws a {@link Violation} of `invariant` unless `condition` holds. */
export function demand(condition: boolean, invariant: string, message: () => string): void {
  if (!condition) throw new Violation(invariant, message());
}
