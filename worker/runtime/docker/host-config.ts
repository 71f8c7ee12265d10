import type { DeviceRequest, HostConfig } from "dockerode";
import { PortProtocol, PublishMode } from "../../../proto/generated.ts";
import type {
  ContainerSpec,
  Driver,
  PortConfig,
  Privileges,
  ResourceRequirements,
  Task,
} from "../../../proto/generated.ts";
import { taskDevices } from "../devices.ts";

const PROTOCOLS: Readonly<Record<PortProtocol, string>> = {
  [PortProtocol.TCP]: "tcp",
  [PortProtocol.UDP]: "udp",
  [PortProtocol.SCTP]: "sctp",
};

/** `80/tcp`, as the engine names a port. */
function portKey({ targetPort, protocol }: PortConfig): string {
  return `${targetPort}/${PROTOCOLS[protocol]}`;
}

function hostPorts(task: Task): readonly PortConfig[] {
  const ports = task.endpoint?.ports ?? [];
  return ports.filter(({ publishMode }) => publishMode === PublishMode.HOST);
}

/** The task's ports that are published on this host alone. */
export function exposedPorts(task: Task): Record<string, object> {
  return Object.fromEntries(hostPorts(task).map((port) => [portKey(port), {}]));
}

function portBindings(task: Task): Record<string, readonly { readonly HostPort: string }[]> {
  const bindings: Record<string, { HostPort: string }[]> = {};
  for (const port of hostPorts(task)) {
    const HostPort = port.publishedPort === 0 ? "" : String(port.publishedPort);
    (bindings[portKey(port)] ??= []).push({ HostPort });
  }
  return bindings;
}

/** What the engine really bound, from `NetworkSettings.Ports` of an inspected container. */
export function boundPorts(
  bindings: Readonly<Record<string, readonly { readonly HostPort?: string }[] | null>>,
): readonly PortConfig[] {
  const ports: PortConfig[] = [];
  for (const [key, hosts] of Object.entries(bindings)) {
    const [target, name] = key.split("/");
    const known = Object.entries(PROTOCOLS).find(([, protocol]) => protocol === name);
    const published = new Set((hosts ?? []).map(({ HostPort }) => Number(HostPort)));
    for (const publishedPort of published) {
      ports.push({
        name: "",
        protocol: Number(known?.[0] ?? PortProtocol.TCP) as PortProtocol,
        targetPort: Number(target),
        publishedPort,
        publishMode: PublishMode.HOST,
      });
    }
  }
  return ports;
}

function securityOptions(privileges: Privileges | null): string[] {
  if (!privileges) return [];
  const { credentialSpec, selinuxContext, seccomp, apparmor, noNewPrivileges } = privileges;
  const options: string[] = [];
  if (credentialSpec?.source === "file")
    options.push(`credentialspec=file://${credentialSpec.file}`);
  if (credentialSpec?.source === "registry")
    options.push(`credentialspec=registry://${credentialSpec.registry}`);
  if (credentialSpec?.source === "config")
    options.push(`credentialspec=config://${credentialSpec.config}`);
  if (selinuxContext?.disable) options.push("label=disable");
  for (const field of ["user", "role", "level", "type"] as const)
    if (selinuxContext?.[field]) options.push(`label=${field}:${selinuxContext[field]}`);
  if (seccomp?.mode === "unconfined") options.push("seccomp=unconfined");
  if (seccomp?.mode === "custom")
    options.push(`seccomp=${Buffer.from(seccomp.profile).toString("utf8")}`);
  if (apparmor?.mode === "disabled") options.push("apparmor=unconfined");
  if (noNewPrivileges) options.push("no-new-privileges=true");
  return options;
}

/** Limits only: reservations are the scheduler's business. Swap is memory plus swap, -1 unlimited. */
function resources(requirements: ResourceRequirements | null): HostConfig {
  const limits = requirements?.limits;
  const swap = requirements?.swapBytes?.value;
  const memory = limits?.memoryBytes ?? 0;
  return {
    NanoCpus: limits?.nanoCpus ?? 0,
    Memory: memory,
    ...(swap !== undefined && { MemorySwap: swap < 0 ? -1 : memory + swap }),
    ...(requirements?.memorySwappiness && {
      MemorySwappiness: requirements.memorySwappiness.value,
    }),
    ...(limits?.pids && { PidsLimit: limits.pids }),
  };
}

/** `IP name…` lines as the engine's `name:IP`, one for each name. */
function extraHosts(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [address = "", ...names] = line.trim().split(/\s+/);
    return names.map((name) => `${name}:${address}`);
  });
}

/** The node's own network that the task is on; without one the engine chooses. */
function networkMode({ spec }: Task): HostConfig {
  const [name] = (spec?.networks ?? []).flatMap(({ nodeNetwork }) => nodeNetwork || []);
  return name === undefined ? {} : { NetworkMode: name };
}

function logConfig(driver: Driver | null): HostConfig {
  if (!driver || driver.name === "") return {};
  return { LogConfig: { Type: driver.name, Config: driver.options } };
}

/** Devices asked for, and those that came as named generic resources. */
function deviceConfig(task: Task, spec: ContainerSpec): HostConfig {
  const { nodes, cdi, gpus } = taskDevices(spec.devices, task.assignedGenericResources);
  const requests: DeviceRequest[] = [];
  if (cdi.length > 0) requests.push({ Driver: "cdi", DeviceIDs: [...cdi] });
  // As `docker run --gpus device=…` asks.
  if (gpus.length > 0)
    requests.push({ Driver: "nvidia", DeviceIDs: [...gpus], Capabilities: [["gpu"]] });
  return {
    ...(nodes.length > 0 && {
      Devices: nodes.map(({ host, target, permissions }) => ({
        PathOnHost: host,
        PathInContainer: target,
        CgroupPermissions: permissions,
      })),
    }),
    ...(requests.length > 0 && { DeviceRequests: requests }),
  };
}

/** The engine's host configuration for a task, without its mounts. */
export function toHostConfig(task: Task, spec: ContainerSpec): HostConfig {
  return {
    ...resources(task.spec?.resources ?? null),
    ...logConfig(task.logDriver ?? task.spec?.logDriver ?? null),
    ...(spec.init && { Init: spec.init.value }),
    Isolation: spec.isolation || "default",
    ...networkMode(task),
    PortBindings: portBindings(task),
    ReadonlyRootfs: spec.readOnly,
    GroupAdd: [...spec.groups],
    ExtraHosts: extraHosts(spec.hosts),
    Dns: [...(spec.dnsConfig?.nameservers ?? [])],
    DnsSearch: [...(spec.dnsConfig?.search ?? [])],
    DnsOptions: [...(spec.dnsConfig?.options ?? [])],
    Sysctls: { ...spec.sysctls },
    ...(spec.privileged && { Privileged: true }),
    CapAdd: [...spec.capabilityAdd],
    CapDrop: [...spec.capabilityDrop],
    Ulimits: spec.ulimits.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    OomScoreAdj: spec.oomScoreAdj,
    SecurityOpt: securityOptions(spec.privileges),
    ...deviceConfig(task, spec),
  };
}
