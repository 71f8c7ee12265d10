import { randomBytes } from "node:crypto";

/** Chance as seen by every shell: real in production, seeded in simulations and tests. */
export interface Random {
  /** A uniform integer in [0, bound). `bound` is a positive safe integer. */
  int(bound: number): number;
  /** A uniform number in [0, 1). */
  float(): number;
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
}

/** Drawn from the system at once: one call costs as much as hundreds of ids' worth of bytes. */
const POOL_BYTES = 4096;
/** Longer draws go to the system directly. */
const POOLED_BYTES_MAX = 64;

/** Bytes drawn ahead of need; each is handed out once and wiped. */
class Pool {
  #bytes = Buffer.alloc(0);
  #used = 0;

  take(count: number): Uint8Array {
    if (this.#used + count > this.#bytes.length) {
      this.#bytes = randomBytes(POOL_BYTES);
      this.#used = 0;
    }
    const end = this.#used + count;
    const taken = Uint8Array.from(this.#bytes.subarray(this.#used, end));
    this.#bytes.fill(0, this.#used, end);
    this.#used = end;
    return taken;
  }
}

const pool = new Pool();

/** Cryptographically strong chance: keys, tokens and ids are drawn from it. */
export const systemRandom: Random = {
  int(bound) {
    return Math.floor(systemRandom.float() * bound);
  },
  float() {
    const bytes = Buffer.from(pool.take(7));
    // 53 bits: the most a double holds exactly.
    return (bytes.readUIntBE(0, 6) * 32 + ((bytes[6] ?? 0) & 31)) / 2 ** 53;
  },
  bytes: (count) => (count > POOLED_BYTES_MAX ? randomBytes(count) : pool.take(count)),
};

/** FNV-1a, to turn a seed's text into a starting state. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * Deterministic chance from a seed (sfc32). `split(name)` gives an independent stream, so that one
 * more draw in one place does not reshuffle all others.
 */
export class SeededRandom implements Random {
  readonly #seed: string;
  #a: number;
  #b: number;
  #c: number;
  #d = 1;

  constructor(seed: string | number) {
    this.#seed = String(seed);
    this.#a = hash(`${this.#seed}/a`);
    this.#b = hash(`${this.#seed}/b`);
    this.#c = hash(`${this.#seed}/c`);
    for (let i = 0; i < 15; i++) this.uint32();
  }

  /** An independent stream named `name`, a function of this seed and the name only. */
  split(name: string): SeededRandom {
    return new SeededRandom(`${this.#seed}/${name}`);
  }

  /** A uniform 32-bit unsigned integer. */
  uint32(): number {
    const t = (((this.#a + this.#b) | 0) + this.#d) | 0;
    this.#d = (this.#d + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + t) | 0;
    return t >>> 0;
  }

  float(): number {
    return (this.uint32() * 2 ** 21 + (this.uint32() >>> 11)) / 2 ** 53;
  }

  int(bound: number): number {
    return Math.floor(this.float() * bound);
  }

  bytes(count: number): Uint8Array {
    const out = new Uint8Array(count);
    for (let i = 0; i < count; i++) out[i] = this.uint32() & 0xff;
    return out;
  }
}
