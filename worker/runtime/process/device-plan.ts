import { existsSync, statSync } from "node:fs";
import { SwarmError } from "../../../lib/errors.ts";
import type { GenericResource } from "../../../proto/generated.ts";
import { cdiEdits, readCdi } from "../cdi.ts";
import { taskDevices, type DeviceNode } from "../devices.ts";
import type { MountEntry } from "./mount-plan.ts";

/** What a process gets with its devices. */
export interface DevicePlan {
  readonly nodes: readonly DeviceNode[];
  readonly mounts: readonly MountEntry[];
  /** `KEY=value`. */
  readonly env: readonly string[];
}

const NONE: DevicePlan = { nodes: [], mounts: [], env: [] };

/** Kind under which NVIDIA's tools describe GPUs, by their ids among others. */
const NVIDIA_GPU = "nvidia.com/gpu";

/**
 * The devices of a process, CDI's taken apart, as the specifications in `cdiDirs` describe them. Hooks
 * of CDI specifications, which would run programs on the node, are not run. GPUs that came by their
 * ids are those that are described; of others a process has the variable only. Throws `invalid` or `not-found` for what is no device of this node.
 */
export function planDevices(
  asked: readonly string[],
  assigned: readonly GenericResource[],
  cdiDirs: readonly string[],
): DevicePlan {
  const { nodes, cdi, gpus } = taskDevices(asked, assigned);
  if (nodes.length + cdi.length + gpus.length === 0) return NONE;
  const described = cdi.length + gpus.length > 0 ? readCdi(cdiDirs) : new Map();
  const found = gpus.map((id) => `${NVIDIA_GPU}=${id}`).filter((name) => described.has(name));
  const edits = cdiEdits([...cdi, ...found], described);
  const all = [
    ...nodes,
    ...edits.flatMap(({ deviceNodes = [] }) =>
      deviceNodes.map(({ path, hostPath = path, permissions = "rwm" }) => ({
        host: hostPath,
        target: path,
        permissions,
      })),
    ),
  ];
  for (const { host } of all) {
    if (!existsSync(host))
      throw new SwarmError("not-found", `there is no device ${host} on this node`);
    const stat = statSync(host);
    if (!stat.isCharacterDevice() && !stat.isBlockDevice())
      throw new SwarmError("invalid", `${host} is no device`);
  }
  const mounts = edits.flatMap((edit) => edit.mounts ?? []);
  return {
    nodes: all,
    mounts: mounts.map(({ hostPath, containerPath, options = ["ro"] }) => ({
      source: hostPath,
      target: containerPath,
      type: "none",
      options: [...new Set(["bind", ...options])],
      isFile: !statSync(hostPath).isDirectory(),
    })),
    env: edits.flatMap(({ env = [] }) => env),
  };
}
