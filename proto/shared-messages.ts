import protobuf from "protobufjs";
import { Recent } from "../lib/recent.ts";

/**
 * Messages that very many others hold as the same object: every task of a service carries its
 * spec, annotations and endpoint, every line of a log says whose it is. They are encoded once and copied from then on, and equal ones
 * are decoded to one object.
 */
export const SHARED_MESSAGES: ReadonlySet<string> = new Set([
  "TaskSpec",
  "Annotations",
  "Endpoint",
  "LogContext",
]);

/** Messages kept for each type; the oldest goes first. */
const KEPT_PER_TYPE_MAX = 2048;
/** A longer one is not kept: V8 hashes no string of over 16 KiB by what is in it. */
const KEPT_BYTES_MAX = 16 << 10;

/** Makes `type` share what is encoded and decoded. Messages never change. */
export function shareMessages(type: protobuf.Type): void {
  type.setup();
  keepEncoded(type);
  keepDecoded(type);
}

function keepEncoded(type: protobuf.Type): void {
  const encode = type.encode.bind(type);
  const kept = new Recent<object, Uint8Array>(KEPT_PER_TYPE_MAX);
  type.encode = (message, writer = protobuf.Writer.create()) => {
    const known = kept.get(message);
    if (known) return writer.raw(known);
    const bytes = encode(message).finish();
    if (bytes.length <= KEPT_BYTES_MAX) kept.set(message, bytes);
    return writer.raw(bytes);
  };
}

/** As protobufjs calls it on a field: how deep it is, and what came before in the same field. */
type Decode = (
  reader: unknown,
  length?: number,
  group?: number,
  depth?: number,
  first?: protobuf.Message | null,
) => protobuf.Message;

/** A string that is the bytes, one for one. */
function latin1({ buffer, byteOffset }: Uint8Array, from: number, to: number): string {
  return Buffer.from(buffer, byteOffset + from, to - from).toString("latin1");
}

function keepDecoded(type: protobuf.Type): void {
  const decode = type.decode.bind(type) as Decode;
  const kept = new Recent<string, protobuf.Message>(KEPT_PER_TYPE_MAX);
  const decodeOnce: Decode = (reader, length, group, depth, first) => {
    if (!(reader instanceof protobuf.Reader) || length === undefined)
      return decode(reader, length, group, depth);
    // A field that comes twice is merged into what came first, which others may hold already.
    if (first) return decode(reader, length, group, depth, decode(type.encode(first).finish()));
    const end = reader.pos + length;
    if (length > KEPT_BYTES_MAX || end > reader.len) return decode(reader, length, group, depth);
    const key = latin1(reader.buf, reader.pos, end);
    const known = kept.get(key);
    if (known) {
      reader.pos = end;
      return known;
    }
    const message = decode(reader, length, group, depth);
    kept.set(key, message);
    return message;
  };
  type.decode = decodeOnce as typeof type.decode;

  const toObject = type.toObject.bind(type);
  const objects = new WeakMap<object, Record<string, unknown>>();
  type.toObject = (message, ...rest) => {
    const known = objects.get(message);
    if (known) return known;
    const object = toObject(message, ...rest);
    objects.set(message, object);
    return object;
  };
}
