/** Two 32-bit FNV-1a lanes with different starts; together a 64-bit value. */
const LANES = [0x811c9dc5, 0x9747b28c] as const;

function fnv(start: number, text: string): number {
  let h = start;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  // FNV's last step leaves neighbouring texts close together; a sum of such values would cancel.
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

/**
 * The hash of an assignments message: over the ids and versions of the tasks assigned to a node, as
 * they were last sent. Order does not matter and each change costs the same however many tasks
 * there are. It finds a lost or doubled change; it is no defence against a forger.
 */
export class AssignmentDigest {
  #high = 0;
  #low = 0;

  /** Counts a task in, at the version that was sent. */
  add(taskId: string, version: number): void {
    const text = `${taskId}@${version}`;
    this.#high = (this.#high + fnv(LANES[0], text)) >>> 0;
    this.#low = (this.#low + fnv(LANES[1], text)) >>> 0;
  }

  /** Takes a task out again; the version must be the one it was added with. */
  remove(taskId: string, version: number): void {
    const text = `${taskId}@${version}`;
    this.#high = (this.#high - fnv(LANES[0], text)) >>> 0;
    this.#low = (this.#low - fnv(LANES[1], text)) >>> 0;
  }

  /** 16 hexadecimal digits; all zeros for the empty set. */
  toString(): string {
    return this.#high.toString(16).padStart(8, "0") + this.#low.toString(16).padStart(8, "0");
  }
}
