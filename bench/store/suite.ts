import { setMaxListeners } from "node:events";
import { closedLoop } from "../load.ts";
import { liveBytes } from "../heap.ts";
import { resultOf, type CaseResult } from "../report.ts";
import { openSingleManager } from "../single-manager.ts";
import { isWanted, wantsAny, type BenchModules, type BenchOptions, type Suite } from "../suite.ts";
import { systemRandom } from "../../lib/random.ts";
import { Store } from "../../manager/store/store.ts";
import { LocalRaft } from "../../test/fakes/local-raft.ts";
import { aConfig } from "../../test/fakes/objects.ts";
import { fillStore } from "./tasks.ts";

const TASKS = 100_000;
const LOAD_MS = 1500;
const IN_FLIGHT = [1, 64];
const WATCHERS = 100;
const FANOUT_COMMITS = 2000;
const MB = 1e6;

/** Cases that are measured together, by what their names begin with. */
interface Part {
  readonly prefixes: readonly string[];
  readonly run: Suite;
}

/** The replicated store on its own. */
export async function storeSuite(
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const parts: readonly Part[] = [
    { prefixes: ["snapshot/", "restore/", "heap/"], run: snapshots },
    { prefixes: ["transactions/"], run: transactions },
    { prefixes: ["fanout/"], run: fanout },
  ];
  const results: CaseResult[] = [];
  for (const { prefixes, run } of parts)
    if (prefixes.some((prefix) => wantsAny(options, prefix)))
      results.push(...(await run(options, modules)));
  return results.filter((result) => isWanted(options, result.case));
}

/** A snapshot's bytes, the time to make it and the time and heap to restore it. */
async function snapshots(
  { rounds }: BenchOptions,
  { clock, say }: BenchModules,
): Promise<readonly CaseResult[]> {
  const chunks: Uint8Array[] = [];
  const snapshotSeconds: number[] = [];
  {
    const store = newStore(modules(clock));
    await fillStore(store, TASKS);
    for (let round = 0; round < rounds; round++) {
      chunks.length = 0;
      const began = clock.monotonic();
      for await (const chunk of store.snapshot()) chunks.push(chunk);
      snapshotSeconds.push((clock.monotonic() - began) / 1000);
    }
    store.close();
  }
  const restoreSeconds: number[] = [];
  // Counted from before the first store, which no later one can be told from.
  const before = liveBytes();
  const heapMb: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const store = new Store(modules(clock));
    const began = clock.monotonic();
    await store.restore(TASKS, each(chunks));
    restoreSeconds.push((clock.monotonic() - began) / 1000);
    if (round === 0) heapMb.push((liveBytes() - before) / MB);
    say(`restore/100k: ${restoreSeconds.at(-1)?.toFixed(2)} s`);
    if (store.view.task.size !== TASKS) throw new Error("the snapshot lost tasks");
    store.close();
  }
  const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0) / MB;
  const shape = { better: "lower" } as const;
  return [
    resultOf({ case: "snapshot/100k", unit: "s", ...shape, ours: snapshotSeconds }),
    resultOf({ case: "snapshot/100k/size", unit: "MB", ...shape, ours: [size] }),
    resultOf({ case: "restore/100k", unit: "s", ...shape, ours: restoreSeconds }),
    resultOf({ case: "heap/100k", unit: "MB", ...shape, ours: heapMb }),
  ];
}

/** Creates of one object through a real Raft member of one, synced. */
async function transactions(
  { rounds }: BenchOptions,
  { clock, directory, signal, say }: BenchModules,
): Promise<readonly CaseResult[]> {
  await using manager = await openSingleManager(directory, signal);
  let number = 0;
  const create = (): Promise<unknown> =>
    manager.store.update((tx) => tx.create("config", aConfig(`c${++number}`)));
  await closedLoop({ inFlight: 64, ms: LOAD_MS }, clock, create);
  const results: CaseResult[] = [];
  for (const inFlight of IN_FLIGHT) {
    const rates: number[] = [];
    for (let round = 0; round < rounds; round++)
      rates.push((await closedLoop({ inFlight, ms: LOAD_MS }, clock, create)).rate);
    const name = `transactions/${inFlight}`;
    say(`${name}: ${rates.map((rate) => rate.toFixed(0)).join(", ")}`);
    results.push(resultOf({ case: name, unit: "tx/s", better: "higher", ours: rates }));
  }
  return results;
}

/** Commits told to a hundred watchers, each in its own loop. */
async function fanout(
  { rounds }: BenchOptions,
  { clock }: BenchModules,
): Promise<readonly CaseResult[]> {
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const store = newStore(modules(clock));
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const watchers = Array.from({ length: WATCHERS }, async () => {
      let seen = 0;
      for await (const _ of store.watch(stop.signal)) if (++seen === FANOUT_COMMITS) return;
    });
    const began = clock.monotonic();
    for (let i = 0; i < FANOUT_COMMITS; i++) {
      await store.update((tx) => tx.create("config", aConfig(`c${i}`)));
      // Watchers run between commits, as they do behind Raft.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(watchers);
    rates.push((FANOUT_COMMITS * WATCHERS * 1000) / (clock.monotonic() - began));
    store.close();
  }
  return [
    resultOf({ case: `fanout/${WATCHERS}`, unit: "events/s", better: "higher", ours: rates }),
  ];
}

function modules(clock: BenchModules["clock"]): ConstructorParameters<typeof Store>[0] {
  return { clock, random: systemRandom };
}

/** A store whose transactions are committed at once. */
function newStore(of: ConstructorParameters<typeof Store>[0]): Store {
  const store = new Store(of);
  store.attach(new LocalRaft(store));
  return store;
}

async function* each(chunks: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* chunks;
}
