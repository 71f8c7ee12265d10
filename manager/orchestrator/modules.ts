import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { Store } from "../store/store.ts";

/** What every controller of the orchestrator works with. */
export interface Modules {
  readonly store: Store;
  readonly clock: Clock;
  /** Gives new tasks their ids. */
  readonly random: Random;
  readonly log: Logger;
}
