/**
 * Functions made for one kind of message, as protobufjs makes its encoders. One function for all of
 * them would read properties by names from a list, of objects of many shapes: that takes V8 ten
 * times as long, and these run for each change of the store.
 */
import protobuf from "protobufjs";
import { assert } from "../lib/assert.ts";
import { fieldNumbers } from "./codec.ts";
import type { Messages } from "./generated.ts";

const { codegen } = protobuf.util;

/** Some fields of a message, and their numbers. */
export interface Part<T> {
  readonly part: T;
  readonly fields: readonly number[];
}

/** Fields that fit into one small integer, a bit for each. */
const FIELDS_MAX = 30;

/** Finds the `id` of message `name`, and the fields that are not what they were before; never `meta`. */
export function compileDifference<K extends keyof Messages>(
  name: K,
): (after: Messages[K], before: Messages[K]) => Part<Messages[K]> {
  const compared = fieldNumbers(name).filter(([key]) => key !== "meta");
  assert(compared.length <= FIELDS_MAX, `${name} has at most ${FIELDS_MAX} fields to compare`);
  const params = ["fieldsOf", "after", "before"];
  const gen = codegen(params, `differenceOf${name}`)("const part = {}; let bits = 0;");
  for (const [bit, [key]] of compared.entries()) {
    if (key !== "id") gen("if (after.%s !== before.%s)", key, key);
    gen("{ part.%s = after.%s; bits |= %i; }", key, key, 1 << bit);
  }
  gen("return { part, fields: fieldsOf(bits) };");
  // What changes together is always the same few sets of fields.
  const known = new Map<number, readonly number[]>();
  const fieldsOf = (bits: number): readonly number[] => {
    let fields = known.get(bits);
    if (!fields) {
      fields = compared.flatMap(([, number], bit) => (bits & (1 << bit) ? [number] : []));
      known.set(bits, fields);
    }
    return fields;
  };
  return gen().bind(undefined, fieldsOf) as ReturnType<typeof compileDifference<K>>;
}

/** Makes the message with another value in field `key`. */
export function compileWith<K extends keyof Messages, F extends keyof Messages[K] & string>(
  name: K,
  key: F,
): (message: Messages[K], value: Messages[K][F]) => Messages[K] {
  const gen = codegen(["message", "value"], `${name}With`);
  return gen("return { ...message, %s: value };", key)() as ReturnType<typeof compileWith<K, F>>;
}
