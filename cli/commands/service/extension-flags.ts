import type { SwarmCommand } from "../../command.ts";
import { boolFlag, choiceFlag, durationFlag, listFlag, textFlag } from "../../flags/option.ts";
import { STRATEGIES } from "../swarm-flags.ts";

const CONCURRENCIES = ["allow", "forbid", "replace"];

/** Adds the flags for what Docker has no word for. On an update an empty value takes one away. */
export function addExtensionFlags(command: SwarmCommand): SwarmCommand {
  return command
    .addOption(listFlag("affinity", "Near tasks of services with this label (key or key=value)"))
    .addOption(listFlag("anti-affinity", "Apart from tasks of services with this label"))
    .addOption(
      listFlag(
        "depends-on",
        "Start after SERVICE[:CONDITION]: started (default), healthy or completed",
      ),
    )
    .addOption(
      listFlag(
        "device",
        "Give each task a device of its node (/dev/x[:/dev/y[:rwm]] or a CDI name)",
      ),
    )
    .addOption(boolFlag("privileged", "Give the containers every capability and device"))
    .addOption(textFlag("schedule", "Cron expression that a job runs by"))
    .addOption(
      choiceFlag(
        "schedule-concurrency",
        "What a run does while the last one is not over (allow, forbid, replace)",
        CONCURRENCIES,
      ),
    )
    .addOption(
      durationFlag("schedule-starting-deadline", "How late a run that was missed may still start"),
    )
    .addOption(textFlag("schedule-time-zone", "IANA name of the schedule's time zone"))
    .addOption(textFlag("scheduler", "Leave placement to the external scheduler of this name"))
    .addOption(
      choiceFlag(
        "strategy",
        "Placement strategy (spread, binpack, random) (default: the swarm's)",
        STRATEGIES,
      ),
    ) as SwarmCommand;
}
