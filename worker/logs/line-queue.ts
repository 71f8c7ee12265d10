import { onAbort } from "../../lib/abort.ts";
import type { LogMessage } from "../../proto/generated.ts";

/** Lines that wait for a slow reader, in bytes; then the tasks' readers wait. */
const QUEUE_BYTES_MAX = 1 << 20;
/** Cost counted for a line besides its bytes, so that empty ones are not free. */
const LINE_OVERHEAD_BYTES = 64;
/** Lines sent as one message. */
const BATCH_LINES_MAX = 512;

/** What is sent together. */
export interface LineBatch {
  readonly lines: readonly LogMessage[];
  /** Why lines are missing; empty when none are. */
  readonly warning: string;
}

/** Lines of several tasks on their way into one stream; bounded, those who add wait. */
export class LineQueue {
  readonly #waiting = new Set<() => void>();
  #lines: LogMessage[] = [];
  #warnings: string[] = [];
  #bytes = 0;
  #ended = false;

  /** Adds a line; returns null when there is room for the next, else a promise of it. */
  put(line: LogMessage, signal: AbortSignal): Promise<void> | null {
    this.#lines.push(line);
    this.#bytes += line.data.length + LINE_OVERHEAD_BYTES;
    this.#wake();
    return this.#bytes > QUEUE_BYTES_MAX ? this.#room(signal) : null;
  }

  async #room(signal: AbortSignal): Promise<void> {
    while (this.#bytes > QUEUE_BYTES_MAX) {
      await this.#change(signal);
      signal.throwIfAborted();
    }
  }

  /** Tells the reader that something is missing. */
  warn(warning: string): void {
    this.#warnings.push(warning);
    this.#wake();
  }

  /** No more lines will come. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** The next batch; null when there is none and none will come. */
  async take(signal: AbortSignal): Promise<LineBatch | null> {
    while (this.#lines.length === 0 && this.#warnings.length === 0) {
      if (this.#ended) return null;
      await this.#change(signal);
      signal.throwIfAborted();
    }
    const lines = this.#lines.slice(0, BATCH_LINES_MAX);
    this.#lines = this.#lines.slice(BATCH_LINES_MAX);
    for (const line of lines) this.#bytes -= line.data.length + LINE_OVERHEAD_BYTES;
    const warning = this.#warnings.splice(0).join("\n");
    this.#wake();
    return { lines, warning };
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const release = onAbort(signal, resolve);
      this.#waiting.add(() => {
        release();
        resolve();
      });
    });
  }
}
