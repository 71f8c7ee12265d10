const MODES = new Set(["Replicated", "Global", "ReplicatedJob", "GlobalJob"]);

/**
 * A request body in which blank fields (which mean the same as absent ones to the engine) are left
 * out and ports are in a fixed order (docker's client writes them in any).
 */
export function withoutBlanks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutBlanks).toSorted(byPort);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, withoutBlanks(item)] as const)
    .filter(([key, item]) => MODES.has(key) || !isBlank(item));
  return Object.fromEntries(entries);
}

function isBlank(value: unknown): boolean {
  if (value === "" || value === null || value === false || value === 0) return true;
  return typeof value === "object" && Object.keys(value as object).length === 0;
}

function byPort(a: unknown, b: unknown): number {
  return portOf(a) - portOf(b);
}

function portOf(value: unknown): number {
  const { PublishedPort = 0, TargetPort = 0 } = (value ?? {}) as Record<string, number>;
  return PublishedPort * 100_000 + TargetPort;
}
