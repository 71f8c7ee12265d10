import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import type { ControlApi, LogsApi, ReachApi } from "../proto/generated.ts";
import type { Passthrough } from "./local/passthrough.ts";
import type { SwarmNode } from "./swarm-node.ts";

/** What the HTTP API works with. */
export interface EngineModules {
  /** Undefined where this node is no manager, or none that is ready. */
  readonly control: () => ControlApi | undefined;
  /** Undefined where {@link control} is. */
  readonly logs: () => LogsApi | undefined;
  /** Undefined where {@link control} is. */
  readonly reach: () => ReachApi | undefined;
  readonly node: SwarmNode;
  /** The local container engine; undefined where this node is to have none. */
  readonly passthrough?: Passthrough | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}
