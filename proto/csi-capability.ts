import { make } from "./codec.ts";
import {
  CsiVolumeCapabilityAccessModeMode as Mode,
  VolumeAccessModeScope as Scope,
  VolumeAccessModeSharing as Sharing,
  type CsiVolumeCapability,
  type VolumeAccessMode,
} from "./generated.ts";

/** What a plugin with SINGLE_NODE_MULTI_WRITER calls the modes on one node, and what any other does. */
function singleNode(sharing: Sharing, tellsWriters: boolean): Mode {
  if (sharing === Sharing.READ_ONLY) return Mode.SINGLE_NODE_READER_ONLY;
  if (!tellsWriters) return Mode.SINGLE_NODE_WRITER;
  return sharing === Sharing.ALL ? Mode.SINGLE_NODE_MULTI_WRITER : Mode.SINGLE_NODE_SINGLE_WRITER;
}

function multiNode(sharing: Sharing): Mode {
  if (sharing === Sharing.READ_ONLY) return Mode.MULTI_NODE_READER_ONLY;
  return sharing === Sharing.ALL ? Mode.MULTI_NODE_MULTI_WRITER : Mode.MULTI_NODE_SINGLE_WRITER;
}

/**
 * How a volume is used, in CSI's words; alike in every call of one volume. `tellsWriters`: the
 * plugin has the capability SINGLE_NODE_MULTI_WRITER. Pure.
 */
export function volumeCapability(
  mode: VolumeAccessMode | null,
  tellsWriters: boolean,
): CsiVolumeCapability {
  const { scope = Scope.SINGLE_NODE, sharing = Sharing.NONE } = mode ?? {};
  const accessMode = {
    mode: scope === Scope.MULTI_NODE ? multiNode(sharing) : singleNode(sharing, tellsWriters),
  };
  if (mode?.accessType === "block")
    return make("CsiVolumeCapability", { accessMode, accessType: "block", block: {} });
  const { fsType = "", mountFlags = [] } = mode?.accessType === "mount" ? mode.mount : {};
  const mount = { fsType, mountFlags };
  return make("CsiVolumeCapability", { accessMode, accessType: "mount", mount });
}

/** Whether nobody may write to the volume. */
export function isReadOnly(mode: VolumeAccessMode | null): boolean {
  return mode?.sharing === Sharing.READ_ONLY;
}
