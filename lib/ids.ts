import type { Random } from "./random.ts";

/** Length of every object id. */
export const ID_LENGTH = 25;

/** Values of three bytes. */
const LIMB = 2 ** 24;
/** Digits found by one division, and as many values: a product with LIMB is below 2^53. */
const GROUP_DIGITS = 5;
const GROUP = 36 ** GROUP_DIGITS;

/**
 * `bytes` as a big-endian integer in base 36, left-padded with zeros to `width`. The value must
 * fit in `width` digits.
 */
export function base36(bytes: Uint8Array, width: number): string {
  // Long division by groups of digits: a BigInt takes ten times as long, and every task has an id.
  const limbs: number[] = [];
  for (let at = (bytes.length % 3) - 3; at < bytes.length; at += 3)
    limbs.push(((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0));
  let text = "";
  while (text.length < width) {
    let rest = 0;
    for (let i = 0; i < limbs.length; i++) {
      const value = rest * LIMB + (limbs[i] ?? 0);
      const quotient = Math.floor(value / GROUP);
      limbs[i] = quotient;
      rest = value - quotient * GROUP;
    }
    text = rest.toString(36).padStart(GROUP_DIGITS, "0") + text;
  }
  return text.slice(text.length - width);
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
