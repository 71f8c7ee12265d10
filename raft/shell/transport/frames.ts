import { codec, make } from "../../../proto/codec.ts";
import type { RaftHello } from "../../../proto/generated.ts";
import type { Message, PeerMessageType } from "../../core/message.ts";
import { isPeerMessage } from "../wire.ts";
import { decodeMessages, encodeMessages } from "./message-codec.ts";

/** Version of the peer protocol; peers of another one are refused. */
export const PROTOCOL_VERSION = 1;

/** Size of a frame beyond which another one is begun. */
const FRAME_BYTES_MAX = 1024 * 1024;

/** Largest message a peer accepts; a frame with one entry of the largest size fits. */
export const RECEIVE_BYTES_MAX = 8 * 1024 * 1024;

/** Cost of a message beside its entries' data, about. */
const MESSAGE_BYTES = 64;

function sizeOf(message: Message): number {
  let size = MESSAGE_BYTES;
  for (const entry of message.entries) size += entry.data.length + MESSAGE_BYTES / 2;
  return size;
}

/** Messages as frames ready to be written. */
export function encodeFrames(messages: readonly Message[]): readonly Buffer[] {
  const frames: Buffer[] = [];
  let frame: (Message & { readonly type: PeerMessageType })[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (!isPeerMessage(message)) continue;
    const size = sizeOf(message);
    if (frame.length > 0 && bytes + size > FRAME_BYTES_MAX) {
      frames.push(encodeMessages(frame));
      frame = [];
      bytes = 0;
    }
    frame.push(message);
    bytes += size;
  }
  if (frame.length > 0) frames.push(encodeMessages(frame));
  return frames;
}

/** The first thing written on a stream. */
export function encodeHello(hello: RaftHello): Buffer {
  return codec("RaftExchangeRequest").encode({ kind: "hello", hello });
}

/** What arrives on a stream: the hello first, then frames. */
export type PeerRequest =
  | { readonly kind: "hello"; readonly hello: RaftHello | null }
  | { readonly kind: "frame"; readonly messages: readonly Message[] };

/** Reads what {@link encodeFrames} and {@link encodeHello} write. Throws on anything malformed. */
export function decodeRequest(bytes: Uint8Array): PeerRequest {
  const messages = decodeMessages(bytes);
  if (messages) return { kind: "frame", messages };
  const request = codec("RaftExchangeRequest").decode(bytes);
  return { kind: "hello", hello: request.kind === "hello" ? request.hello : null };
}

/** The messages that are from `from` to `to`; the rest is not believed. */
export function messagesOf(
  messages: readonly Message[],
  from: number,
  to: number,
): readonly Message[] {
  return messages.filter((message) => message.from === from && message.to === to);
}

/** A hello with this protocol's version. */
export function helloOf(fields: Omit<RaftHello, "version">): RaftHello {
  return make("RaftHello", { ...fields, version: PROTOCOL_VERSION });
}
