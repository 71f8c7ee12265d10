import type { Clock } from "../../lib/clock.ts";
import { SwarmError } from "../../lib/errors.ts";
import { codec, make } from "../../proto/codec.ts";
import { ChangeKind, type StoreObject } from "../../proto/generated.ts";
import { KINDS, type Kind, type Objects } from "./schema.ts";
import { versionOf } from "./table.ts";
import { Tables, type StoreEvent, type StoreView } from "./tables.ts";
import { fromStoreObject, toStoreObject } from "./transaction.ts";

/** Objects encoded between two turns of the event loop. */
const SLICE_OBJECTS = 250;

/**
 * The whole state as chunks, each a StoreSnapshotChunk behind its length (uint32, big-endian). The
 * tables' heads are copied before the first await, so later commits do not show.
 */
export function encodeSnapshot(
  view: StoreView,
  index: number,
  clock: Clock,
): AsyncIterable<Uint8Array> {
  const heads = KINDS.map((kind) => ({ kind, objects: [...view[kind].all()] as Objects[Kind][] }));
  return (async function* () {
    let total = 0;
    for (const { kind, objects } of heads) {
      for (let from = 0; from < objects.length; from += SLICE_OBJECTS) {
        const slice = objects.slice(from, from + SLICE_OBJECTS);
        total += slice.length;
        yield frame(
          index,
          slice.map((object) => toStoreObject(kind, object)),
        );
        await clock.turn();
      }
    }
    yield frame(index, [], total);
  })();
}

function frame(index: number, objects: readonly StoreObject[], total?: number): Uint8Array {
  const last = total !== undefined;
  const fields = { index, objects, total: total ?? 0, last };
  const body = codec("StoreSnapshotChunk").encode(make("StoreSnapshotChunk", fields));
  const bytes = Buffer.allocUnsafe(4 + body.length);
  bytes.writeUInt32BE(body.length);
  body.copy(bytes, 4);
  return bytes;
}

/** Cuts a byte stream of any chunking back into frames. */
async function* frames(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const end = 4 + rest.readUInt32BE();
      if (rest.length < end) break;
      yield rest.subarray(4, end);
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw new SwarmError("internal", "the snapshot ends within a record");
}

/**
 * Rebuilds the tables from a snapshot's bytes.
 * @throws SwarmError `internal` when it is cut short
 */
export async function decodeSnapshot(
  chunks: AsyncIterable<Uint8Array>,
  clock: Clock,
): Promise<Tables> {
  const tables = new Tables();
  let count = 0;
  let complete = false;
  for await (const bytes of frames(chunks)) {
    const chunk = codec("StoreSnapshotChunk").decode(bytes);
    for (const wrapped of chunk.objects) {
      const { kind, object } = fromStoreObject(wrapped);
      tables.load(kind, object as never);
    }
    count += chunk.objects.length;
    if (chunk.last) complete = chunk.total === count;
    await clock.turn();
  }
  if (!complete) throw new SwarmError("internal", `the snapshot is incomplete: ${count} objects`);
  return tables;
}

/** What changes when `after` takes the place of `before`, as ordinary events. */
export function diffEvents(before: StoreView, after: StoreView): readonly StoreEvent[] {
  const events: StoreEvent[] = [];
  for (const kind of KINDS) {
    for (const object of after[kind].all()) {
      const old = before[kind].get(object.id);
      if (old && versionOf(old) === versionOf(object)) continue;
      const change = old ? ChangeKind.UPDATE : ChangeKind.CREATE;
      events.push({ kind, change, object, old } as StoreEvent);
    }
    for (const old of before[kind].all()) {
      if (after[kind].get(old.id)) continue;
      events.push({ kind, change: ChangeKind.REMOVE, object: old, old } as StoreEvent);
    }
  }
  return events;
}
