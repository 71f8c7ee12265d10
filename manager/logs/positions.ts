import { make } from "../../proto/codec.ts";
import type { LogMessage, LogPosition } from "../../proto/generated.ts";

/** Tasks of a node that are known; of more, those that were met first may show lines twice. */
export const TASKS_MAX = 10_000;

/** How far one task's log has been read. */
interface Position {
  /** Time of the last line, whole milliseconds since the epoch. */
  readonly ms: number;
  /** Lines of that very millisecond that have been read. */
  readonly count: number;
  /** How many of these are still to come again. */
  readonly again: number;
}

/**
 * How far the logs of tasks have been read, so that a reader who was cut off goes on at that line:
 * a node that is asked again begins with the millisecond of the last line, and what was read of it
 * before is left out.
 */
export class LogPositions {
  readonly #tasks = new Map<string, Position>();
  #parsed = { text: "", ms: NaN };

  /** Notes a line; false when it was read before. */
  take({ context, timestamp }: LogMessage): boolean {
    const taskId = context?.taskId ?? "";
    // Most lines have the time of the one before.
    if (timestamp !== this.#parsed.text)
      this.#parsed = { text: timestamp, ms: Date.parse(timestamp) };
    const { ms } = this.#parsed;
    const known = this.#tasks.get(taskId);
    if (known && known.again > 0 && known.ms === ms) {
      this.#tasks.set(taskId, { ...known, again: known.again - 1 });
      return false;
    }
    const count = known?.ms === ms ? known.count + 1 : 1;
    if (Number.isNaN(ms)) return true;
    if (!known && this.#tasks.size >= TASKS_MAX) {
      const [first = ""] = this.#tasks.keys();
      this.#tasks.delete(first);
    }
    this.#tasks.set(taskId, { ms, count, again: 0 });
    return true;
  }

  /** Where to go on; from now on the lines that come again are left out. */
  resume(): readonly LogPosition[] {
    return [...this.#tasks].map(([taskId, known]) => {
      this.#tasks.set(taskId, { ...known, again: known.count });
      return make("LogPosition", { taskId, sinceMs: known.ms });
    });
  }
}
