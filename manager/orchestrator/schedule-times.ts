import { Cron } from "croner";
import type { Schedule } from "../../proto/generated.ts";

/** Time zone of a schedule that names none: the same on every manager, wherever it stands. */
const DEFAULT_TIME_ZONE = "UTC";

/**
 * The first time after `afterMs` at which `schedule` runs, milliseconds since the epoch; Infinity
 * when there is none, as on the 30th of February. Throws for a schedule that cannot be read.
 */
export function nextRunAt(schedule: Schedule, afterMs: number): number {
  const timezone = schedule.timeZone || DEFAULT_TIME_ZONE;
  const next = new Cron(schedule.cron, { timezone, paused: true }).nextRun(new Date(afterMs));
  return next?.getTime() ?? Infinity;
}
