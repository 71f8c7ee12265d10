import { createHash } from "node:crypto";
import type { Cancel, Clock } from "../../../lib/clock.ts";
import type { CommittedEntry, Proposed, StateMachine } from "../../index.ts";
import { isSwarmError, messageOf, SwarmError } from "../../../lib/errors.ts";
import { abortable } from "../../../lib/abort.ts";
import type { Defer } from "../driver/local-port.ts";
import type { FromDriver, HostPort } from "../driver/port.ts";
import { sameBytes } from "../log/binary.ts";
import type {
  SnapshotContent,
  SnapshotKey,
  SnapshotStore,
  SnapshotWriter,
} from "../snapshots/snapshot-store.ts";

/** Applying gives way to the rest of the event loop after this long. */
const APPLY_SLICE_MS = 5;

/** Entries applied between two looks at the clock. */
const APPLY_SLICE_ENTRIES = 32;

/** The same by size: one entry may change hundreds of objects, and a few such take long. */
const APPLY_SLICE_BYTES = 32 << 10;

/** How long an acknowledgement waits for something else to be told to the driver. */
const ACKNOWLEDGE_MS = 10;

/** What this part needs of its host. */
export interface ApplierModules {
  readonly port: HostPort;
  readonly stateMachine: StateMachine;
  readonly snapshots: SnapshotStore;
  readonly clock: Clock;
  readonly defer: Defer;
  /** A proposal of this node was applied. */
  readonly confirm: (proposal: number, at: Proposed) => void;
}

/** Brings committed entries and snapshots into the state machine. */
export class Applier {
  readonly #modules: ApplierModules;
  #applied: SnapshotKey = { index: 0, term: 0 };
  #acknowledged = 0;
  #cancelTimer: Cancel | undefined;
  /** Who waits for an index, in no order. */
  #waiting: { readonly index: number; readonly done: (error?: unknown) => void }[] = [];

  constructor(modules: ApplierModules) {
    this.#modules = modules;
  }

  /** The last applied entry, whatever its type. */
  get applied(): SnapshotKey {
    return this.#applied;
  }

  /** Applies a batch, in slices, then acknowledges it. Undefined when it took one slice only. */
  apply(batch: Extract<FromDriver, { kind: "apply" }>): Promise<void> | undefined {
    if (sliceEnd(batch.entries, 0) < batch.entries.length) return this.#applySlices(batch);
    this.#applySlice(batch.entries, batch.proposals);
    this.#finish(batch);
    return undefined;
  }

  async #applySlices(batch: Extract<FromDriver, { kind: "apply" }>): Promise<void> {
    const { clock, defer } = this.#modules;
    const { entries, proposals } = batch;
    let began = clock.monotonic();
    for (let at = 0, end = 0; at < entries.length; at = end) {
      end = sliceEnd(entries, at);
      this.#applySlice(entries.slice(at, end), proposals.slice(at, end));
      if (clock.monotonic() - began < APPLY_SLICE_MS) continue;
      await new Promise<void>((resolve) => defer(resolve));
      began = clock.monotonic();
    }
    this.#finish(batch);
  }

  /** Replaces the state by a stored snapshot. */
  async restore(key: SnapshotKey, content: SnapshotContent): Promise<void> {
    const { port, stateMachine, snapshots } = this.#modules;
    // What was handed out before waits for its own acknowledgement.
    this.acknowledge();
    await stateMachine.restore(key.index, verified(snapshots.read(key, 0), content));
    this.#applied = key;
    this.#acknowledged = key.index;
    port.post({ kind: "restored", key });
    this.#wake();
  }

  /** Captures the state now and writes it out. */
  async takeSnapshot(): Promise<void> {
    const { port, stateMachine, snapshots } = this.#modules;
    const key = this.#applied;
    const chunks = stateMachine.snapshot();
    this.acknowledge();
    port.post({ kind: "captured", key });
    try {
      port.post({ kind: "saved", key, content: await write(chunks, await snapshots.create(key)) });
    } catch (error) {
      // Nothing rests on a snapshot before it is saved: with room again there will be another.
      if (!isFull(error)) throw error;
      port.post({ kind: "not-saved", reason: messageOf(error) });
    }
  }

  /** Resolves when everything up to `index` is applied. */
  async reached(index: number, signal: AbortSignal): Promise<void> {
    if (this.#applied.index >= index) return;
    const reached = new Promise<void>((resolve, reject) => {
      const done = (error?: unknown): void => (error === undefined ? resolve() : reject(error));
      this.#waiting.push({ index, done });
    });
    await abortable(reached, signal);
  }

  /** Rejects everyone who waits. */
  abort(error: unknown): void {
    this.#cancelTimer?.();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { done } of waiting) done(error);
  }

  #applySlice(entries: readonly CommittedEntry[], proposals: readonly number[]): void {
    if (entries.length === 0) return;
    this.#modules.stateMachine.apply(entries);
    for (const [i, { index, term }] of entries.entries()) {
      const proposal = proposals[i] ?? 0;
      if (proposal !== 0) this.#modules.confirm(proposal, { index, term });
    }
    const last = entries.at(-1);
    if (last) this.#applied = { index: last.index, term: last.term };
    this.#wake();
  }

  /** Tells the driver what is applied, unless it knows. */
  acknowledge(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const { index } = this.#applied;
    if (index === this.#acknowledged) return;
    this.#acknowledged = index;
    this.#modules.port.post({ kind: "applied", through: index });
  }

  #finish({
    through,
    prompt,
  }: Pick<Extract<FromDriver, { kind: "apply" }>, "through" | "prompt">): void {
    this.#applied = through;
    if (prompt) this.acknowledge();
    else this.#cancelTimer ??= this.#modules.clock.after(ACKNOWLEDGE_MS, () => this.acknowledge());
    this.#wake();
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const { index } = this.#applied;
    const due = this.#waiting.filter((waiter) => waiter.index <= index);
    this.#waiting = this.#waiting.filter((waiter) => waiter.index > index);
    for (const { done } of due) done();
  }
}

/** Where the slice that begins at `from` ends: one entry at least. */
function sliceEnd(entries: readonly CommittedEntry[], from: number): number {
  let bytes = 0;
  let at = from;
  while (at < entries.length && at - from < APPLY_SLICE_ENTRIES && bytes < APPLY_SLICE_BYTES)
    bytes += entries[at++]?.data.length ?? 0;
  return at;
}

/** Writes a snapshot, or leaves nothing of it behind. */
async function write(
  chunks: AsyncIterable<Uint8Array>,
  writer: SnapshotWriter,
): Promise<SnapshotContent> {
  try {
    for await (const chunk of chunks) await writer.write(chunk);
    return await writer.finish();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

const isFull = (error: unknown): boolean => isSwarmError(error) && error.code === "exhausted";

/** Passes chunks on and throws at the end if they are not the content that was promised. */
async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  content: SnapshotContent,
): AsyncIterable<Uint8Array> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
    yield chunk;
  }
  if (size !== content.size || !sameBytes(hash.digest(), content.sha256))
    throw new SwarmError(
      "internal",
      "a snapshot on disk is damaged: remove this manager from the swarm on another manager, " +
        "delete its state directory and join it again",
    );
}
