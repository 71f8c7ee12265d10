import type { Defer } from "../driver/local-port.ts";
import type { Port } from "../driver/port.ts";

/** One end of a port over a thread's messages: everything posted in a turn goes as one message. */
export class ThreadPort<In, Out> implements Port<In, Out> {
  readonly #send: (messages: readonly Out[]) => void;
  readonly #defer: Defer;
  #queue: Out[] = [];
  #early: In[] = [];
  #listener: ((messages: readonly In[]) => void) | undefined;

  constructor(send: (messages: readonly Out[]) => void, defer: Defer) {
    this.#send = send;
    this.#defer = defer;
  }

  post(message: Out): void {
    this.#queue.push(message);
    if (this.#queue.length === 1) this.#defer(() => this.flush());
  }

  flush(): void {
    if (this.#queue.length === 0) return;
    const messages = this.#queue;
    this.#queue = [];
    this.#send(messages);
  }

  onMessages(listener: (messages: readonly In[]) => void): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = [];
    if (early.length > 0) listener(early);
  }

  /** Takes what the other end has sent. */
  deliver(messages: readonly In[]): void {
    if (this.#listener) this.#listener(messages);
    else this.#early.push(...messages);
  }
}
