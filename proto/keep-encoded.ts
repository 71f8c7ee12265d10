import protobuf from "protobufjs";

/**
 * Messages that very many others hold as the same object: every task of a service carries its
 * spec and annotations. They are encoded once and copied from then on.
 */
export const SHARED_MESSAGES: ReadonlySet<string> = new Set(["TaskSpec", "Annotations"]);

/** Encoded messages kept for each type; the oldest goes first. */
const KEPT_PER_TYPE_MAX = 256;
/** A longer one is encoded anew each time rather than kept. */
const KEPT_BYTES_MAX = 64 << 10;

/** Makes `type` remember what its latest messages were encoded to. Messages never change. */
export function keepEncoded(type: protobuf.Type): void {
  type.setup();
  const encode = type.encode.bind(type);
  const kept = new Map<object, Uint8Array>();
  type.encode = (message, writer = protobuf.Writer.create()) => {
    const known = kept.get(message);
    if (known) return writer.raw(known);
    const bytes = encode(message).finish();
    if (bytes.length <= KEPT_BYTES_MAX) {
      if (kept.size >= KEPT_PER_TYPE_MAX)
        for (const oldest of kept.keys()) {
          kept.delete(oldest);
          break;
        }
      kept.set(message, bytes);
    }
    return writer.raw(bytes);
  };
}
