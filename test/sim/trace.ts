import type { SimEvent } from "./scheduler.ts";

/** Events that are remembered for the report of a failure. */
export const TRACE_EVENTS = 200;

/** The newest events of a run, and a running hash over all of them. */
export class Trace {
  readonly #ring: { event: SimEvent; note: string }[] = [];
  #at = 0;
  #hash = 0x811c9dc5;

  /** Adds an event together with some numbers of the state that it led to. */
  add(event: SimEvent, state: readonly number[]): void {
    this.#mix(event.at);
    this.#mix(event.seq);
    for (const number of state) this.#mix(number);
    const kept = { event, note: state.join(" ") };
    if (this.#ring.length < TRACE_EVENTS) this.#ring.push(kept);
    else this.#ring[this.#at] = kept;
    this.#at = (this.#at + 1) % TRACE_EVENTS;
  }

  #mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ (value | 0), 0x01000193);
    this.#hash = Math.imul(this.#hash ^ Math.floor(value / 2 ** 32), 0x01000193) >>> 0;
  }

  /** Equal for two runs that went the same way. */
  get hash(): string {
    return this.#hash.toString(16).padStart(8, "0");
  }

  /** The remembered events, oldest first, one a line. */
  lines(): string[] {
    const full = this.#ring.length === TRACE_EVENTS;
    const ordered = full
      ? [...this.#ring.slice(this.#at), ...this.#ring.slice(0, this.#at)]
      : this.#ring;
    return ordered.map(({ event, note }) => {
      const ms = (event.at / 1000).toFixed(3).padStart(11);
      const detail = event.detail === undefined ? "" : ` ${describe(event.detail)}`;
      return `${ms} ms #${event.seq} ${event.who.padEnd(6)} ${event.what}${detail}  [${note}]`;
    });
  }
}

function describe(detail: unknown): string {
  if (typeof detail === "string") return detail;
  return JSON.stringify(detail, (key, value: unknown) => {
    if (value instanceof Uint8Array) return `${value.length} B`;
    const empty = value === 0 || value === false || value === null;
    const bare = empty || (Array.isArray(value) && value.length === 0);
    return key !== "" && bare ? undefined : value;
  });
}
