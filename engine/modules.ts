import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import type { ControlApi, LogsApi } from "../proto/generated.ts";
import type { ApiVersion } from "./api-version.ts";
import type { SwarmNode } from "./swarm-node.ts";

/**
 * Everything that is not the swarm's goes to a local container engine, byte for byte. Without one
 * those paths answer 404.
 */
export interface Passthrough {
  /** Newest API version the local engine speaks; ours never goes above it. */
  readonly apiVersion: ApiVersion;
  /** Answers one request, whose body is still unread. */
  request(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Takes over a connection that asked for an upgrade (attach, exec, session). */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** What the HTTP API works with. */
export interface EngineModules {
  /** Undefined where this node is no manager, or none that is ready. */
  readonly control: () => ControlApi | undefined;
  /** Undefined where {@link control} is. */
  readonly logs: () => LogsApi | undefined;
  readonly node: SwarmNode;
  readonly passthrough?: Passthrough;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}
