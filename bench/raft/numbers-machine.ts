import type { CommittedEntry, StateMachine } from "../../raft/index.ts";

/** Bytes in front of an entry that hold its number; 0 = it has none. */
export const NUMBER_BYTES = 4;

const CHUNK_BYTES = 64 * 1024;

/** A state machine as cheap as can be: remembers which numbers were applied, one bit each. */
export class NumbersMachine implements StateMachine {
  #bits = new Uint8Array(CHUNK_BYTES);

  apply(entries: readonly CommittedEntry[]): void {
    for (const { data } of entries) {
      if (data.length < NUMBER_BYTES) continue;
      const number = ((data[0]! << 24) | (data[1]! << 16) | (data[2]! << 8) | data[3]!) >>> 0;
      if (number > 0) this.#set(number);
    }
  }

  has(number: number): boolean {
    return ((this.#bits[number >>> 3] ?? 0) & (1 << (number & 7))) !== 0;
  }

  async *snapshot(): AsyncIterable<Uint8Array> {
    const bits = this.#bits.slice();
    for (let at = 0; at < bits.length; at += CHUNK_BYTES) yield bits.subarray(at, at + CHUNK_BYTES);
  }

  async restore(_index: number, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    this.#bits = new Uint8Array(Buffer.concat(parts));
  }

  #set(number: number): void {
    const at = number >>> 3;
    if (at >= this.#bits.length) {
      const grown = new Uint8Array(Math.max(at + 1, this.#bits.length * 2));
      grown.set(this.#bits);
      this.#bits = grown;
    }
    this.#bits[at] = (this.#bits[at] ?? 0) | (1 << (number & 7));
  }
}

/** An entry of `bytes` with a number in front. */
export function numbered(number: number, bytes: number): Uint8Array {
  const data = new Uint8Array(bytes).fill(0x61);
  new DataView(data.buffer).setUint32(0, number);
  return data;
}
