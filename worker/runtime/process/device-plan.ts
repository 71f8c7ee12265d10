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

/**
 * The devices of a process, CDI's taken apart. Hooks of CDI specifications, which would run programs
 * on the node, are not run. Throws `invalid` or `not-found` for what is no device of this node.
 */
export function planDevices(
  asked: readonly string[],
  assigned: readonly GenericResource[],
): DevicePlan {
  const { nodes, cdi } = taskDevices(asked, assigned);
  if (nodes.length + cdi.length === 0) return NONE;
  const edits = cdi.length > 0 ? cdiEdits(cdi, readCdi()) : [];
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
