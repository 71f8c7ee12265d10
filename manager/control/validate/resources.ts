import type { ResourceRequirements, Resources } from "../../../proto/generated.ts";
import { invalid } from "./check.ts";

/** The smallest share of a CPU the kernel can be asked for. */
const NANO_CPUS_MIN = 1e6;
const MEMORY_BYTES_MIN = 4 << 20;

/** CPUs as Docker prints them: exponents have two digits. */
function cpus(nano: number): string {
  return String(nano / 1e9).replace(/e-(\d)$/, "e-0$1");
}

function checkResources(resources: Resources | null): void {
  if (!resources) return;
  const { nanoCpus, memoryBytes, pids } = resources;
  if (nanoCpus !== 0 && nanoCpus < NANO_CPUS_MIN)
    throw invalid(`invalid cpu value ${cpus(nanoCpus)}: Must be at least ${cpus(NANO_CPUS_MIN)}`);
  if (memoryBytes !== 0 && memoryBytes < MEMORY_BYTES_MIN)
    throw invalid(`invalid memory value ${memoryBytes}: Must be at least 4MiB`);
  if (pids < 0) throw invalid(`invalid pids limit ${pids}: Must not be negative`);
  for (const generic of resources.generic) {
    if (generic.resource === undefined) throw invalid("a generic resource is empty");
    const { kind } = generic.resource === "named" ? generic.named : generic.discrete;
    if (kind === "") throw invalid("a generic resource needs a kind");
    if (generic.resource === "discrete" && generic.discrete.value < 0)
      throw invalid(`generic resource ${kind}: the count must not be negative`);
  }
}

/** Checks limits and reservations: nothing, or at least what a kernel can give. */
export function checkRequirements(requirements: ResourceRequirements | null): void {
  if (!requirements) return;
  checkResources(requirements.limits);
  checkResources(requirements.reservations);
  const swappiness = requirements.memorySwappiness?.value ?? 0;
  if (swappiness < -1 || swappiness > 100)
    throw invalid(`invalid memory swappiness ${swappiness}: Must be between -1 and 100`);
  if ((requirements.swapBytes?.value ?? 0) < -1)
    throw invalid("invalid swap value: Must be -1 (unlimited), 0 or a size");
}
