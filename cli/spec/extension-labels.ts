import { formatDuration } from "../../lib/units.ts";
import { given } from "./present.ts";

/** Flags for what Docker's fields have no word for; "" and empty lists take a setting away. */
export interface ExtensionFlags {
  readonly affinity?: readonly string[];
  readonly antiAffinity?: readonly string[];
  readonly dependsOn?: readonly string[];
  readonly device?: readonly string[];
  readonly privileged?: boolean;
  readonly schedule?: string;
  readonly scheduleConcurrency?: string;
  /** Nanoseconds. */
  readonly scheduleStartingDeadline?: number;
  readonly scheduleTimeZone?: string;
  /** Name of an external scheduler. */
  readonly scheduler?: string;
  readonly strategy?: string;
}

/** The label that carries the placement strategy, of services and of the swarm. */
export const STRATEGY_LABEL = "skep.strategy";

type Labels = Readonly<Record<string, string>>;

const SCHEDULE = "skep.schedule";
const NO_SCHEDULE: Labels = {
  [SCHEDULE]: "",
  [`${SCHEDULE}.concurrency`]: "",
  [`${SCHEDULE}.starting-deadline`]: "",
  [`${SCHEDULE}.time-zone`]: "",
};

/** The values of a repeatable flag in one text; each may hold several, separated by commas. */
function joined(values: readonly string[] | undefined): string | undefined {
  return values?.filter((value) => value !== "").join(",");
}

/**
 * The labels that carry the flags (docs/decisions/0003), for those that were given. An empty value
 * means that the service is to have no such label.
 */
export function extensionLabels(flags: ExtensionFlags): Labels {
  const deadline = flags.scheduleStartingDeadline;
  const labels = given({
    "skep.affinity": joined(flags.affinity),
    "skep.anti-affinity": joined(flags.antiAffinity),
    "skep.depends-on": joined(flags.dependsOn),
    "skep.devices": joined(flags.device),
    "skep.privileged": flags.privileged === undefined ? undefined : flags.privileged ? "true" : "",
    "skep.scheduler": flags.scheduler,
    [STRATEGY_LABEL]: flags.strategy,
    [SCHEDULE]: flags.schedule,
    [`${SCHEDULE}.concurrency`]: flags.scheduleConcurrency,
    [`${SCHEDULE}.starting-deadline`]:
      deadline === undefined ? undefined : deadline === 0 ? "" : formatDuration(deadline),
    [`${SCHEDULE}.time-zone`]: flags.scheduleTimeZone,
  });
  const without = flags.schedule === "" ? NO_SCHEDULE : {};
  return { ...without, ...labels } as Labels;
}

/** `labels` with those of the flags put in or taken out. */
export function withExtensions(labels: Labels | null | undefined, flags: ExtensionFlags): Labels {
  const all = Object.entries({ ...labels, ...extensionLabels(flags) });
  return Object.fromEntries(all.filter(([key, text]) => text !== "" || !key.startsWith("skep.")));
}
