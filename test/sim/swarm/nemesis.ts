import type { SeededRandom } from "../../../lib/random.ts";
import { drawFaults, type Fault } from "../raft/faults.ts";
import type { FaultKind } from "../raft/profiles.ts";
import type { Nemesis } from "../raft/nemesis.ts";
import type { Network } from "../raft/network.ts";
import type { SimWorker } from "./agent.ts";
import type { Wire } from "./wire.ts";

/** Faults of managers that {@link Nemesis} knows. */
const MANAGER_FAULTS: readonly FaultKind[] = [
  "crash",
  "crash",
  "crash-all",
  "disk-slow",
  "disk-stall",
  "pause",
  "host-stall",
  "weather",
  "split",
  "isolate",
  "one-way",
  "flap",
  "clog",
  "transfer",
  "transfer",
];

/** Faults of workers. */
const WORKER_FAULTS = ["agent-crash", "reboot", "cut-off", "flapping", "agent-pause"] as const;

type WorkerFaultKind = (typeof WORKER_FAULTS)[number];

/** One decision of the fault script. */
export type SwarmFault = Fault | (Omit<Fault, "kind"> & { readonly kind: WorkerFaultKind });

const LONGEST_US: Record<WorkerFaultKind, number> = {
  "agent-crash": 8_000_000,
  reboot: 15_000_000,
  "cut-off": 25_000_000,
  flapping: 10_000_000,
  "agent-pause": 12_000_000,
};

/** Draws the script of a run: of managers and of workers. */
export function drawSwarmFaults(
  random: SeededRandom,
  { gapMs, faultMs }: { readonly gapMs: number; readonly faultMs: number },
): SwarmFault[] {
  const kinds = MANAGER_FAULTS.filter(() => random.int(3) > 0);
  const managers = drawFaults(random.split("managers"), {
    kinds: kinds.length > 0 ? kinds : ["transfer"],
    gapMs: gapMs * 2,
    faultMs,
  });
  const scripts = drawFaults(random.split("workers"), {
    kinds: ["burst"],
    gapMs: gapMs * 2,
    faultMs,
  });
  const workers = scripts.map(({ at, draws }): SwarmFault => {
    const kind = WORKER_FAULTS[draws[0]! % WORKER_FAULTS.length]!;
    const share = (draws[1]! % 1_000) / 1_000;
    return { at, kind, draws, lasts: 50_000 + Math.round(share ** 2 * LONGEST_US[kind]) };
  });
  return [...managers, ...workers].sort((a, b) => a.at - b.at);
}

/** Carries out the faults of workers; those of managers are Raft's. */
export class SwarmNemesis {
  readonly #raft: Nemesis;
  readonly #network: Network;
  readonly #wire: Wire;
  readonly #managers: () => readonly string[];
  readonly #workers: readonly SimWorker[];

  constructor(modules: {
    readonly raft: Nemesis;
    readonly network: Network;
    readonly wire: Wire;
    readonly managers: () => readonly string[];
    readonly workers: readonly SimWorker[];
  }) {
    this.#raft = modules.raft;
    this.#network = modules.network;
    this.#wire = modules.wire;
    this.#managers = modules.managers;
    this.#workers = modules.workers;
  }

  begin(fault: SwarmFault): void {
    const worker = this.#workers[fault.draws[2]! % this.#workers.length]!;
    const { scheduler } = this.#network;
    switch (fault.kind) {
      case "agent-crash":
      case "reboot":
        worker.crash(fault.kind === "reboot");
        scheduler.after(fault.lasts, ["fault", "agent starts", worker.name], () => worker.start());
        return;
      case "cut-off":
        return this.#cutOff(worker, fault);
      case "flapping": {
        const period = 300_000 + (fault.draws[4]! % 3_000_000);
        for (let at = 0; at < fault.lasts; at += period * 2)
          scheduler.after(at, ["fault", "flap", worker.name], () =>
            this.#cutOff(worker, { ...fault, lasts: period }),
          );
        return;
      }
      case "agent-pause":
        return worker.pause(scheduler.now + fault.lasts);
      default:
        this.#raft.begin(fault);
        this.#wire.noticeCuts();
    }
  }

  /** From all managers, or from some of them; in one direction or in both. */
  #cutOff(
    { name }: SimWorker,
    { draws, lasts }: { draws: readonly number[]; lasts: number },
  ): void {
    const all = draws[3]! % 3 > 0;
    const cuts: [string, string][] = [];
    for (const [i, manager] of this.#managers().entries()) {
      if (!all && (draws[5]! >> i) % 2 === 0) continue;
      cuts.push([name, manager]);
      if (draws[6]! % 4 > 0) cuts.push([manager, name]);
    }
    for (const [from, to] of cuts) this.#network.cut(from, to);
    this.#wire.noticeCuts();
    this.#network.scheduler.after(lasts, ["fault", "ways are mended", name], () => {
      for (const [from, to] of cuts) this.#network.mend(from, to);
    });
  }
}
