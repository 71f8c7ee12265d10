import { codec } from "../../../proto/codec.ts";
import type { Message, PeerMessageType } from "../../core/message.ts";
import type { Entry, SnapshotMeta } from "../../core/types.ts";
import { metaFromWire, metaToWire, typeOf, typeOnWire } from "../wire.ts";
import { readEnd, readVarint, varintBytes, writeVarint, type Sink, type Source } from "./varint.ts";

/*
 * The form that proto/raft.proto gives to frames, written by hand: for messages of a few numbers,
 * which is what peers mostly say, generated code takes several times as long. Fields that are
 * zero are left out, unknown ones are passed over.
 */

/** A message that may leave the node. */
type PeerMessage = Message & { readonly type: PeerMessageType };

const VARINT = 0;
const LENGTH = 2;
/** Bytes of the other two wire types. */
const FIXED_BYTES: ReadonlyMap<number, number> = new Map([
  [1, 8],
  [5, 4],
]);

/** RaftExchangeRequest.frame, RaftFrame.messages; every tag is one byte. */
const FRAME_FIELD = 2;
const MESSAGES_FIELD = 1;
const ENTRIES_FIELD = 7;
const SNAPSHOT_FIELD = 14;

const tagOf = (field: number, wireType: number): number => field * 8 + wireType;

const numberBytes = (value: number): number => (value === 0 ? 0 : 1 + varintBytes(value));

const blockBytes = (length: number): number => 1 + varintBytes(length) + length;

function writeNumber(sink: Sink, field: number, value: number): void {
  if (value === 0) return;
  sink.bytes[sink.at++] = tagOf(field, VARINT);
  writeVarint(sink, value);
}

function writeHead(sink: Sink, field: number, length: number): void {
  sink.bytes[sink.at++] = tagOf(field, LENGTH);
  writeVarint(sink, length);
}

function writeBytes(sink: Sink, field: number, bytes: Uint8Array): void {
  writeHead(sink, field, bytes.length);
  sink.bytes.set(bytes, sink.at);
  sink.at += bytes.length;
}

const entryType = (entry: Entry): number => (entry.type === "normal" ? 0 : 1);

function entryBytes(entry: Entry): number {
  const { term, index, data } = entry;
  const numbers = numberBytes(term) + numberBytes(index) + numberBytes(entryType(entry));
  return numbers + (data.length === 0 ? 0 : blockBytes(data.length));
}

function writeEntry(sink: Sink, entry: Entry): void {
  writeHead(sink, ENTRIES_FIELD, entryBytes(entry));
  writeNumber(sink, 1, entry.term);
  writeNumber(sink, 2, entry.index);
  writeNumber(sink, 3, entryType(entry));
  if (entry.data.length > 0) writeBytes(sink, 4, entry.data);
}

function metaBytes(snapshot: SnapshotMeta | null): Uint8Array | null {
  return snapshot && codec("RaftSnapshotMeta").encode(metaToWire(snapshot));
}

function messageBytes(message: PeerMessage, snapshot: Uint8Array | null): number {
  let size =
    numberBytes(typeOnWire(message.type)) +
    numberBytes(message.from) +
    numberBytes(message.to) +
    numberBytes(message.term) +
    numberBytes(message.logTerm) +
    numberBytes(message.index) +
    numberBytes(message.commit) +
    numberBytes(message.vote) +
    numberBytes(Number(message.reject)) +
    numberBytes(message.rejectHint) +
    numberBytes(message.context) +
    numberBytes(Number(message.forced));
  for (const entry of message.entries) size += blockBytes(entryBytes(entry));
  return size + (snapshot ? blockBytes(snapshot.length) : 0);
}

function writeMessage(sink: Sink, message: PeerMessage, snapshot: Uint8Array | null): void {
  writeNumber(sink, 1, typeOnWire(message.type));
  writeNumber(sink, 2, message.from);
  writeNumber(sink, 3, message.to);
  writeNumber(sink, 4, message.term);
  writeNumber(sink, 5, message.logTerm);
  writeNumber(sink, 6, message.index);
  for (const entry of message.entries) writeEntry(sink, entry);
  writeNumber(sink, 8, message.commit);
  writeNumber(sink, 9, message.vote);
  writeNumber(sink, 10, Number(message.reject));
  writeNumber(sink, 11, message.rejectHint);
  writeNumber(sink, 12, message.context);
  writeNumber(sink, 13, Number(message.forced));
  if (snapshot) writeBytes(sink, SNAPSHOT_FIELD, snapshot);
}

/** A RaftExchangeRequest with a frame of these messages. */
export function encodeMessages(messages: readonly PeerMessage[]): Buffer {
  const parts = messages.map((message) => {
    const snapshot = metaBytes(message.snapshot);
    return { message, snapshot, size: messageBytes(message, snapshot) };
  });
  let size = 0;
  for (const part of parts) size += blockBytes(part.size);
  const bytes = Buffer.allocUnsafe(blockBytes(size));
  const sink = { bytes, at: 0 };
  writeHead(sink, FRAME_FIELD, size);
  for (const part of parts) {
    writeHead(sink, MESSAGES_FIELD, part.size);
    writeMessage(sink, part.message, part.snapshot);
  }
  return bytes;
}

/** Passes over a field that is not known. */
function skip(source: Source, wireType: number, end: number): void {
  if (wireType === VARINT) readVarint(source);
  else if (wireType === LENGTH) source.at = readEnd(source, end);
  else {
    const bytes = FIXED_BYTES.get(wireType);
    if (bytes === undefined) throw new Error("a message from a peer is malformed");
    source.at += bytes;
  }
}

function readEntry(source: Source, end: number): Entry {
  let term = 0;
  let index = 0;
  let type = 0;
  let data = new Uint8Array();
  while (source.at < end) {
    const tag = readVarint(source);
    if (tag === tagOf(1, VARINT)) term = readVarint(source);
    else if (tag === tagOf(2, VARINT)) index = readVarint(source);
    else if (tag === tagOf(3, VARINT)) type = readVarint(source);
    else if (tag === tagOf(4, LENGTH)) {
      const stop = readEnd(source, end);
      // Entries outlive the frame they came in; a slice would keep all of it in memory.
      data = Uint8Array.from(source.bytes.subarray(source.at, stop));
      source.at = stop;
    } else skip(source, tag % 8, end);
  }
  return { term, index, type: type === 0 ? "normal" : "conf-change", data };
}

/** What a message has beside its numbers, which are by field number. */
interface Parts {
  readonly numbers: number[];
  readonly entries: Entry[];
  snapshot: SnapshotMeta | null;
}

function readField(source: Source, parts: Parts, end: number): void {
  const tag = readVarint(source);
  const field = Math.floor(tag / 8);
  if (tag % 8 === VARINT && field < parts.numbers.length) {
    parts.numbers[field] = readVarint(source);
    return;
  }
  if (tag !== tagOf(ENTRIES_FIELD, LENGTH) && tag !== tagOf(SNAPSHOT_FIELD, LENGTH))
    return skip(source, tag % 8, end);
  const stop = readEnd(source, end);
  if (field === ENTRIES_FIELD) {
    parts.entries.push(readEntry(source, stop));
    // A number in it may run on into what follows.
    if (source.at !== stop) throw new Error("an entry from a peer is malformed");
    return;
  }
  const meta = codec("RaftSnapshotMeta").decode(source.bytes.subarray(source.at, stop));
  parts.snapshot = metaFromWire(meta);
  source.at = stop;
}

/** Undefined when the type is unknown. The core checks the numbers. */
function readMessage(source: Source, end: number): Message | undefined {
  const numbers = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const parts: Parts = { numbers, entries: [], snapshot: null };
  while (source.at < end) readField(source, parts, end);
  const type = typeOf(numbers[1] as number);
  if (!type) return undefined;
  return {
    type,
    from: numbers[2] as number,
    to: numbers[3] as number,
    term: numbers[4] as number,
    logTerm: numbers[5] as number,
    index: numbers[6] as number,
    entries: parts.entries,
    commit: numbers[8] as number,
    vote: numbers[9] as number,
    reject: numbers[10] !== 0,
    rejectHint: numbers[11] as number,
    context: numbers[12] as number,
    forced: numbers[13] !== 0,
    snapshot: parts.snapshot,
    responses: [],
  };
}

/** The messages of a RaftExchangeRequest; undefined when it holds no frame. */
export function decodeMessages(bytes: Uint8Array): readonly Message[] | undefined {
  if (bytes[0] !== tagOf(FRAME_FIELD, LENGTH)) return undefined;
  const source = { bytes, at: 1 };
  const end = readEnd(source, bytes.length);
  const found: Message[] = [];
  while (source.at < end) {
    const tag = readVarint(source);
    if (tag !== tagOf(MESSAGES_FIELD, LENGTH)) {
      skip(source, tag % 8, end);
      continue;
    }
    const stop = readEnd(source, end);
    const message = readMessage(source, stop);
    if (source.at !== stop) throw new Error("a message from a peer is malformed");
    if (message) found.push(message);
  }
  return found;
}
