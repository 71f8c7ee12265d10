/** Seeds of the whole manager that once failed, with what was wrong. */
export const SWARM_REGRESSIONS: readonly { readonly seed: string; readonly about: string }[] = [];
