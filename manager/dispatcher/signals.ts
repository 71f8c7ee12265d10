import { Bell } from "../../lib/bell.ts";

/** So many names are gathered for a waiter that does not come; then it may be anything. */
const NAMES_MAX = 1_000;

/** A bell that gathers what it rang for, and leaves its group when disposed. */
export class GroupBell extends Bell implements Disposable {
  readonly #leave: (bell: GroupBell) => void;
  #named = new Set<string>();
  #isForAll = false;

  constructor(leave: (bell: GroupBell) => void) {
    super();
    this.#leave = leave;
  }

  /** Rings for one thing, or for anything. */
  ringFor(name: string | undefined): void {
    if (name === undefined || this.#named.size >= NAMES_MAX) this.#isForAll = true;
    else this.#named.add(name);
    this.ring();
  }

  /** What it rang for since the last call; undefined when that may be anything. */
  take(): ReadonlySet<string> | undefined {
    const named = this.#isForAll ? undefined : this.#named;
    this.#named = new Set();
    this.#isForAll = false;
    return named;
  }

  [Symbol.dispose](): void {
    this.#leave(this);
  }
}

/** Wake-ups by key: an event costs a look-up, not a scan over all waiters. */
export class Signals {
  readonly #bells = new Map<string, Set<GroupBell>>();

  subscribe(key: string): GroupBell {
    const set = this.#bells.get(key) ?? new Set();
    this.#bells.set(key, set);
    const bell = new GroupBell((left) => {
      set.delete(left);
      if (set.size === 0 && this.#bells.get(key) === set) this.#bells.delete(key);
    });
    set.add(bell);
    return bell;
  }

  /** Wakes those who wait under `key`, and says for what, when it is one thing. */
  ring(key: string, name?: string): void {
    for (const bell of this.#bells.get(key) ?? []) bell.ringFor(name);
  }

  ringAll(): void {
    for (const set of this.#bells.values()) for (const bell of set) bell.ringFor(undefined);
  }
}
