import { SwarmError } from "../../lib/errors.ts";
import { formatDuration } from "../../lib/units.ts";
import type { ExternalCa, SwarmSpec } from "../api/types.ts";
import type { SwarmCommand } from "../command.ts";
import { needValue, parseFields } from "../flags/fields.ts";
import {
  boolFlag,
  choiceFlag,
  durationFlag,
  intFlag,
  repeatedFlag,
  uintFlag,
} from "../flags/option.ts";
import { given, isAnyGiven } from "../spec/present.ts";
import { STRATEGY_LABEL } from "../spec/extension-labels.ts";

/** The placement strategies, ours. */
export const STRATEGIES = ["spread", "binpack", "random"];

/** Flags that set the cluster's spec, of `init` and `update`. Durations in nanoseconds. */
export interface SwarmFlags {
  readonly autolock?: boolean;
  readonly certExpiry?: number;
  readonly dispatcherHeartbeat?: number;
  readonly externalCa?: readonly ExternalCa[];
  readonly maxSnapshots?: number;
  readonly rebalanceInterval?: number;
  readonly rebalanceMaxMoves?: number;
  readonly rebalanceWarmUp?: number;
  readonly snapshotInterval?: number;
  readonly strategy?: string;
  readonly taskHistoryLimit?: number;
}

/** Adds {@link SwarmFlags}. */
export function addSwarmFlags(command: SwarmCommand): SwarmCommand {
  return command
    .addOption(boolFlag("autolock", "Require an unlock key to start a stopped manager"))
    .addOption(
      durationFlag("cert-expiry", "Validity of node certificates (h, m, s) (default 2160h0m0s)"),
    )
    .addOption(durationFlag("dispatcher-heartbeat", "Heartbeat of workers (default 5s)"))
    .addOption(
      repeatedFlag("external-ca", "external-ca", "Certificate signing endpoint", parseExternalCa),
    )
    .addOption(uintFlag("max-snapshots", "Number of additional Raft snapshots to retain"))
    .addOption(
      uintFlag("rebalance-max-moves", "Tasks moved in one interval by themselves (default 0: off)"),
    )
    .addOption(
      durationFlag(
        "rebalance-interval",
        "How often tasks are moved (ns|us|ms|s|m|h) (default 10m)",
      ),
    )
    .addOption(
      durationFlag(
        "rebalance-warm-up",
        "How long a node is up before tasks are moved there (ns|us|ms|s|m|h) (default 5m)",
      ),
    )
    .addOption(uintFlag("snapshot-interval", "Log entries between Raft snapshots (default 10000)"))
    .addOption(
      choiceFlag(
        "strategy",
        "Placement of services that name none (spread, binpack, random) (default spread)",
        STRATEGIES,
      ),
    )
    .addOption(
      intFlag("task-history-limit", "Ended tasks kept per slot (default 5)"),
    ) as SwarmCommand;
}

/** Whether any flag that changes the spec was given. */
export function hasSwarmFlags(flags: SwarmFlags): boolean {
  return isAnyGiven(
    flags.autolock,
    flags.certExpiry,
    flags.dispatcherHeartbeat,
    flags.externalCa,
    flags.maxSnapshots,
    flags.rebalanceInterval,
    flags.rebalanceMaxMoves,
    flags.rebalanceWarmUp,
    flags.snapshotInterval,
    flags.strategy,
    flags.taskHistoryLimit,
  );
}

/** `spec` with what the flags say; everything else stays. */
export function applySwarmFlags(spec: SwarmSpec, flags: SwarmFlags): SwarmSpec {
  const labels = labelsOf(flags);
  return {
    ...spec,
    ...(Object.keys(labels).length === 0 ? {} : { Labels: { ...spec.Labels, ...labels } }),
    Orchestration: {
      ...spec.Orchestration,
      ...given({ TaskHistoryRetentionLimit: flags.taskHistoryLimit }),
    },
    Raft: {
      ...spec.Raft,
      ...given({
        SnapshotInterval: flags.snapshotInterval,
        KeepOldSnapshots: flags.maxSnapshots,
      }),
    },
    Dispatcher: { ...spec.Dispatcher, ...given({ HeartbeatPeriod: flags.dispatcherHeartbeat }) },
    CAConfig: {
      ...spec.CAConfig,
      ...given({ NodeCertExpiry: flags.certExpiry, ExternalCAs: flags.externalCa }),
    },
    EncryptionConfig: { ...spec.EncryptionConfig, ...given({ AutoLockManagers: flags.autolock }) },
  } as SwarmSpec;
}

/** The labels that carry what Docker's spec has no field for. */
function labelsOf(flags: SwarmFlags): Readonly<Record<string, string>> {
  const duration = (value: number | undefined) =>
    value === undefined ? undefined : formatDuration(value);
  return given({
    [STRATEGY_LABEL]: flags.strategy,
    "skep.rebalance.max-moves": flags.rebalanceMaxMoves?.toString(),
    "skep.rebalance.interval": duration(flags.rebalanceInterval),
    "skep.rebalance.warm-up": duration(flags.rebalanceWarmUp),
  }) as Readonly<Record<string, string>>;
}

/** Parses `--external-ca protocol=cfssl,url=…`. */
export function parseExternalCa(text: string): ExternalCa {
  let ca: ExternalCa = { Protocol: "", URL: "" };
  for (const [key, raw] of parseFields(text)) {
    const value = needValue(key, raw);
    if (key === "protocol") ca = { ...ca, Protocol: value.toLowerCase() };
    else if (key === "url") ca = { ...ca, URL: value };
    else if (key === "cacert") ca = { ...ca, CACert: value };
    else ca = { ...ca, Options: { ...ca.Options, [key]: value } };
  }
  if (ca.Protocol !== "cfssl") throw new SwarmError("invalid", "use protocol=cfssl,url=…");
  if (ca.URL === "") throw new SwarmError("invalid", "an external CA needs url=…");
  return ca;
}
