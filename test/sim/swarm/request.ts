import { linked } from "../../../lib/abort.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import type { SeededRandom } from "../../../lib/random.ts";
import type { Call } from "../../../proto/call.ts";
import type { ControlApi } from "../../../proto/generated.ts";
import type { Scheduler } from "../scheduler.ts";
import { CLUSTER_ID } from "./cluster.ts";
import type { SimManager } from "./manager.ts";

/** A request is given up after this, µs. */
const TIMEOUT_US = 10_000_000;

/** What a person asks of a manager. */
export type Deed = (api: ControlApi, call: Call) => Promise<unknown>;

export interface RequestModules {
  readonly scheduler: Scheduler;
  /** Managers whose API answers. */
  readonly managers: () => readonly SimManager[];
  readonly onViolation: (error: unknown) => void;
}

/**
 * Asks any manager. Whether the request succeeded; its end is waited for, but not the manager's
 * that died.
 */
export function attempt(
  random: SeededRandom,
  { scheduler, managers, onViolation }: RequestModules,
  deed: Deed,
): Promise<boolean> {
  const all = managers();
  const manager = all[random.int(Math.max(1, all.length))];
  if (!manager?.control) return Promise.resolve(false);
  const { control, name: nodeId } = manager;
  const link = linked(new AbortController().signal);
  const caller = { nodeId, role: "manager", clusterId: CLUSTER_ID, addr: "" } as const;
  return new Promise((resolve) => {
    scheduler.after(TIMEOUT_US, ["user", "gives up"], () => {
      link.abort();
      resolve(false);
    });
    deed(control, { caller, signal: link.signal }).then(
      () => resolve(true),
      (error: unknown) => {
        if (!isSwarmError(error) || error.code === "internal") onViolation(error);
        resolve(false);
      },
    );
  });
}

/** A while, µs, between two requests. */
export function pause({ scheduler }: Pick<RequestModules, "scheduler">, us: number): Promise<void> {
  return new Promise((resolve) => {
    scheduler.after(us, ["user", "goes on"], resolve);
  });
}
