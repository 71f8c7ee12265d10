import { invalid } from "./check.ts";

/** Durations may be larger than other numbers: whole seconds stay exact in a double up to 2^62. */
const DURATION_NS_MAX = 2 ** 62;

/** Fields in which a negative number has a meaning: unlimited, none, or simply less than zero. */
const SIGNED: readonly string[] = [
  "hard",
  "memorySwappiness",
  "oomScoreAdj",
  "soft",
  "swapBytes",
  "taskHistoryRetentionLimit",
];

/** Fields that are doubles on the wire as well. */
const FRACTIONS: readonly string[] = ["maxFailureRatio"];

function checkNumber(value: number, key: string): void {
  if (FRACTIONS.includes(key)) return;
  const bound = key.endsWith("Ns") ? DURATION_NS_MAX : Number.MAX_SAFE_INTEGER;
  if (!Number.isInteger(value) || Math.abs(value) > bound) throw invalid(`${key} is out of range`);
  if (value < 0 && !SIGNED.includes(key)) throw invalid(`${key} cannot be negative`);
}

/**
 * Refuses a message that holds a number which would not survive replication unchanged. Every
 * integer of the wire format is a double here (proto/codec.ts), so the border is the place to say
 * no.
 */
export function checkNumbers(value: unknown, key = "number"): void {
  if (typeof value === "number") checkNumber(value, key);
  else if (Array.isArray(value)) for (const item of value) checkNumbers(item, key);
  else if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value))
    for (const [name, inner] of Object.entries(value))
      // An optional number is a message with the one field `value`.
      checkNumbers(inner, name === "value" ? key : name);
}
