import { badRequest } from "../request-error.ts";

/** Both directions between the words of Docker's JSON and the values of an enum of ours. */
export class Names<T extends number> {
  readonly #values: ReadonlyMap<string, T>;
  readonly #words: ReadonlyMap<T, string>;
  readonly #refusal: (word: string) => string;

  /**
   * `what` names the field in a refusal, Docker's way: `invalid Role: "king"`, or as `refusal`
   * puts it.
   */
  constructor(
    what: string,
    words: Readonly<Record<string, T>>,
    refusal = (word: string): string => `invalid ${what}: "${word}"`,
  ) {
    this.#refusal = refusal;
    this.#values = new Map(Object.entries(words));
    this.#words = new Map(Object.entries(words).map(([word, value]) => [value, word]));
  }

  /** Undefined for a word that is none of ours. */
  value(word: string): T | undefined {
    return this.#values.get(word);
  }

  /** `fallback` for the empty word; throws 400 for an unknown one. */
  parse(word: string, fallback: T): T {
    const value = word === "" ? fallback : this.#values.get(word);
    if (value === undefined) throw badRequest(this.#refusal(word));
    return value;
  }

  /** The word for `value`; "" for one without a word. */
  word(value: T): string {
    return this.#words.get(value) ?? "";
  }
}
