import { abortable } from "../../lib/abort.ts";
import type { SubscribeLogsMessage } from "../../proto/generated.ts";

/** Bytes of log lines that wait for a reader before those who send them have to wait too. */
export const BUFFER_BYTES_MAX = 1 << 20;

/** Fixed cost counted for a message, so that empty lines are not free. */
const MESSAGE_OVERHEAD_BYTES = 64;

function sizeOf(message: SubscribeLogsMessage): number {
  let bytes = MESSAGE_OVERHEAD_BYTES + message.warning.length;
  for (const { data } of message.messages) bytes += data.length + MESSAGE_OVERHEAD_BYTES;
  return bytes;
}

/** Messages between the nodes that send and the one who reads; a slow reader slows them down. */
export class LogBuffer {
  #messages: SubscribeLogsMessage[] = [];
  #bytes = 0;
  #ended: { readonly error: unknown } | undefined;
  readonly #waiting = new Set<() => void>();

  /** Whether lines have to wait. */
  get isFull(): boolean {
    return this.#bytes >= BUFFER_BYTES_MAX;
  }

  /** Adds a message, after waiting for room. Returns false when nobody reads any more. */
  async put(message: SubscribeLogsMessage, signal: AbortSignal): Promise<boolean> {
    while (!this.#ended && this.isFull) await this.#change(signal);
    return this.add(message);
  }

  /** Adds a message at once; for the few that are not log lines. */
  add(message: SubscribeLogsMessage): boolean {
    if (this.#ended) return false;
    this.#messages.push(message);
    this.#bytes += sizeOf(message);
    this.#wake();
    return true;
  }

  /** Ends the stream after what is in it, with `error` when one is given. */
  end(error?: unknown): void {
    this.#ended ??= { error };
    this.#wake();
  }

  /** Everything put in, in order, until the end. */
  async *read(signal: AbortSignal): AsyncIterable<SubscribeLogsMessage> {
    for (;;) {
      if (this.#messages.length > 0) {
        const batch = this.#messages;
        this.#messages = [];
        this.#bytes = 0;
        this.#wake();
        yield* batch;
      } else if (!this.#ended) {
        await this.#change(signal);
      } else {
        if (this.#ended.error !== undefined) throw this.#ended.error;
        return;
      }
    }
  }

  async #change(signal: AbortSignal): Promise<void> {
    let wake: () => void = () => {};
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#waiting.add(wake);
    try {
      await abortable(changed, signal);
    } finally {
      this.#waiting.delete(wake);
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
