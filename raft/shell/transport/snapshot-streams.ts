import { crc32 } from "node:zlib";
import type { ClientDuplexStream, ServerDuplexStream } from "@grpc/grpc-js";
import { abortable, onAbort } from "../../../lib/abort.ts";
import { SwarmError } from "../../../lib/errors.ts";
import { make } from "../../../proto/codec.ts";
import type {
  RaftHello,
  RaftInstallSnapshotRequest,
  RaftInstallSnapshotResponse,
  RaftSnapshotChunk,
  RaftSnapshotOffer,
} from "../../../proto/generated.ts";
import { fromStatus } from "../../../proto/rpc-error.ts";
import { describeSnapshot, snapshotFrom } from "../snapshots/snapshot-store.ts";
import { fromWire, isPeerMessage, toWire } from "../wire.ts";
import type { Pace } from "./pace.ts";
import type { SnapshotSource, TransportEvents } from "./transport.ts";

type SendingCall = ClientDuplexStream<RaftInstallSnapshotRequest, RaftInstallSnapshotResponse>;
type ReceivingCall = ServerDuplexStream<RaftInstallSnapshotRequest, RaftInstallSnapshotResponse>;

/** The end of one direction must not end the other, as it does by default. */
const KEEP_OPEN = { destroyOnReturn: false };

/** Offers a snapshot, sends what the peer lacks, and waits until the peer has it all. */
export async function sendSnapshot(
  call: SendingCall,
  hello: RaftHello,
  { pace, ...source }: SnapshotSource & { readonly pace: Pace },
  signal: AbortSignal,
): Promise<void> {
  const release = onAbort(signal, () => call.cancel());
  try {
    const answers = call.iterator(KEEP_OPEN) as AsyncIterator<RaftInstallSnapshotResponse>;
    call.write({ kind: "offer", offer: offerOf(hello, source) });
    const first = await abortable(answers.next(), signal);
    if (first.done || first.value.kind !== "resume")
      throw new SwarmError("unavailable", "the peer did not take the snapshot");
    let offset = Number(first.value.resume);
    for await (const data of source.read(offset)) {
      const chunk = make("RaftSnapshotChunk", { offset, data, crc32: crc32(data) });
      offset += data.length;
      if (!call.write({ kind: "chunk", chunk })) await drained(call, signal);
      await pace.spend(data.length, signal);
    }
    call.end();
    const last = await abortable(answers.next(), signal);
    if (last.done || last.value.kind !== "complete")
      throw new SwarmError("unavailable", "the peer did not confirm the snapshot");
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof SwarmError ? error : fromStatus(error as Error);
  } finally {
    release();
    call.on("error", () => {});
    call.cancel();
  }
}

function offerOf(hello: RaftHello, { message, snapshot }: SnapshotSource): RaftSnapshotOffer {
  if (!isPeerMessage(message)) throw new SwarmError("internal", "not a message for a peer");
  return { hello, message: toWire(message), description: describeSnapshot(snapshot) };
}

/** Resolves when the stream takes more or has ended; the next write or read tells which. */
function drained(call: SendingCall, signal: AbortSignal): Promise<void> {
  const drain = new Promise<void>((resolve) => {
    for (const event of ["drain", "close", "error"]) call.once(event, () => resolve());
  });
  return abortable(drain, signal);
}

/** Takes an offered snapshot. `accept` checks the hello and gives the node to hand it to. */
export async function receiveSnapshot(
  call: ReceivingCall,
  accept: (offer: RaftSnapshotOffer) => TransportEvents | undefined,
): Promise<void> {
  const requests = call.iterator(KEEP_OPEN) as AsyncIterator<RaftInstallSnapshotRequest>;
  const first = await requests.next();
  const offer = !first.done && first.value.kind === "offer" ? first.value.offer : undefined;
  const events = offer && accept(offer);
  const message = offer?.message && fromWire(offer.message);
  if (!events || message?.type !== "MsgSnap" || !offer?.description)
    throw new SwarmError("invalid", "a snapshot transfer begins with an offer");
  const intake = await events.onSnapshot(message, snapshotFrom(offer.description));
  call.write({ kind: "resume", resume: intake.offset });
  await intake.receive(contentOf(requests, intake.offset));
  call.write({ kind: "complete", complete: true });
  call.end();
}

async function* contentOf(
  requests: AsyncIterator<RaftInstallSnapshotRequest>,
  from: number,
): AsyncIterable<Uint8Array> {
  let offset = from;
  for (;;) {
    const { done, value } = await requests.next();
    if (done) return;
    if (value.kind !== "chunk") throw new SwarmError("invalid", "only chunks follow an offer");
    checkChunk(value.chunk, offset);
    offset += value.chunk.data.length;
    yield value.chunk.data;
  }
}

function checkChunk({ offset, data, crc32: expected }: RaftSnapshotChunk, at: number): void {
  if (offset !== at)
    throw new SwarmError("aborted", `a chunk for ${offset} arrived where ${at} is due`);
  if (crc32(data) !== expected)
    throw new SwarmError("aborted", `the chunk at ${offset} arrived damaged`);
}
