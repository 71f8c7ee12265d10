import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { assert } from "../../../lib/assert.ts";
import type { Random } from "../../../lib/random.ts";
import { UINT53_BYTES, viewOf, writeUint53 } from "../log/binary.ts";
import type { Cipher } from "./cipher.ts";

/** Bytes of a data key and of a key-encryption key: AES-256. */
export const KEY_BYTES = 32;

/** A key for what is on the disk. */
export interface DataKey {
  /** Counts up; the newest seals. */
  readonly id: number;
  readonly key: Uint8Array;
}

const ALGORITHM = "aes-256-gcm";
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** key id u32, salt, counter u64, then the sealed bytes and their tag. */
const HEADER_BYTES = 4 + SALT_BYTES + UINT53_BYTES;

/** Subkeys of other lives kept at hand; a log spans few. */
const SUBKEYS_MAX = 64;

/**
 * AES-256-GCM under a subkey that every life of every writer derives for itself from the newest
 * data key and 128 random bits, so that a plain counter as nonce never repeats under one key,
 * whatever was restarted or restored. The envelope names key, salt and counter.
 */
export class DataCipher implements Cipher {
  readonly #salt: Uint8Array;
  #keys: ReadonlyMap<number, Uint8Array> = new Map();
  #newest: DataKey | undefined;
  readonly #used = new Set<number>();
  #counter = 0;
  readonly #subkeys = new Map<string, Uint8Array>();

  constructor(keys: readonly DataKey[], random: Pick<Random, "bytes">) {
    this.#salt = Uint8Array.from(random.bytes(SALT_BYTES));
    this.use(keys);
  }

  /** Replaces the keys, ascending by id; what is sealed from now on is under the newest. */
  use(keys: readonly DataKey[]): void {
    this.#keys = new Map(keys.map(({ id, key }) => [id, key]));
    this.#newest = keys.at(-1);
    this.#subkeys.clear();
  }

  /** Ids of the keys that have opened something. */
  get used(): ReadonlySet<number> {
    return this.#used;
  }

  seal(plain: Uint8Array, context: Uint8Array): Uint8Array {
    const newest = this.#newest;
    assert(newest, "a cipher has a key");
    const header = new Uint8Array(HEADER_BYTES);
    const view = viewOf(header);
    view.setUint32(0, newest.id);
    header.set(this.#salt, 4);
    writeUint53(view, 4 + SALT_BYTES, this.#counter++);
    const key = this.#subkey(newest.key, newest.id, this.#salt);
    const cipher = createCipheriv(ALGORITHM, key, nonceOf(header));
    cipher.setAAD(Buffer.concat([header, context]));
    return Buffer.concat([header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  open(sealed: Uint8Array, context: Uint8Array): Uint8Array | undefined {
    if (sealed.length < HEADER_BYTES + TAG_BYTES) return undefined;
    const header = sealed.subarray(0, HEADER_BYTES);
    const id = viewOf(header).getUint32(0);
    const key = this.#keys.get(id);
    if (!key) return undefined;
    const subkey = this.#subkey(key, id, header.subarray(4, 4 + SALT_BYTES));
    const decipher = createDecipheriv(ALGORITHM, subkey, nonceOf(header));
    decipher.setAAD(Buffer.concat([header, context]));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const plain = decipher.update(sealed.subarray(HEADER_BYTES, sealed.length - TAG_BYTES));
    try {
      decipher.final();
      this.#used.add(id);
      return plain;
    } catch {
      // The tag does not fit: the caller reports what was changed.
      return undefined;
    }
  }

  #subkey(key: Uint8Array, id: number, salt: Uint8Array): Uint8Array {
    const name = `${id}/${Buffer.from(salt).toString("base64")}`;
    const known = this.#subkeys.get(name);
    if (known) return known;
    const made = new Uint8Array(hkdfSync("sha256", key, salt, "skep raft data", KEY_BYTES));
    if (this.#subkeys.size >= SUBKEYS_MAX) this.#subkeys.clear();
    this.#subkeys.set(name, made);
    return made;
  }
}

/** The counter of a header, as a nonce. */
function nonceOf(header: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  nonce.set(header.subarray(4 + SALT_BYTES), NONCE_BYTES - UINT53_BYTES);
  return nonce;
}
