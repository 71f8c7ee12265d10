import type { SeededRandom } from "../../../lib/random.ts";
import type { Call } from "../../../proto/call.ts";
import { make } from "../../../proto/codec.ts";
import { ReadConsistency, type ControlApi } from "../../../proto/generated.ts";
import { Person } from "./person.ts";
import type { Deed, RequestModules } from "./request.ts";

/** Mean pause between two deeds, µs. */
const PAUSE_US = 2_500_000;

/** Who asks for moves of running tasks: nobody, people, or the cluster by itself. */
export type Moves = "none" | "asked" | "automatic";

/** A person who evens out the cluster, or has it even out by itself. */
export class Mover extends Person {
  readonly #moves: Moves;

  constructor(moves: Moves, random: SeededRandom, modules: RequestModules) {
    super(PAUSE_US, random, modules);
    this.#moves = moves;
  }

  override async run(): Promise<void> {
    if (this.#moves !== "none") await super.run();
  }

  protected draw(): Deed {
    if (this.#moves === "automatic") return (api, call) => this.#configure(api, call);
    const dryRun = this.random.int(6) === 0;
    const movesMax = this.random.int(4);
    return (api, call) => api.rebalance({ services: [], movesMax, dryRun }, call);
  }

  async #configure(api: ControlApi, call: Call): Promise<void> {
    const { cluster } = await api.getCluster({ consistency: ReadConsistency.LOCAL }, call);
    if (!cluster?.spec) return;
    // Seldom changed again: what it does in the meantime is what counts.
    if (cluster.spec.rebalance && this.random.int(4) > 0) return;
    const rebalance = make("RebalanceConfig", {
      movesMax: this.random.int(3),
      intervalNs: (1 + this.random.int(10)) * 1e9,
      warmUpNs: make("OptionalInt64", { value: this.random.int(6) * 1e9 }),
    });
    const spec = { ...cluster.spec, rebalance };
    await api.updateCluster({ version: cluster.meta?.version ?? null, spec, rotation: null }, call);
  }
}
