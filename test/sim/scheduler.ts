/** One thing that happens at one moment of virtual time. */
export interface SimEvent {
  readonly at: number;
  readonly seq: number;
  /** What is concerned (a node's name, "net", "client"), and what happens; for traces. */
  readonly who: string;
  readonly what: string;
  /** Printed with the event when a trace is asked for; kept by reference until then. */
  readonly detail: unknown;
  readonly run: () => void;
}

/**
 * Virtual time in integer microseconds and the queue of what is to happen in it. Events of one
 * moment happen in the order in which they were scheduled, so that a run is a function of its
 * seed. A binary heap over (at, seq).
 */
export class Scheduler {
  #now = 0;
  #seq = 0;
  #count = 0;
  readonly #heap: SimEvent[] = [];

  /** Microseconds since the start of the run. */
  get now(): number {
    return this.#now;
  }

  /** Events taken so far. */
  get count(): number {
    return this.#count;
  }

  /** Schedules `run` after `delay` µs (rounded, at least 0). */
  after(delay: number, label: readonly [string, string, unknown?], run: () => void): void {
    const [who, what, detail] = label;
    const at = this.#now + Math.max(0, Math.round(delay));
    this.#push({ at, seq: this.#seq++, who, what, detail, run });
  }

  /** Takes the next event and moves time to it; undefined when nothing is left. */
  next(): SimEvent | undefined {
    const event = this.#pop();
    if (!event) return undefined;
    this.#now = event.at;
    this.#count++;
    return event;
  }

  #push(event: SimEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): SimEvent | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || !last) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: SimEvent, b: SimEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq);
}

/**
 * Resolves when every promise chain that can go on without a new event has gone on: the tick queue
 * is served only once the microtask queue is empty.
 */
export function drained(): Promise<void> {
  return new Promise((resolve) => {
    queueMicrotask(() => process.nextTick(resolve));
  });
}
