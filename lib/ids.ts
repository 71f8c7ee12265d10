import type { Random } from "./random.ts";

/** Length of every object id. */
export const ID_LENGTH = 25;

/**
 * `bytes` as a big-endian integer in base 36, left-padded with zeros to `width`. The value must
 * fit in `width` digits.
 */
export function base36(bytes: Uint8Array, width: number): string {
  const value = BigInt(`0x0${Buffer.from(bytes).toString("hex")}`);
  return value.toString(36).padStart(width, "0");
}

/**
 * A new object id: 25 characters `[0-9a-z]`, about 129 bits of chance. Same shape as swarm mode's
 * (17 bytes with the top bit set, base 36, first digit dropped), so clients may validate it.
 */
export function newId(random: Pick<Random, "bytes">): string {
  const bytes = Uint8Array.from(random.bytes(17));
  bytes[0] = (bytes[0] ?? 0) | 0x80;
  return base36(bytes, ID_LENGTH + 1).slice(1, 1 + ID_LENGTH);
}
