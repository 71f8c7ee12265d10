/**
 * Functions made for one kind of message, as protobufjs makes its encoders. One function for all of
 * them would read properties by names from a list, of objects of many shapes: that takes V8 ten
 * times as long, and these run for each change of the store.
 */
import protobuf from "protobufjs";
import { fieldNumbers } from "./codec.ts";
import type { Messages } from "./generated.ts";

const { codegen } = protobuf.util;

/** Some fields of a message, and their numbers. */
export interface Part<T> {
  readonly part: T;
  readonly fields: readonly number[];
}

/** Finds the `id` of message `name`, and the fields that are not what they were before; never `meta`. */
export function compileDifference<K extends keyof Messages>(
  name: K,
): (after: Messages[K], before: Messages[K]) => Part<Messages[K]> {
  const gen = codegen(["after", "before"], `differenceOf${name}`)("const part = {}, fields = [];");
  for (const [key, number] of fieldNumbers(name)) {
    if (key === "meta") continue;
    if (key !== "id") gen("if (after.%s !== before.%s)", key, key);
    gen("{ part.%s = after.%s; fields.push(%i); }", key, key, number);
  }
  return gen("return { part, fields };")() as ReturnType<typeof compileDifference<K>>;
}

/** Makes the message with another value in field `key`. */
export function compileWith<K extends keyof Messages, F extends keyof Messages[K] & string>(
  name: K,
  key: F,
): (message: Messages[K], value: Messages[K][F]) => Messages[K] {
  const gen = codegen(["message", "value"], `${name}With`);
  return gen("return { ...message, %s: value };", key)() as ReturnType<typeof compileWith<K, F>>;
}
