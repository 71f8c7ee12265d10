import type { RaftCore } from "../../core/raft-core.ts";
import type { ReadFailure, ReadState } from "../../core/types.ts";
import type { FromDriver } from "./port.ts";
import { portError } from "./port-error.ts";

/** Ids of one life: this many before the next life's begin. */
const IDS_PER_BOOT = 2 ** 32;

/** Ticks after which an unanswered question is asked again: it or its answer was lost. */
const READ_RETRY_TICKS = 10;

/** Linearizable reads: everything asked in one turn shares one question to the core. */
export class Reads {
  readonly #post: (message: FromDriver) => void;
  #nextId: number;
  #waiting: number[] = [];
  readonly #asked = new Map<number, { readonly ids: readonly number[]; ticks: number }>();

  /** `boot` keeps the ids of different lives apart. */
  constructor(post: (message: FromDriver) => void, boot: number) {
    this.#post = post;
    this.#nextId = boot * IDS_PER_BOOT + 1;
  }

  add(id: number): void {
    this.#waiting.push(id);
  }

  flush(core: RaftCore, now: number): void {
    if (this.#waiting.length === 0) return;
    const ids = this.#waiting;
    this.#waiting = [];
    this.#ask(core, ids, now);
  }

  tick(core: RaftCore, now: number): void {
    const due: (readonly number[])[] = [];
    for (const [id, read] of this.#asked) {
      if (++read.ticks < READ_RETRY_TICKS) continue;
      this.#asked.delete(id);
      due.push(read.ids);
    }
    for (const ids of due) this.#ask(core, ids, now);
  }

  /** Takes the answers of a Ready. */
  settle(reads: readonly ReadState[], failed: readonly ReadFailure[]): void {
    for (const { id, index } of reads) {
      const read = this.#take(id);
      if (read) this.#post({ kind: "readable", ids: read, index });
    }
    for (const { id, reason } of failed) {
      const read = this.#take(id);
      if (!read) continue;
      const error =
        reason === "no-leader"
          ? portError("no-leader", "the swarm does not have a leader: most managers are down")
          : portError("aborted", "the leader changed during the read: try again");
      this.#post({ kind: "unreadable", ids: read, error });
    }
  }

  #ask(core: RaftCore, ids: readonly number[], now: number): void {
    const id = this.#nextId++;
    this.#asked.set(id, { ids, ticks: 0 });
    core.readIndex(id, now);
  }

  #take(id: number): readonly number[] | undefined {
    const read = this.#asked.get(id);
    this.#asked.delete(id);
    return read?.ids;
  }
}
