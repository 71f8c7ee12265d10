import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { join } from "node:path";
import { assert } from "../../../lib/assert.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { Random } from "../../../lib/random.ts";
import { damaged } from "../log/storage-error.ts";
import { writeFileDurably } from "../durable-file.ts";
import { readJsonFile } from "../json-file.ts";
import { KEY_BYTES, type DataCipher, type DataKey } from "./data-cipher.ts";

const NAME = "keyring.json";
const ALGORITHM = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** The file: data keys, each wrapped by the key-encryption key, or in clear without one. */
interface KeyringFile {
  readonly version: 1;
  /** Tells whether a key-encryption key is the right one; null = not locked. */
  readonly lock: string | null;
  readonly keys: readonly { readonly id: number; readonly key: string }[];
}

/** The data keys of a state directory, ascending by id. */
export interface Keyring {
  readonly keys: readonly DataKey[];
  /** A key-encryption key is needed to open it. */
  readonly locked: boolean;
}

/** A recognisable trait of a key-encryption key that does not help to find it. */
function fingerprint(kek: Uint8Array): string {
  return createHash("sha256").update("skep raft lock").update(kek).digest("hex").slice(0, 16);
}

function contextOf(id: number): Uint8Array {
  return new TextEncoder().encode(`skep raft data key ${id}`);
}

function wrap({ id, key }: DataKey, kek: Uint8Array | null, random: Random): string {
  if (!kek) return Buffer.from(key).toString("base64");
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, kek, nonce);
  cipher.setAAD(contextOf(id));
  const wrapped = Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
  return wrapped.toString("base64");
}

function unwrap(id: number, text: string, kek: Uint8Array | null): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  if (!kek) return bytes;
  const decipher = createDecipheriv(ALGORITHM, kek, bytes.subarray(0, NONCE_BYTES));
  decipher.setAAD(contextOf(id));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  const sealed = bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES);
  return Buffer.concat([decipher.update(sealed), decipher.final()]);
}

/** A data key that follows those of `keys`. */
export function nextKey(keys: readonly DataKey[], random: Random): DataKey {
  const id = (keys.at(-1)?.id ?? 0) + 1;
  return { id, key: Uint8Array.from(random.bytes(KEY_BYTES)) };
}

/** Whether the directory's keys need a key-encryption key. */
export function isLocked(directory: string): boolean {
  return readFile(directory)?.lock != null;
}

/**
 * Opens the keys of a state directory, or makes the first one.
 * @throws SwarmError `failed-precondition` with `details.locked` when a key-encryption key is
 *   needed and `kek` is null, `unauthenticated` when it is the wrong one, `internal` on damage
 */
export function openKeyring(directory: string, kek: Uint8Array | null, random: Random): Keyring {
  assert(kek === null || kek.length === KEY_BYTES, "a key-encryption key has 32 bytes");
  const file = readFile(directory);
  if (!file) {
    const keys = [nextKey([], random)];
    saveKeyring(directory, keys, kek, random);
    return { keys, locked: kek !== null };
  }
  if (file.lock !== null && kek === null)
    throw new SwarmError(
      "failed-precondition",
      "the manager's state is encrypted: it needs the swarm's unlock key",
      { details: { locked: "true" } },
    );
  // A key for a directory that is not locked is no mistake: the lock was taken off meanwhile.
  const used = file.lock === null ? null : kek;
  if (used && file.lock !== fingerprint(used))
    throw new SwarmError("unauthenticated", "the unlock key is wrong");
  try {
    const keys = file.keys.map(({ id, key }) => ({ id, key: unwrap(id, key, used) }));
    return { keys, locked: file.lock !== null };
  } catch (error) {
    throw damaged(directory, `${NAME} does not open with its own key`, error);
  }
}

/** Makes the keys durable, wrapped by `kek`, in clear with null. */
export function saveKeyring(
  directory: string,
  keys: readonly DataKey[],
  kek: Uint8Array | null,
  random: Random,
): void {
  const file: KeyringFile = {
    version: 1,
    lock: kek && fingerprint(kek),
    keys: keys.map((key) => ({ id: key.id, key: wrap(key, kek, random) })),
  };
  writeFileDurably(join(directory, NAME), JSON.stringify(file, null, 2));
}

/**
 * Erases the data keys that seal nothing any more: `cipher` has opened what is kept, but for
 * `rest`, which is read if there is anything to decide.
 */
export async function retireKeys(
  directory: string,
  kek: Uint8Array | null,
  { cipher, random }: { readonly cipher: DataCipher; readonly random: Random },
  rest: () => AsyncIterable<unknown>,
): Promise<void> {
  const { keys, locked } = openKeyring(directory, kek, random);
  if (keys.length === 1) return;
  for await (const _ of rest());
  const newest = keys.at(-1);
  const kept = keys.filter((key) => key === newest || cipher.used.has(key.id));
  if (kept.length === keys.length) return;
  saveKeyring(directory, kept, locked ? kek : null, random);
  cipher.use(kept);
}

function readFile(directory: string): KeyringFile | undefined {
  return readJsonFile(directory, NAME) as KeyringFile | undefined;
}
