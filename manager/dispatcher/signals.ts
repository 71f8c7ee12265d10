import { Bell } from "../../lib/bell.ts";

/** A bell that leaves its group when disposed. */
class GroupBell extends Bell implements Disposable {
  readonly #leave: (bell: Bell) => void;

  constructor(leave: (bell: Bell) => void) {
    super();
    this.#leave = leave;
  }

  [Symbol.dispose](): void {
    this.#leave(this);
  }
}

/** Wake-ups by key: an event costs a look-up, not a scan over all waiters. */
export class Signals {
  readonly #bells = new Map<string, Set<Bell>>();

  subscribe(key: string): Bell & Disposable {
    const set = this.#bells.get(key) ?? new Set();
    this.#bells.set(key, set);
    const bell = new GroupBell((left) => {
      set.delete(left);
      if (set.size === 0 && this.#bells.get(key) === set) this.#bells.delete(key);
    });
    set.add(bell);
    return bell;
  }

  ring(key: string): void {
    for (const bell of this.#bells.get(key) ?? []) bell.ring();
  }

  ringAll(): void {
    for (const set of this.#bells.values()) for (const bell of set) bell.ring();
  }
}
