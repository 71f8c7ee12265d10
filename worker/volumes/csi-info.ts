import { abortable, linked } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf, SwarmError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { CsiNodeInfo } from "../../proto/generated.ts";
import type { NodeDriver, NodeDrivers } from "./node-driver.ts";

/** Longest that a driver may take to say who this node is: the node's registration waits for it. */
const INFO_TIMEOUT_MS = 2_000;

export interface CsiInfoModules {
  readonly clock: Clock;
  readonly log: Logger;
  readonly drivers: NodeDrivers;
}

/** What the CSI drivers of this node say about it. */
export class CsiInfo {
  readonly #modules: CsiInfoModules;
  /** Why drivers did not answer when they were last asked; noted once for each reason. */
  readonly #failures = new Map<string, string>();

  constructor(modules: CsiInfoModules) {
    this.#modules = modules;
  }

  /** The node as each driver knows it. One that does not answer is left out until it does. */
  async describe(signal: AbortSignal): Promise<readonly CsiNodeInfo[]> {
    const { drivers } = this.#modules;
    const found = await Promise.all(
      [...drivers].map(([name, driver]) => this.#ask(name, driver, signal)),
    );
    return found.filter((info) => info !== null);
  }

  async #ask(name: string, driver: NodeDriver, signal: AbortSignal): Promise<CsiNodeInfo | null> {
    const { clock, log } = this.#modules;
    using link = linked(signal);
    const late = new SwarmError("deadline", `no answer within ${INFO_TIMEOUT_MS / 1_000} s`);
    const cancel = clock.after(INFO_TIMEOUT_MS, () => link.abort(late));
    try {
      const info = await abortable(driver.nodeGetInfo(link.signal), link.signal);
      if (this.#failures.delete(name)) log.info({ driver: name }, "csi driver is back");
      return info;
    } catch (error) {
      signal.throwIfAborted();
      const reason = messageOf(error);
      if (this.#failures.get(name) !== reason)
        log.warn({ driver: name, reason }, "csi driver is left out of the node's description");
      this.#failures.set(name, reason);
      return null;
    } finally {
      cancel();
    }
  }
}
