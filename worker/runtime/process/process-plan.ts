import { constants as os } from "node:os";
import { isAbsolute } from "node:path";
import { SwarmError } from "../../../lib/errors.ts";
import type { ProcessSpec, Task } from "../../../proto/generated.ts";
import { expandEnv } from "../env.ts";
import { resourceEnv } from "../generic-resources.ts";
import { groupsOf, resolveGroup, resolveIdentity } from "../identity.ts";
import type { AccountFiles, Identity } from "../identity.ts";
import { expand, type TemplateScope } from "../template.ts";
import { boundingSet } from "./capabilities.ts";
import { planDevices } from "./device-plan.ts";
import type { DeviceNode } from "../devices.ts";
import type { MountEntry } from "./mount-plan.ts";
import { hasDns } from "./network-files.ts";
import type { Privileges } from "./sandbox.ts";
import { sysctlFiles } from "./sysctls.ts";
import { ulimitOptions } from "./ulimits.ts";

/** Grace period where the spec names none; Docker's. */
const STOP_GRACE_DEFAULT_MS = 10_000;
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A process spec with its templates expanded and its names checked. */
export interface ProcessPlan {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly hostname: string;
  /** Options of prlimit. */
  readonly ulimits: readonly string[];
  readonly sysctls: readonly { readonly path: string; readonly value: string }[];
  /** Device nodes that it gets. */
  readonly devices: readonly DeviceNode[];
  /** What CDI devices bring along. */
  readonly deviceMounts: readonly MountEntry[];
  /** Whether the task has a network namespace of its own. */
  readonly ownNetwork: boolean;
}

/** How a process is stopped. */
export interface StopPlan {
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
}

/** The process spec of a task; throws `failed-precondition` when it has another kind. */
export function processSpec(task: Task): ProcessSpec {
  if (task.spec?.runtime === "process") return task.spec.process;
  throw new SwarmError("failed-precondition", "the process runtime runs process tasks only");
}

/**
 * Throws `failed-precondition` for what only a sandbox can do, on a node that has none for the
 * reason `refusal`.
 */
export function refuseWithoutSandbox(task: Task, refusal: string): void {
  const spec = processSpec(task);
  const limits = task.spec?.resources?.limits;
  const asked: readonly (readonly [boolean, string])[] = [
    [spec.rootFs !== "", "a root file system"],
    [spec.readOnly, "a read-only root"],
    [spec.mounts.length > 0, "mounts"],
    [spec.groups.length > 0, "groups"],
    [Object.keys(spec.sysctls).length > 0, "sysctls"],
    [spec.capabilityAdd.length > 0, "capabilities"],
    [spec.devices.length > 0, "devices"],
    [spec.hosts.length > 0, "hosts of its own"],
    [hasDns(spec.dnsConfig), "a DNS configuration of its own"],
    [(limits?.nanoCpus ?? 0) > 0, "a CPU limit"],
    [(limits?.pids ?? 0) > 0, "a limit of processes"],
  ];
  for (const [present, what] of asked) {
    if (present)
      throw new SwarmError(
        "failed-precondition",
        `this node cannot give a process ${what}: ${refusal}. Run its swarmd as root with ` +
          "util-linux, or place the service with the constraint " +
          "engine.labels.skep.process.isolation==namespaces",
      );
  }
}

/** Throws `denied` when a task asks for another user than the one swarmd runs as. */
export function refuseOtherUser(user: string): void {
  if (user === "") return;
  const { uid, gid } = resolveIdentity(user);
  if (uid === process.getuid?.() && gid === process.getgid?.()) return;
  throw new SwarmError("denied", `running as user ${user} needs a swarmd that runs as root`);
}

function stopSignalOf(name: string): NodeJS.Signals {
  if (name === "") return "SIGTERM";
  const upper = name.toUpperCase();
  const full = upper.startsWith("SIG") ? upper : `SIG${upper}`;
  for (const [known, number] of Object.entries(os.signals)) {
    if (known === full || String(number) === name) return known as NodeJS.Signals;
  }
  throw new SwarmError("invalid", `invalid stop signal ${name}`);
}

/** As swarm mode names them, but with names that a shell can hold: a kind may have a dash. */
function assignedEnv({ assignedGenericResources }: Task): Readonly<Record<string, string>> {
  const entries = resourceEnv(assignedGenericResources).map((entry) => {
    const at = entry.indexOf("=");
    return [entry.slice(0, at).replace(/\W/g, "_"), entry.slice(at + 1)];
  });
  return Object.fromEntries(entries);
}

function checkNames(env: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(env)) {
    // Processes are started by a shell, which drops any other.
    if (!/^[a-zA-Z_]\w*$/.test(name))
      throw new SwarmError("invalid", `a process cannot have the environment variable "${name}"`);
  }
}

/** Whether the task is on networks of the cluster; on none, or on `host`, it is on its node's. */
function hasOwnNetwork({ spec, networks }: Task): boolean {
  const asked = spec?.networks ?? [];
  const [bridge] = asked.filter(({ nodeNetwork }) => !["", "host"].includes(nodeNetwork));
  if (bridge)
    throw new SwarmError(
      "invalid",
      `a process cannot be on the network ${bridge.nodeNetwork}, which is a container engine's`,
    );
  return asked.some(({ nodeNetwork }) => nodeNetwork === "") || networks.length > 0;
}

/**
 * Checks and expands a process spec; `cdiDirs` is where the node's CDI devices are described. Throws `invalid`
 * and the like: the task is then rejected.
 */
export function planProcess(
  task: Task,
  scope: TemplateScope,
  cdiDirs: readonly string[],
): ProcessPlan {
  const spec = processSpec(task);
  if (!spec.command[0]) throw new SwarmError("invalid", "a process needs a command");
  const hostname = expand(spec.hostname, scope);
  const cwd = spec.dir || "/";
  if (!isAbsolute(cwd))
    throw new SwarmError("invalid", `working directory ${cwd} is not an absolute path`);
  const path = spec.rootFs === "" ? process.env["PATH"] : undefined;
  const devices = planDevices(spec.devices, task.assignedGenericResources, cdiDirs);
  const env = {
    PATH: path ?? DEFAULT_PATH,
    ...(hostname === "" ? {} : { HOSTNAME: hostname }),
    ...expandEnv(spec.env, scope),
    ...assignedEnv(task),
    ...expandEnv(devices.env, {}),
  };
  checkNames(env);
  const ownNetwork = hasOwnNetwork(task);
  return {
    command: spec.command,
    env,
    cwd,
    hostname,
    ulimits: ulimitOptions(spec.ulimits),
    sysctls: sysctlFiles(spec.sysctls, ownNetwork),
    devices: devices.nodes,
    deviceMounts: devices.mounts,
    ownNetwork,
  };
}

/** Who the process is to be; names are looked up in `accounts`. Throws `invalid` for unknown ones. */
export function identityOf(spec: ProcessSpec, accounts: AccountFiles): Identity {
  return spec.user === "" ? { uid: 0, gid: 0 } : resolveIdentity(spec.user, accounts);
}

/**
 * Who the process is, and what it may do. Names are looked up in `accounts`; capabilities in
 * `forbidden` it has only when it asks for them.
 */
export function privilegesOf(
  spec: ProcessSpec,
  accounts: AccountFiles,
  forbidden: readonly string[],
): Privileges {
  const [user = ""] = spec.user.split(":");
  const groups = [
    ...(user === "" ? [] : groupsOf(user, accounts)),
    ...spec.groups.map((group) => resolveGroup(group, accounts)),
  ];
  return {
    ...identityOf(spec, accounts),
    groups: [...new Set(groups)],
    bounding: boundingSet(spec.capabilityAdd, [...spec.capabilityDrop, ...forbidden]),
    noNewPrivileges: spec.noNewPrivileges,
  };
}

/** How to stop a process. Needs nothing of the host, so that stopping always works. */
export function planStop(spec: ProcessSpec): StopPlan {
  return {
    signal: stopSignalOf(spec.stopSignal),
    graceMs: (spec.stopGracePeriodNs?.value ?? STOP_GRACE_DEFAULT_MS * 1e6) / 1e6,
  };
}
