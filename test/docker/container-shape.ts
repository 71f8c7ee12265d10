import type { ContainerInspectInfo } from "dockerode";

/** Parts of an inspected container by their names. */
export type Shape = Readonly<Record<string, unknown>>;

/** What differs from container to container, or says when and where it runs. */
const OWN_LABELS = ["task.id", "task.name", "node.id", "service.id"];
/** Parts of a network's endpoint that are drawn anew for each container. */
const DRAWN = ["EndpointID", "IPAddress", "MacAddress"];
/** Where an engine keeps the volumes that have no name of their own. */
const ANONYMOUS = /^[0-9a-f]{64}$/;

/** The parts of a container that its service decides, in one notation. */
export function shapeOf({
  Config,
  HostConfig,
  Mounts,
  NetworkSettings,
}: ContainerInspectInfo): Shape {
  const labels = Object.fromEntries(
    Object.entries(Config.Labels).filter(
      ([key]) => !OWN_LABELS.some((own) => key === `com.docker.swarm.${own}`),
    ),
  );
  const config: Record<string, unknown> = {
    ...Config,
    Labels: labels,
    Env: inOneOrder(Config.Env),
  };
  // Ours tells the engine the grace period too, so that it holds when the engine itself stops.
  delete config["StopTimeout"];
  // Without a name of its own a container is called after its id.
  if (/^[0-9a-f]{12}$/.test(Config.Hostname)) config["Hostname"] = "";
  const mounts = Mounts.map((mount) => ({
    type: (mount as { Type?: string }).Type,
    name: ANONYMOUS.test(mount.Name ?? "") ? "" : mount.Name,
    driver: mount.Driver,
    target: mount.Destination,
    writable: mount.RW,
    propagation: mount.Propagation,
  })).sort((a, b) => a.target.localeCompare(b.target));
  const networks = Object.entries(NetworkSettings.Networks).map(([name, endpoint]) => [
    name,
    Object.fromEntries(Object.entries(endpoint).filter(([key]) => !DRAWN.includes(key))),
  ]);
  return {
    Config: withoutEmpty(config),
    HostConfig: withoutEmpty(HostConfig),
    mounts: withoutEmpty(mounts),
    networks: withoutEmpty(Object.fromEntries(networks)),
    ports: withoutEmpty(NetworkSettings.Ports),
  };
}

/** Docker tells generic resources in the order of a Go map: in any. */
function inOneOrder(env: readonly string[] | null): readonly string[] {
  const isResource = (entry: string): boolean => entry.startsWith("DOCKER_RESOURCE_");
  const entries = env ?? [];
  return [
    ...entries.filter((entry) => !isResource(entry)),
    ...entries.filter(isResource).toSorted(),
  ];
}

function isEmpty(part: unknown): boolean {
  const isNothing = part === null || part === undefined || part === "";
  if (isNothing || part === false || part === 0) return true;
  return typeof part === "object" && Object.keys(part).length === 0;
}

/** Empty values say the same as none. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (value === null || typeof value !== "object") return value;
  const parts = Object.entries(value)
    .map(([key, part]) => [key, withoutEmpty(part)] as const)
    .filter(([, part]) => !isEmpty(part));
  return Object.fromEntries(parts);
}
