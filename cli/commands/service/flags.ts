import type { SwarmCommand } from "../../command.ts";
import {
  boolFlag,
  bytesFlag,
  choiceFlag,
  cpusFlag,
  durationFlag,
  intFlag,
  listFlag,
  ratioFlag,
  textFlag,
  uintFlag,
  valueFlag,
} from "../../flags/option.ts";
import { splitWords } from "../../flags/words.ts";
import { addExtensionFlags } from "./extension-flags.ts";

/** Flags that decide how the command itself behaves. */
export interface RunFlags {
  readonly detach?: boolean;
  /** Print what would happen instead of doing it. */
  readonly plan?: boolean;
  readonly quiet?: boolean;
  /** False for `--no-resolve-image`. */
  readonly resolveImage?: boolean;
  readonly withRegistryAuth?: boolean;
}

const ACTIONS = ["pause", "continue"];
const ORDERS = ["start-first", "stop-first"];

/** Adds the flags that `service create` and `service update` share. */
export function addSharedFlags(command: SwarmCommand): SwarmCommand {
  addRunFlags(command);
  addContainerFlags(command);
  addHealthFlags(command);
  addRolloutFlags(command, "update", [...ACTIONS, "rollback"]);
  addRolloutFlags(command, "rollback", ACTIONS);
  addRestartFlags(command);
  addExtensionFlags(command);
  return command
    .addOption(choiceFlag("endpoint-mode", "Endpoint mode (vip or dnsrr)", ["vip", "dnsrr"]))
    .addOption(cpusFlag("limit-cpu", "Limit CPUs"))
    .addOption(bytesFlag("limit-memory", "Limit Memory"))
    .addOption(intFlag("limit-pids", "Limit maximum number of processes (default 0 = unlimited)"))
    .addOption(textFlag("log-driver", "Logging driver for service"))
    .addOption(listFlag("log-opt", "Logging driver options"))
    .addOption(
      uintFlag("max-concurrent", "Number of job tasks to run concurrently (default: --replicas)"),
    )
    .addOption(uintFlag("replicas", "Number of tasks"))
    .addOption(
      uintFlag("replicas-max-per-node", "Maximum number of tasks per node (default 0 = unlimited)"),
    )
    .addOption(cpusFlag("reserve-cpu", "Reserve CPUs"))
    .addOption(bytesFlag("reserve-memory", "Reserve Memory")) as SwarmCommand;
}

/** Adds `--detach` and `--quiet`, for every command that a service converges after. */
export function addDetachFlags(command: SwarmCommand): SwarmCommand {
  return command
    .addOption(
      boolFlag("d,detach", "Exit immediately instead of waiting for the service to converge"),
    )
    .addOption(boolFlag("q,quiet", "Suppress progress output")) as SwarmCommand;
}

function addRunFlags(command: SwarmCommand): void {
  addDetachFlags(command)
    .addOption(
      boolFlag(
        "no-resolve-image",
        "Do not query the registry to resolve image digest and platforms",
      ),
    )
    .addOption(boolFlag("plan", "Print what would happen, and change nothing"))
    .addOption(
      boolFlag("with-registry-auth", "Send registry authentication details to swarm agents"),
    );
}

function addContainerFlags(command: SwarmCommand): void {
  command
    .addOption(
      textFlag(
        "credential-spec",
        "Credential spec for managed service account (Windows only)",
        "credential-spec",
      ),
    )
    .addOption(
      valueFlag(
        "entrypoint",
        "command",
        "Overwrite the default ENTRYPOINT of the image",
        splitWords,
      ),
    )
    .addOption(textFlag("hostname", "Container hostname"))
    .addOption(boolFlag("init", "Use an init to forward signals and reap processes"))
    .addOption(textFlag("isolation", "Service container isolation mode"))
    .addOption(intFlag("oom-score-adj", "Tune host's OOM preferences (-1000 to 1000)"))
    .addOption(boolFlag("read-only", "Mount the container's root filesystem as read only"))
    .addOption(
      durationFlag(
        "stop-grace-period",
        "Time to wait before force killing a container (default 10s)",
      ),
    )
    .addOption(textFlag("stop-signal", "Signal to stop the container"))
    .addOption(boolFlag("t,tty", "Allocate a pseudo-TTY"))
    .addOption(textFlag("u,user", "Username or UID (format: <name|uid>[:<group|gid>])"))
    .addOption(textFlag("w,workdir", "Working directory inside the container"));
}

function addHealthFlags(command: SwarmCommand): void {
  command
    .addOption(textFlag("health-cmd", "Command to run to check health"))
    .addOption(durationFlag("health-interval", "Time between running the check"))
    .addOption(intFlag("health-retries", "Consecutive failures needed to report unhealthy"))
    .addOption(
      durationFlag("health-start-interval", "Time between the checks during the start period"),
    )
    .addOption(durationFlag("health-start-period", "Time to initialize before retries are counted"))
    .addOption(durationFlag("health-timeout", "Maximum time to allow one check to run"))
    .addOption(boolFlag("no-healthcheck", "Disable any container-specified HEALTHCHECK"));
}

function addRestartFlags(command: SwarmCommand): void {
  command
    .addOption(
      choiceFlag(
        "restart-condition",
        'Restart when condition is met ("none", "on-failure", "any") (default "any")',
        ["none", "on-failure", "any"],
      ),
    )
    .addOption(durationFlag("restart-delay", "Delay between restart attempts (default 5s)"))
    .addOption(uintFlag("restart-max-attempts", "Maximum number of restarts before giving up"))
    .addOption(durationFlag("restart-window", "Window used to evaluate the restart policy"));
}

function addRolloutFlags(
  command: SwarmCommand,
  kind: "update" | "rollback",
  actions: readonly string[],
): void {
  const shown = actions.map((action) => `"${action}"`).join(", ");
  command
    .addOption(durationFlag(`${kind}-delay`, `Delay between ${kind}s of tasks (default 0s)`))
    .addOption(
      choiceFlag(
        `${kind}-failure-action`,
        `Action on ${kind} failure (${shown}) (default "pause")`,
        actions,
      ),
    )
    .addOption(
      ratioFlag(`${kind}-max-failure-ratio`, `Failure rate to tolerate during ${kind} (default 0)`),
    )
    .addOption(
      durationFlag(
        `${kind}-monitor`,
        `Duration after each task ${kind} to monitor for failure (default 5s)`,
      ),
    )
    .addOption(
      choiceFlag(
        `${kind}-order`,
        `Order of ${kind} ("start-first", "stop-first") (default "stop-first")`,
        ORDERS,
      ),
    )
    .addOption(
      uintFlag(
        `${kind}-parallelism`,
        `Maximum number of tasks in ${kind} simultaneously (0 for all at once) (default 1)`,
      ),
    );
}
