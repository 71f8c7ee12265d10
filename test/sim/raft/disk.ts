import { SwarmError } from "../../../lib/errors.ts";
import type { SeededRandom } from "../../../lib/random.ts";
import type { Entry } from "../../../raft/core/types.ts";
import type { LogStore, LogWrite, SnapshotPoint } from "../../../raft/shell/log/log-store.ts";
import { MemoryDisk, MemoryLogStore } from "../../../raft/shell/log/memory-log-store.ts";
import { demand } from "../violation.ts";
import type { LogNode, LogTree } from "./log-tree.ts";
import type { Lane } from "./lane.ts";
import type { SimSnapshots } from "./snapshots.ts";

/** How a disk behaves at the moment; times in µs. */
export interface DiskWeather {
  latencyMin: number;
  latencyMax: number;
  /** No write completes before this moment. */
  stalledUntil: number;
  /** Writes that still succeed before one fails for good; Infinity = all. */
  writesLeft: number;
}

/** What a crash of the machine leaves: the log, its checked image, and the snapshots' contents. */
export class SimDisk {
  readonly memory = new MemoryDisk();
  readonly snapshots: SimSnapshots;
  readonly weather: DiskWeather;
  readonly #tree: LogTree;
  /** Nodes of the durable log from `memory.base` on, the base included. */
  #nodes: LogNode[];

  constructor(tree: LogTree, weather: DiskWeather, snapshots: SimSnapshots) {
    this.#tree = tree;
    this.weather = weather;
    this.snapshots = snapshots;
    this.#nodes = [tree.root];
  }

  get term(): number {
    return this.memory.hardState.term;
  }

  get base(): LogNode {
    return this.#nodes[0]!;
  }

  get last(): LogNode {
    return this.#nodes.at(-1)!;
  }

  /** The durable entry at `index`; undefined outside of the log. */
  at(index: number): LogNode | undefined {
    return this.#nodes[index - this.base.index];
  }

  /** Whether `node` is durable here: in the log, or committed and covered by its base. */
  holds(node: LogNode): boolean {
    return this.at(node.index) === node || node.index < this.base.index;
  }

  /** Follows a write that has become durable. */
  written({ entries, hardState }: LogWrite, before: MemoryDisk["hardState"]): void {
    if (hardState) {
      const falls = hardState.term < before.term || hardState.commit < before.commit;
      demand(!falls, "hard-state", () => "the hard state goes back");
      const other = hardState.term === before.term && before.vote !== 0;
      const kept = !other || hardState.vote === before.vote;
      demand(kept, "vote-safety", () => `the vote of term ${before.term} changes on disk`);
    }
    const { base } = this.memory;
    if (base.index !== this.base.index || base.term !== this.base.term) this.#rebase(base);
    const first = entries[0];
    if (!first) return;
    this.#nodes.length = first.index - this.base.index;
    for (const entry of entries) this.#nodes.push(this.#tree.put(this.last, entry));
  }

  /** A snapshot has replaced the log. */
  #rebase({ index, term }: MemoryDisk["base"]): void {
    const node = this.#tree.committed[index];
    const agrees = node?.term === term;
    demand(agrees, "snapshot", () => `a snapshot of ${index}@${term}, which is not committed`);
    if (node) this.#nodes = [node];
  }

  /** Follows a compaction. */
  compacted(): void {
    const drop = this.memory.base.index - this.base.index;
    if (drop > 0) this.#nodes.splice(0, drop);
  }
}

interface Operation {
  readonly write: LogWrite | null;
  readonly run: () => Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The memory log store behind a disk that takes its time: operations complete one after the other.
 * What has not completed at a crash is lost from some point of the queue on.
 */
export class SimLogStore implements LogStore {
  readonly #inner: MemoryLogStore;
  readonly #disk: SimDisk;
  readonly #lane: Lane;
  readonly #random: SeededRandom;
  #queue: Operation[] = [];
  #broken: SwarmError | undefined;

  private constructor(disk: SimDisk, inner: MemoryLogStore, lane: Lane, random: SeededRandom) {
    this.#disk = disk;
    this.#inner = inner;
    this.#lane = lane;
    this.#random = random;
  }

  static async open(
    disk: SimDisk,
    { lane, random, cacheBytes }: { lane: Lane; random: SeededRandom; cacheBytes: number },
  ): Promise<SimLogStore> {
    const inner = await MemoryLogStore.open(disk.memory, cacheBytes);
    return new SimLogStore(disk, inner, lane, random);
  }

  get boot(): number {
    return this.#inner.boot;
  }

  get hardState(): LogStore["hardState"] {
    return this.#inner.hardState;
  }

  get snapshot(): SnapshotPoint {
    return this.#inner.snapshot;
  }

  get firstIndex(): number {
    return this.#inner.firstIndex;
  }

  get lastIndex(): number {
    return this.#inner.lastIndex;
  }

  term(index: number): number | undefined {
    return this.#inner.term(index);
  }

  entries(lo: number, hi: number, maxBytes: number): Entry[] | undefined {
    return this.#inner.entries(lo, hi, maxBytes);
  }

  async read(lo: number, hi: number, maxBytes: number): Promise<Entry[] | undefined> {
    await this.#lane.sleep(this.#latency(), "read log");
    return this.#inner.read(lo, hi, maxBytes);
  }

  write(write: LogWrite): Promise<void> {
    return this.#enqueue(write, async () => {
      const before = this.#disk.memory.hardState;
      await this.#inner.write(write);
      this.#disk.written(write, before);
    });
  }

  compact(through: number): Promise<void> {
    return this.#enqueue(null, async () => {
      await this.#inner.compact(through);
      this.#disk.compacted();
    });
  }

  async close(): Promise<void> {
    if (this.#queue.length > 0) await this.#enqueue(null, () => Promise.resolve());
  }

  /** The machine loses power: a prefix of what was under way may have reached the disk. */
  async crash(): Promise<void> {
    const kept = this.#random.int(this.#queue.length + 1);
    for (const { run } of this.#queue.splice(0).slice(0, kept)) await run();
  }

  #enqueue(write: LogWrite | null, run: () => Promise<void>): Promise<void> {
    if (this.#broken) return Promise.reject(this.#broken);
    return new Promise((resolve, reject) => {
      this.#queue.push({ write, run, resolve, reject });
      if (this.#queue.length === 1) this.#startNext();
    });
  }

  #startNext(): void {
    const operation = this.#queue[0];
    if (!operation) return;
    const { weather } = this.#disk;
    const stall = Math.max(0, weather.stalledUntil - this.#lane.now);
    this.#lane.after(stall + this.#latency(), ["disk done", summary(operation.write)], () => {
      this.#lane.guard(this.#complete(operation));
    });
  }

  async #complete(operation: Operation): Promise<void> {
    const { weather } = this.#disk;
    if (operation.write && weather.writesLeft-- <= 0) {
      weather.writesLeft = Infinity;
      this.#broken = new SwarmError("exhausted", "the simulated disk is full");
      for (const { reject } of this.#queue.splice(0)) reject(this.#broken);
      return;
    }
    await operation.run();
    this.#queue.shift();
    operation.resolve();
    this.#startNext();
  }

  #latency(): number {
    const { latencyMin, latencyMax } = this.#disk.weather;
    return latencyMin + this.#random.int(latencyMax - latencyMin + 1);
  }
}

function summary(write: LogWrite | null): unknown {
  if (!write) return "compact";
  const { entries, hardState, snapshot } = write;
  const range = entries.length > 0 ? [entries[0], entries.at(-1)].map((e) => show(e!)) : [];
  return { range, hardState, snapshot: snapshot?.index ?? 0 };
}

function show({ index, term }: Entry): string {
  return `${index}@${term}`;
}
