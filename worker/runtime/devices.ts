import { posix } from "node:path";
import { SwarmError } from "../../lib/errors.ts";
import type { GenericResource } from "../../proto/generated.ts";

/** A device node that a task gets. */
export interface DeviceNode {
  readonly host: string;
  /** Where the task finds it. */
  readonly target: string;
  /** Some of `rwm`: read, write, make nodes. */
  readonly permissions: string;
}

/** The devices of one task. */
export interface TaskDevices {
  readonly nodes: readonly DeviceNode[];
  /** Full names, `vendor.com/class=name`, of the Container Device Interface. */
  readonly cdi: readonly string[];
  /** Ids that NVIDIA's own runtime understands, `GPU-…`. */
  readonly gpus: readonly string[];
}

/** CDI specification §"Kind": a vendor that looks like a domain, and a class. */
const CDI_KIND = /^[a-z0-9.-]+\.[a-z0-9.-]+\/[\w-]+$/i;
const GPU_KIND = /^(nvidia[-_])?gpu$/i;
const GPU_ID = /^(GPU|MIG)-[\w-]+$/;

function nodeOf(text: string): DeviceNode {
  const [host = "", target = host, permissions = "rwm"] = text.split(":");
  const good = [host, target].every(
    (path) => path.startsWith("/dev/") && posix.normalize(path) === path,
  );
  if (good && /^[rwm]{1,3}$/.test(permissions)) return { host, target, permissions };
  throw new SwarmError(
    "invalid",
    `invalid device "${text}": use /dev/x, /dev/x:/dev/y, /dev/x:/dev/y:rwm or vendor.com/class=name`,
  );
}

function isCdiName(text: string): boolean {
  const at = text.indexOf("=");
  return at > 0 && CDI_KIND.test(text.slice(0, at));
}

/**
 * The devices of a task: those that its spec asks for, and those that it got as named generic
 * resources: a path below /dev, a value of a CDI kind, or a GPU by its id. Throws `invalid` for what
 * is no device.
 */
export function taskDevices(
  asked: readonly string[],
  assigned: readonly GenericResource[],
): TaskDevices {
  const nodes: DeviceNode[] = [];
  const cdi: string[] = [];
  const gpus: string[] = [];
  for (const text of asked) {
    if (isCdiName(text)) cdi.push(text);
    else nodes.push(nodeOf(text));
  }
  for (const resource of assigned) {
    if (resource.resource !== "named") continue;
    const { kind, value } = resource.named;
    if (value.startsWith("/dev/")) nodes.push(nodeOf(value));
    else if (CDI_KIND.test(kind)) cdi.push(`${kind}=${value}`);
    else if (GPU_KIND.test(kind) && GPU_ID.test(value)) gpus.push(value);
  }
  return { nodes, cdi, gpus };
}
