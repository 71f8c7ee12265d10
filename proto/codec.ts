import protobuf from "protobufjs";
import { shareMessages, SHARED_MESSAGES } from "./shared-messages.ts";
import { descriptor } from "./descriptor.ts";
import type { Messages } from "./generated.ts";
import { typeName } from "./type-name.ts";

// 64-bit fields are numbers: every one of ours stays below 2^53, which the control API enforces.
protobuf.util.Long = undefined as never;
protobuf.configure();

const root = protobuf.Root.fromJSON(descriptor);
root.resolveAll();
for (const type of allTypes(root)) if (SHARED_MESSAGES.has(typeName(type))) shareMessages(type);

const TO_OBJECT = {
  longs: Number,
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: true,
} as const;

/** Encodes and decodes one kind of message. */
export interface Codec<T> {
  encode(message: T): Buffer;
  /** Every key is present; `bytes` fields share memory with `bytes`. Throws on malformed input. */
  decode(bytes: Uint8Array): T;
  /** A message from the given fields; all others have their defaults. */
  make(fields: Fields<T>): T;
}

/** Some of a message's fields. */
export type Fields<T> = T extends unknown ? { readonly [K in keyof T]?: T[K] } : never;

const codecs = new Map<string, Codec<never>>();

function lookup(name: string): protobuf.Type {
  for (const type of allTypes(root)) if (typeName(type) === name) return type;
  throw new Error(`no message type ${name}`);
}

function* allTypes(parent: protobuf.NamespaceBase): Iterable<protobuf.Type> {
  for (const nested of parent.nestedArray) {
    if (nested instanceof protobuf.Type) yield nested;
    if (nested instanceof protobuf.Namespace) yield* allTypes(nested);
  }
}

function merge<T>(template: object, fields: object): T {
  return { ...template, ...fields } as T;
}

/** The codec of message `name`. The same object every time. */
export function codec<K extends keyof Messages>(name: K): Codec<Messages[K]> {
  const known = codecs.get(name);
  if (known) return known as unknown as Codec<Messages[K]>;
  const type = lookup(name);
  const template = type.toObject(type.create(), TO_OBJECT);
  for (const value of Object.values(template)) {
    if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value))
      Object.freeze(value);
  }
  const made: Codec<Messages[K]> = {
    encode: (message) => type.encode(message as object).finish() as Buffer,
    decode: (bytes) => type.toObject(type.decode(bytes), TO_OBJECT) as Messages[K],
    make: (fields) => merge(template, fields),
  };
  codecs.set(name, made as unknown as Codec<never>);
  return made;
}

/** The keys of message `name`, which has no oneof, with their field numbers. */
export function fieldNumbers(name: keyof Messages): readonly (readonly [string, number])[] {
  const type = lookup(name);
  if (type.oneofsArray.length > 0) throw new Error(`${name} has a oneof`);
  return type.fieldsArray.map((field) => [field.name, field.id] as const);
}

/** Shorthand of `codec(name).make(fields)`. */
export function make<K extends keyof Messages>(
  name: K,
  fields: Fields<Messages[K]> = {} as Fields<Messages[K]>,
): Messages[K] {
  return codec(name).make(fields);
}
