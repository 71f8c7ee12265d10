import { setMaxListeners } from "node:events";
import { abortable, cancelled } from "../../lib/abort.ts";
import { Dispatcher } from "../../manager/dispatcher/dispatcher.ts";
import { runAllocator } from "../../manager/allocator/allocator.ts";
import { runLeadership, type LeaderLoop } from "../../manager/leadership.ts";
import { ORCHESTRATORS } from "../../manager/orchestrator/orchestrators.ts";
import { runScheduler } from "../../manager/scheduler/scheduler.ts";
import type { StoreView } from "../../manager/store/tables.ts";
import { isLeadershipLoss, type Store } from "../../manager/store/store.ts";
import { make } from "../../proto/codec.ts";
import { TaskState, type ServiceSpec, type Task } from "../../proto/generated.ts";
import { aNode, aService } from "../../test/fakes/objects.ts";
import { watchLoop, type LoopDelay } from "../loop-delay.ts";
import { resultOf, type CaseResult } from "../report.ts";
import { openSingleManager, type SingleManager } from "../single-manager.ts";
import { isWanted, type BenchModules, type BenchOptions } from "../suite.ts";
import { runSimulatedAgent } from "./simulated-agent.ts";

const AGENTS = 1000;
const REPLICAS = 10_000;
const PARALLELISM = 500;
const SERVICE = "service1";

/** One act on the service that is followed to its end. */
interface Phase {
  readonly name: string;
  readonly begin: (manager: SingleManager) => Promise<unknown>;
  readonly isDone: (progress: Progress, view: StoreView) => boolean;
}

const PHASES: readonly Phase[] = [
  {
    name: "create",
    begin: ({ store }) =>
      store.update((tx) => tx.create("service", { ...aService(SERVICE), spec: spec("one") })),
    isDone: (progress) => progress.running("one") === REPLICAS,
  },
  {
    name: "update",
    begin: ({ store }) =>
      store.update((tx) => {
        const service = tx.view.service.get(SERVICE);
        if (!service) return;
        const specVersion = { index: (service.specVersion?.index ?? 0) + 1 };
        const previousSpec = service.spec;
        tx.update("service", { ...service, spec: spec("two"), previousSpec, specVersion });
      }),
    isDone: (progress) => progress.running("two") === REPLICAS,
  },
  {
    name: "remove",
    begin: ({ store }) =>
      store.update((tx) => {
        const service = tx.view.service.get(SERVICE);
        if (service) tx.remove("service", service);
      }),
    isDone: (_, view) => view.task.size === 0,
  },
];

/** A large service from its creation to its end, all that a leader runs around it. */
export async function orchestratorSuite(
  options: BenchOptions,
  modules: BenchModules,
): Promise<readonly CaseResult[]> {
  const { directory, signal } = modules;
  await using manager = await openSingleManager(directory, signal);
  await manager.store.update((tx) => {
    for (let i = 0; i < AGENTS; i++) tx.create("node", aNode(`node${i}`));
  });
  const ended = new AbortController();
  setMaxListeners(0, ended.signal);
  const running = lead(manager, ended.signal);
  const phases: CaseResult[] = [];
  const progress = new Progress(manager.store);
  const delay = await watched(modules, async () => {
    for (const phase of PHASES) phases.push(await timed(phase, { manager, progress }, modules));
  });
  ended.abort(cancelled("the benchmark is over"));
  await running;
  return [...delayCases(delay), ...phases].filter((result) => isWanted(options, result.case));
}

async function watched({ clock }: BenchModules, work: () => Promise<void>): Promise<LoopDelay> {
  const finish = watchLoop(clock);
  await work();
  return finish();
}

/** Everything a leader runs, and the agents. */
async function lead(manager: SingleManager, signal: AbortSignal): Promise<void> {
  const dispatcher = new Dispatcher({ nodeId: "manager1" }, manager);
  const loops: Record<string, LeaderLoop> = {
    allocator: (inner) => runAllocator(manager, inner),
    scheduler: (inner) => runScheduler(manager, inner),
    dispatcher: (inner) => dispatcher.run(inner),
  };
  for (const [name, run] of Object.entries(ORCHESTRATORS))
    loops[name] = (inner) => run(manager, inner);
  const modules = { dispatcher, clock: manager.clock };
  const agents = Array.from({ length: AGENTS }, (_, i) =>
    runSimulatedAgent(`node${i}`, modules, signal).catch((error: unknown) => {
      if (!signal.aborted && !isLeadershipLoss(error)) throw error;
    }),
  );
  await Promise.all([runLeadership(loops, manager, signal), ...agents]);
}

async function timed(
  { name, begin, isDone }: Phase,
  { manager, progress }: { readonly manager: SingleManager; readonly progress: Progress },
  { clock, say, signal }: BenchModules,
): Promise<CaseResult> {
  const began = clock.monotonic();
  const done = new Promise<void>((resolve) => {
    const stop = manager.store.onCommit(() => {
      if (!isDone(progress, manager.store.view)) return;
      stop();
      resolve();
    });
  });
  await begin(manager);
  await abortable(done, signal);
  const seconds = (clock.monotonic() - began) / 1000;
  say(`${name}: ${seconds.toFixed(1)} s`);
  return resultOf({ case: `${name}/10k`, unit: "s", better: "lower", ours: [seconds] });
}

function delayCases(delay: LoopDelay): readonly CaseResult[] {
  const shape = { unit: "ms", better: "lower" } as const;
  return [
    resultOf({ case: "loop-delay/10k", ...shape, ours: [delay.p99] }),
    resultOf({ case: "loop-delay/10k/max", ...shape, ours: [delay.max] }),
    resultOf({ case: "loop-delay/10k/cpu", ...shape, ours: [delay.cpuP99] }),
    resultOf({ case: "loop-delay/10k/cpu-max", ...shape, ours: [delay.cpuMax] }),
  ];
}

/** The environment that tells one release of the service from another. */
const releaseOf = (release: string): string => `RELEASE=${release}`;

/** Replicas, updated many at a time and not watched for long after they run. */
function spec(release: string): ServiceSpec {
  const container = make("ContainerSpec", { image: "busybox", env: [releaseOf(release)] });
  return make("ServiceSpec", {
    annotations: make("Annotations", { name: SERVICE }),
    task: make("TaskSpec", { runtime: "container", container }),
    mode: "replicated",
    replicated: { replicas: REPLICAS },
    update: make("UpdateConfig", { parallelism: PARALLELISM, monitorNs: { value: 1 } }),
  });
}

/** Follows which tasks run, by release, commit by commit. */
class Progress {
  readonly #running = new Map<string, Set<string>>();

  constructor(store: Store) {
    store.onCommit(({ events }) => {
      for (const event of events) if (event.kind === "task") this.#note(event.object);
    });
  }

  running(release: string): number {
    return this.#running.get(releaseOf(release))?.size ?? 0;
  }

  #note(task: Task): void {
    const { spec: of, status, desiredState, id } = task;
    const release = of?.runtime === "container" ? (of.container.env[0] ?? "") : "";
    const ids = this.#running.get(release) ?? new Set();
    const runs = status?.state === TaskState.RUNNING && desiredState === TaskState.RUNNING;
    if (runs) ids.add(id);
    else ids.delete(id);
    this.#running.set(release, ids);
  }
}
