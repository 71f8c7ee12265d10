import { invalid } from "./check.ts";

/** Durations may be larger than other numbers: whole seconds stay exact in a double up to 2^62. */
const DURATION_NS_MAX = 2 ** 62;

function checkNumber(value: number, key: string): void {
  const bound = key.endsWith("Ns") ? DURATION_NS_MAX : Number.MAX_SAFE_INTEGER;
  if (!Number.isFinite(value) || Math.abs(value) > bound) throw invalid(`${key} is out of range`);
}

/**
 * Refuses a message that holds a number which would not survive replication unchanged. Every
 * 64-bit field is a double here (proto/codec.ts), so the border is the place to say no.
 */
export function checkNumbers(value: unknown, key = "number"): void {
  if (typeof value === "number") checkNumber(value, key);
  else if (Array.isArray(value)) for (const item of value) checkNumbers(item, key);
  else if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value))
    for (const [name, inner] of Object.entries(value))
      checkNumbers(inner, name === "value" ? key : name);
}
