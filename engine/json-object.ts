import { badRequest } from "./request-error.ts";

/**
 * A JSON object of a request, read as Go's decoder reads it: keys match without regard to case,
 * `null` means absent, unknown keys are ignored, a wrong type is refused (400).
 */
export class JsonObject {
  readonly #fields = new Map<string, unknown>();
  readonly #path: string;
  /** As it was sent. */
  readonly raw: object;

  constructor(value: object, path = "") {
    this.#path = path;
    this.raw = value;
    for (const [key, field] of Object.entries(value)) {
      if (field !== null) this.#fields.set(key.toLowerCase(), field);
    }
  }

  /** Parses a request body; an empty one is an empty object. Throws 400. */
  static parse(text: string): JsonObject {
    if (text.trim() === "") return new JsonObject({});
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw badRequest(`invalid JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (value === null) return new JsonObject({});
    if (!isPlainObject(value)) throw badRequest("invalid JSON: the body must be an object");
    return new JsonObject(value);
  }

  has(key: string): boolean {
    return this.#fields.has(key.toLowerCase());
  }

  /** "" when absent. */
  text(key: string): string {
    const value = this.#get(key) ?? "";
    if (typeof value !== "string") throw this.#wrong(key, "a string");
    return value;
  }

  flag(key: string): boolean | undefined {
    const value = this.#get(key);
    if (value !== undefined && typeof value !== "boolean") throw this.#wrong(key, "true or false");
    return value;
  }

  /** Any finite number; 0 when absent. */
  number(key: string): number {
    const value = this.#get(key) ?? 0;
    if (typeof value !== "number") throw this.#wrong(key, "a number");
    return value;
  }

  /** A whole number below 2^53; undefined when absent. */
  integerOf(key: string): number | undefined {
    const value = this.#get(key);
    if (value !== undefined && !Number.isSafeInteger(value))
      throw this.#wrong(key, "an integer below 2^53");
    return value as number | undefined;
  }

  /** 0 when absent. */
  integer(key: string): number {
    return this.integerOf(key) ?? 0;
  }

  /** A whole number that is not negative; undefined when absent. */
  unsignedOf(key: string): number | undefined {
    const value = this.integerOf(key);
    if (value !== undefined && value < 0) throw this.#wrong(key, "a number that is not negative");
    return value;
  }

  /** 0 when absent. */
  unsigned(key: string): number {
    return this.unsignedOf(key) ?? 0;
  }

  /** Strings; empty when absent. */
  texts(key: string): readonly string[] {
    return this.#list(key).map((value) => {
      if (typeof value !== "string") throw this.#wrong(key, "a list of strings");
      return value;
    });
  }

  /** Lists of strings; empty when absent. */
  lists(key: string): readonly (readonly string[])[] {
    return this.#list(key).map((value) => {
      if (!Array.isArray(value) || !value.every((word) => typeof word === "string"))
        throw this.#wrong(key, "a list of lists of strings");
      return value;
    });
  }

  /** Objects; empty when absent. A `null` element is an empty object. */
  list(key: string): readonly JsonObject[] {
    return this.#list(key).map((value, index) => this.#child(value ?? {}, `${key}[${index}]`));
  }

  object(key: string): JsonObject | undefined {
    const value = this.#get(key);
    return value === undefined ? undefined : this.#child(value, key);
  }

  /** String to string; keys keep their case. Empty when absent. */
  map(key: string): Readonly<Record<string, string>> {
    const value = this.#get(key) ?? {};
    if (!isPlainObject(value)) throw this.#wrong(key, "an object of strings");
    const entries = Object.entries(value).map(([name, text]): [string, string] => {
      if (text !== null && typeof text !== "string") throw this.#wrong(key, "an object of strings");
      return [name, text ?? ""];
    });
    return Object.fromEntries(entries);
  }

  /** Standard base64; empty when absent. */
  bytes(key: string): Uint8Array {
    const text = this.text(key).replace(/[\r\n]/g, "");
    const bad = firstIllegalBase64(text);
    if (bad >= 0) throw badRequest(`illegal base64 data at input byte ${bad}`);
    return Buffer.from(text, "base64");
  }

  #get(key: string): unknown {
    return this.#fields.get(key.toLowerCase());
  }

  #list(key: string): readonly unknown[] {
    const value = this.#get(key) ?? [];
    if (!Array.isArray(value)) throw this.#wrong(key, "a list");
    return value;
  }

  #child(value: unknown, key: string): JsonObject {
    if (!isPlainObject(value)) throw this.#wrong(key, "an object");
    return new JsonObject(value, this.#name(key));
  }

  #name(key: string): string {
    return this.#path ? `${this.#path}.${key}` : key;
  }

  #wrong(key: string, wanted: string): Error {
    return badRequest(`invalid JSON: ${this.#name(key)} must be ${wanted}`);
  }
}

function isPlainObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Where Go's strict decoder stops: the first byte that does not belong, or the start of the last
 * four when they are not whole; -1 when all is well.
 */
function firstIllegalBase64(text: string): number {
  const body = /^[A-Za-z0-9+/]*/.exec(text)?.[0].length ?? 0;
  const padding = text.slice(body);
  const wanted = ["", "", "==", "="][body % 4];
  if (body % 4 !== 1 && padding === wanted) return -1;
  return padding === "" ? body - (body % 4) : body;
}
