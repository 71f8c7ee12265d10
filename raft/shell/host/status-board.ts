import { onAbort } from "../../../lib/abort.ts";
import type { RaftStatus } from "../../index.ts";

/** The newest status, for those who ask and those who watch. */
export class StatusBoard {
  #status: RaftStatus;
  #version = 0;
  #ended: { readonly error: unknown } | undefined;
  readonly #wake = new Set<() => void>();

  constructor(id: number) {
    this.#status = {
      id,
      term: 0,
      role: "follower",
      leaderId: 0,
      commit: 0,
      applied: 0,
      leading: 0,
      members: [],
      removed: false,
    };
  }

  /** The status with what only the host knows. */
  current(applied: number): RaftStatus {
    return { ...this.#status, applied, commit: Math.max(this.#status.commit, applied) };
  }

  set(status: RaftStatus): void {
    this.#status = status;
    this.#version++;
    this.#wakeAll();
  }

  /** The member has ended: it leads nothing, and all watching ends with `error`. */
  end(error: unknown): void {
    this.#ended ??= { error };
    this.#status = { ...this.#status, role: "follower", leaderId: 0, leading: 0 };
    this.#wakeAll();
  }

  /** Resolves when a status was set. */
  async first(): Promise<void> {
    while (this.#version === 0) await this.#change();
  }

  /** Yields once at once, then after changes; several may be one. Ends with the abort's reason. */
  async *changes(signal: AbortSignal): AsyncIterable<void> {
    let seen = -1;
    const release = onAbort(signal, () => this.#wakeAll());
    try {
      for (;;) {
        signal.throwIfAborted();
        if (seen !== this.#version) {
          seen = this.#version;
          yield;
        } else if (this.#ended) throw this.#ended.error;
        else await this.#change();
      }
    } finally {
      release();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake.add(resolve));
  }

  #wakeAll(): void {
    const waiting = [...this.#wake];
    this.#wake.clear();
    for (const resolve of waiting) resolve();
  }
}
