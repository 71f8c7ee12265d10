import {
  NodeAvailability,
  VolumeAccessModeScope,
  VolumeAccessModeSharing,
  type VolumeSpec,
} from "../../../proto/generated.ts";
import { checkEnum, invalid } from "./check.ts";
import { requireName } from "./names.ts";
import { checkNumbers } from "./numbers.ts";

/** Checks a cluster volume that is to be created. */
export function checkVolume(spec: VolumeSpec | null): VolumeSpec {
  if (!spec) throw invalid("a volume spec is required");
  requireName(spec.annotations);
  if (!spec.driver || spec.driver.name === "") throw invalid("driver must be specified");
  const mode = spec.accessMode;
  if (!mode) throw invalid("AccessMode must not be nil");
  if (mode.accessType === undefined)
    throw invalid("Volume AccessMode must specify either Mount or Block access type");
  checkEnum(mode.scope, VolumeAccessModeScope, "volume scope");
  checkEnum(mode.sharing, VolumeAccessModeSharing, "volume sharing");
  checkEnum(spec.availability, NodeAvailability, "volume availability");
  const { requiredBytes = 0, limitBytes = 0 } = spec.capacityRange ?? {};
  if (requiredBytes < 0 || limitBytes < 0) throw invalid("a volume's capacity cannot be negative");
  if (limitBytes > 0 && requiredBytes > limitBytes)
    throw invalid("a volume's required capacity is above its limit");
  checkNumbers(spec);
  return spec;
}
