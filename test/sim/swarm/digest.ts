/** FNV-1a over a text. */
function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

function hashBytes(bytes: Uint8Array): number {
  let h = 0x1234567;
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193);
  return h;
}

const keys = new Map<string, number>();

function hashKey(key: string): number {
  let known = keys.get(key);
  if (known === undefined) keys.set(key, (known = hashText(key)));
  return known;
}

function scramble(h: number): number {
  const mixed = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}

const known = new WeakMap<object, number>();

/**
 * A hash of a value as it is in memory: a null and a missing field, or 1 and "1", differ. The
 * order of keys does not count. Objects never change, so each is looked at once.
 */
export function hashOf(value: unknown): number {
  if (typeof value === "string") return hashText(value);
  if (typeof value !== "object") return hashText(`${typeof value} ${JSON.stringify(value)}`);
  if (value === null) return 0x6e756c6c;
  const before = known.get(value);
  if (before !== undefined) return before;
  let h = 0;
  if (value instanceof Uint8Array) h = hashBytes(value);
  else if (Array.isArray(value))
    for (const item of value) h = Math.imul(h ^ hashOf(item), 0x9e3779b1) + 1;
  else
    for (const [key, field] of Object.entries(value))
      h = (h + scramble(Math.imul(hashKey(key), 31) ^ hashOf(field))) | 0;
  h = scramble(h);
  known.set(value, h);
  return h;
}
