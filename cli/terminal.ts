import type { Readable, Writable } from "node:stream";

/** The user's keyboard and screen, for a command that uses them as its own. */
export interface Terminal {
  readonly input: Readable;
  /** Whether a person types. */
  readonly isInputTTY: boolean;
  readonly output: Writable;
  readonly errors: Writable;
  /** Hands over every key as it is pressed, Ctrl-C too; false = as usual. */
  setRaw(raw: boolean): void;
  size(): { readonly rows: number; readonly columns: number };
  /** Told when the window's size has changed; returns the unsubscriber. */
  onResize(listener: () => void): () => void;
  /** Takes over what SIGINT and SIGTERM do, which is to end the command; returns the way back. */
  onInterrupt(listener: (signal: NodeJS.Signals) => void): () => void;
}
