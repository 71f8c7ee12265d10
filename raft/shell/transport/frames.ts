import { codec, make } from "../../../proto/codec.ts";
import type { RaftExchangeRequest, RaftHello, RaftMessage } from "../../../proto/generated.ts";
import type { Message } from "../../core/message.ts";
import { fromWire, isPeerMessage, toWire } from "../wire.ts";

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
  let frame: RaftMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (!isPeerMessage(message)) continue;
    const size = sizeOf(message);
    if (frame.length > 0 && bytes + size > FRAME_BYTES_MAX) {
      frames.push(encodeFrame(frame));
      frame = [];
      bytes = 0;
    }
    frame.push(toWire(message));
    bytes += size;
  }
  if (frame.length > 0) frames.push(encodeFrame(frame));
  return frames;
}

function encodeFrame(messages: readonly RaftMessage[]): Buffer {
  return codec("RaftExchangeRequest").encode({ kind: "frame", frame: { messages } });
}

/** The first thing written on a stream. */
export function encodeHello(hello: RaftHello): Buffer {
  return codec("RaftExchangeRequest").encode({ kind: "hello", hello });
}

/** Reads what {@link encodeFrames} and {@link encodeHello} write. */
export function decodeRequest(bytes: Buffer): RaftExchangeRequest {
  return codec("RaftExchangeRequest").decode(bytes);
}

/** The messages of a frame that are from `from` to `to`; the rest is not believed. */
export function messagesOf(
  messages: readonly RaftMessage[],
  from: number,
  to: number,
): readonly Message[] {
  const found: Message[] = [];
  for (const wire of messages) {
    const message = wire.from === from && wire.to === to ? fromWire(wire) : undefined;
    if (message) found.push(message);
  }
  return found;
}

/** A hello with this protocol's version. */
export function helloOf(fields: Omit<RaftHello, "version">): RaftHello {
  return make("RaftHello", { ...fields, version: PROTOCOL_VERSION });
}
