import { abortable, linked, type Linked } from "../../lib/abort.ts";
import { SwarmError } from "../../lib/errors.ts";
import type {
  ReachAsk,
  ReachInput,
  ReachOutput,
  ServeReachRequest,
} from "../../proto/generated.ts";
import { asErrorCode } from "../../proto/rpc-error.ts";

type Items<T> = AsyncIterator<T>;

/**
 * One reach into a node's tasks: what the asker sends goes to the node, what the node sends goes to
 * the asker. Nothing is kept in between: each side is read only when the other one takes more, so
 * that a slow reader slows down whoever writes, however many hops there are.
 */
export class ReachSession implements Disposable {
  readonly id: string;
  readonly nodeId: string;
  readonly ask: ReachAsk;
  readonly #inputs: Items<ReachInput>;
  readonly #link: Linked;
  #answer: (outputs: Items<ServeReachRequest>) => void = () => {};
  #isAnswered = false;
  #isOver = false;
  readonly #answered: Promise<Items<ServeReachRequest>>;

  /** @param inputs what the asker sends after the ask; `signal` aborts when it goes away */
  constructor(
    { id, nodeId, ask }: Pick<ReachSession, "id" | "nodeId" | "ask">,
    inputs: Items<ReachInput>,
    signal: AbortSignal,
  ) {
    this.id = id;
    this.nodeId = nodeId;
    this.ask = ask;
    this.#inputs = inputs;
    this.#link = linked(signal);
    this.#answered = new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  /** Aborts when the session is over. */
  get signal(): AbortSignal {
    return this.#link.signal;
  }

  /** Ends the session with an error for the asker and the node. */
  fail(error: SwarmError): void {
    this.#link.abort(error);
  }

  /** Waits until the node answers. */
  async answered(): Promise<void> {
    await abortable(this.#answered, this.signal);
  }

  /** Passes on what the node sends. Throws the error that the node names. */
  async *outputs(): AsyncIterable<ReachOutput> {
    const outputs = await abortable(this.#answered, this.signal);
    for (;;) {
      const next = await abortable(this.#next(outputs), this.signal);
      if (next.done) throw this.#cut();
      const { output, errorCode, errorMessage, done } = next.value;
      if (errorCode !== "") throw new SwarmError(asErrorCode(errorCode), errorMessage);
      if (done) return;
      if (output) yield output;
    }
  }

  /** Whether the node has answered; it may do so once. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /**
   * The node answers: `outputs` is what it sends. Passes on what the asker sends until the session
   * is over.
   */
  async *serve(outputs: Items<ServeReachRequest>, signal: AbortSignal): AsyncIterable<ReachInput> {
    this.#isAnswered = true;
    this.#answer(outputs);
    for (;;) {
      const next = await abortable(abortable(this.#inputs.next(), this.signal), signal);
      if (next.done) break;
      yield next.value;
    }
    // The asker has no more to say, and listens on.
    await abortable(abortable(new Promise<never>(() => {}), this.signal), signal);
  }

  async #next(outputs: Items<ServeReachRequest>): Promise<IteratorResult<ServeReachRequest>> {
    try {
      return await outputs.next();
    } catch (cause) {
      throw this.#cut(cause);
    }
  }

  #cut(cause?: unknown): SwarmError {
    const text = `node ${this.nodeId} went away while it was asked`;
    return new SwarmError("unavailable", text, { cause });
  }

  /** Whether it has ended, well or not. */
  get isOver(): boolean {
    return this.#isOver;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    this.#link.abort(new SwarmError("cancelled", "the session is over"));
    this.#link[Symbol.dispose]();
  }
}
