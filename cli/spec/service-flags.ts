import type { GenericResource, Mount, NetworkAttachment, Ulimit } from "../api/service-types.ts";
import type { Port } from "../api/types.ts";
import type { ExtensionFlags } from "./extension-labels.ts";
import type { FileReference } from "../flags/references.ts";

/**
 * Flags that `service create` and `service update` have in common. Undefined means "not given";
 * durations are nanoseconds, memory bytes, CPUs nano-CPUs.
 */
export interface SharedFlags extends ExtensionFlags {
  readonly endpointMode?: string;
  readonly entrypoint?: readonly string[];
  readonly credentialSpec?: string;
  readonly healthCmd?: string;
  readonly healthInterval?: number;
  readonly healthRetries?: number;
  readonly healthStartInterval?: number;
  readonly healthStartPeriod?: number;
  readonly healthTimeout?: number;
  /** False for `--no-healthcheck`. */
  readonly healthcheck?: boolean;
  readonly hostname?: string;
  readonly init?: boolean;
  readonly isolation?: string;
  readonly limitCpu?: number;
  readonly limitMemory?: number;
  readonly limitPids?: number;
  readonly logDriver?: string;
  readonly logOpt?: readonly string[];
  readonly maxConcurrent?: number;
  readonly oomScoreAdj?: number;
  readonly readOnly?: boolean;
  readonly replicas?: number;
  readonly replicasMaxPerNode?: number;
  readonly reserveCpu?: number;
  readonly reserveMemory?: number;
  readonly restartCondition?: string;
  readonly restartDelay?: number;
  readonly restartMaxAttempts?: number;
  readonly restartWindow?: number;
  readonly rollbackDelay?: number;
  readonly rollbackFailureAction?: string;
  readonly rollbackMaxFailureRatio?: number;
  readonly rollbackMonitor?: number;
  readonly rollbackOrder?: string;
  readonly rollbackParallelism?: number;
  readonly stopGracePeriod?: number;
  readonly stopSignal?: string;
  readonly tty?: boolean;
  readonly updateDelay?: number;
  readonly updateFailureAction?: string;
  readonly updateMaxFailureRatio?: number;
  readonly updateMonitor?: number;
  readonly updateOrder?: string;
  readonly updateParallelism?: number;
  readonly user?: string;
  readonly workdir?: string;
}

/** Flags of `service create` that describe the service. */
export interface CreateFlags extends SharedFlags {
  readonly name?: string;
  readonly mode?: string;
  readonly runtime?: string;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly config?: readonly FileReference[];
  readonly constraint?: readonly string[];
  readonly containerLabel?: readonly string[];
  readonly dns?: readonly string[];
  readonly dnsOption?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly env?: readonly string[];
  readonly envFile?: readonly string[];
  readonly genericResource?: readonly GenericResource[];
  readonly group?: readonly string[];
  readonly host?: readonly string[];
  readonly label?: readonly string[];
  readonly mount?: readonly Mount[];
  readonly network?: readonly NetworkAttachment[];
  readonly placementPref?: readonly string[];
  readonly publish?: readonly (readonly Port[])[];
  readonly secret?: readonly FileReference[];
  readonly sysctl?: readonly string[];
  readonly ulimit?: readonly Ulimit[];
}

/** Flags of `service update` that change the service. */
export interface UpdateFlags extends SharedFlags {
  readonly args?: readonly string[];
  readonly image?: string;
  readonly force?: boolean;
  readonly rollback?: boolean;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly configAdd?: readonly FileReference[];
  readonly configRm?: readonly string[];
  readonly constraintAdd?: readonly string[];
  readonly constraintRm?: readonly string[];
  readonly containerLabelAdd?: readonly string[];
  readonly containerLabelRm?: readonly string[];
  readonly dnsAdd?: readonly string[];
  readonly dnsRm?: readonly string[];
  readonly dnsOptionAdd?: readonly string[];
  readonly dnsOptionRm?: readonly string[];
  readonly dnsSearchAdd?: readonly string[];
  readonly dnsSearchRm?: readonly string[];
  readonly envAdd?: readonly string[];
  readonly envRm?: readonly string[];
  readonly genericResourceAdd?: readonly GenericResource[];
  readonly genericResourceRm?: readonly string[];
  readonly groupAdd?: readonly string[];
  readonly groupRm?: readonly string[];
  readonly hostAdd?: readonly string[];
  readonly hostRm?: readonly string[];
  readonly labelAdd?: readonly string[];
  readonly labelRm?: readonly string[];
  readonly mountAdd?: readonly Mount[];
  readonly mountRm?: readonly string[];
  readonly networkAdd?: readonly NetworkAttachment[];
  readonly networkRm?: readonly string[];
  readonly placementPrefAdd?: readonly string[];
  readonly placementPrefRm?: readonly string[];
  readonly publishAdd?: readonly (readonly Port[])[];
  readonly publishRm?: readonly (readonly Port[])[];
  readonly secretAdd?: readonly FileReference[];
  readonly secretRm?: readonly string[];
  readonly sysctlAdd?: readonly string[];
  readonly sysctlRm?: readonly string[];
  readonly ulimitAdd?: readonly Ulimit[];
  readonly ulimitRm?: readonly string[];
}
