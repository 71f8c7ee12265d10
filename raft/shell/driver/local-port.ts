import type { DriverPort, FromDriver, HostPort, Port, ToDriver } from "./port.ts";

/** Runs a task in a later turn of the event loop. */
export type Defer = (task: () => void) => void;

/** One direction: collects what is posted in a turn and delivers it in a later one. */
class Lane<T> {
  readonly #defer: Defer;
  #queue: T[] = [];
  #listener: ((messages: readonly T[]) => void) | undefined;
  #scheduled = false;

  constructor(defer: Defer) {
    this.#defer = defer;
  }

  post(message: T): void {
    this.#queue.push(message);
    this.#schedule();
  }

  listen(listener: (messages: readonly T[]) => void): void {
    this.#listener = listener;
    if (this.#queue.length > 0) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#listener) return;
    this.#scheduled = true;
    this.#defer(() => {
      this.#scheduled = false;
      const messages = this.#queue;
      this.#queue = [];
      this.#listener?.(messages);
    });
  }
}

function end<In, Out>(incoming: Lane<In>, outgoing: Lane<Out>): Port<In, Out> {
  return {
    post: (message) => outgoing.post(message),
    // Whoever listens is called in a turn of its own, so that neither end runs inside the other.
    flush: () => {},
    onMessages: (listener) => incoming.listen(listener),
  };
}

/** A port within one thread. */
export function localPorts(defer: Defer): { readonly host: HostPort; readonly driver: DriverPort } {
  const toDriver = new Lane<ToDriver>(defer);
  const fromDriver = new Lane<FromDriver>(defer);
  return { host: end(fromDriver, toDriver), driver: end(toDriver, fromDriver) };
}
