import {
  PublishMode,
  TaskState,
  type Cluster,
  type Config,
  type ContainerSpec,
  type Extension,
  type Network,
  type Node,
  type ProcessSpec,
  type Resource,
  type Secret,
  type Service,
  type Task,
  type TaskSpec,
  type Volume,
} from "../../proto/generated.ts";

/** Every kind of object by its table's name. */
export interface Objects {
  node: Node;
  service: Service;
  task: Task;
  network: Network;
  cluster: Cluster;
  secret: Secret;
  config: Config;
  volume: Volume;
  extension: Extension;
  resource: Resource;
}

export type Kind = keyof Objects;

/** A secondary index. */
export interface IndexRule<T> {
  /** The keys under which an object is found. */
  readonly keysOf: (object: T) => readonly string[];
  /** Whether two states of one object surely have the same keys: most changes touch none. */
  readonly isSame: (before: T, after: T) => boolean;
}

/** What the state machine knows of one kind: how to find its objects and what must stay unique. */
export interface Schema<T> {
  /** The object's name; compared without case. */
  readonly nameOf: (object: T) => string;
  /** Whether two objects of the kind may carry one name. */
  readonly uniqueName: boolean;
  /** Secondary indexes, by their names. */
  readonly indexes: Readonly<Record<string, IndexRule<T>>>;
  /** Things only one object of the whole store may hold (design §3.1). */
  readonly leases?: (object: T) => readonly string[];
  /** Things that several may hold, but not beside one that holds it by a lease of its own. */
  readonly sharedLeases?: (object: T) => readonly string[];
  /** `kind/id` of objects that must exist while this one refers to them. */
  readonly references?: (object: T) => readonly string[];
}

const NONE: readonly string[] = [];
const nameOf = (object: {
  readonly spec: { readonly annotations: { readonly name: string } | null } | null;
}) => object.spec?.annotations?.name ?? "";
const isSameSpec = (a: { readonly spec: unknown }, b: { readonly spec: unknown }): boolean =>
  a.spec === b.spec;
const named = { nameOf, uniqueName: true, indexes: {} } as const;

function payload(spec: TaskSpec | null): ContainerSpec | ProcessSpec | null {
  if (spec?.runtime === "container") return spec.container;
  return spec?.runtime === "process" ? spec.process : null;
}

/** As `items.map(idOf)`; for none, which is most often, without making an array. */
function ids<T>(items: readonly T[] | undefined, idOf: (item: T) => string): readonly string[] {
  return items && items.length > 0 ? items.map(idOf) : NONE;
}

/** Ids of the secrets a task spec uses. */
export function secretIds(spec: TaskSpec | null): readonly string[] {
  return ids(payload(spec)?.secrets, (reference) => reference.secretId);
}

/** Ids of the configs a task spec uses. */
export function configIds(spec: TaskSpec | null): readonly string[] {
  return ids(payload(spec)?.configs, (reference) => reference.configId);
}

/** Ids of the networks a task spec attaches to. */
export function networkIds(spec: TaskSpec | null): readonly string[] {
  return ids(spec?.networks, (network) => network.target);
}

/** The runtime's name as filters know it: `container`, `process`, `attachment` or a generic kind. */
export function runtimeName(spec: TaskSpec | null): string {
  return spec?.runtime === "generic"
    ? spec.generic.kind.toLowerCase()
    : (spec?.runtime ?? "container");
}

/** Key of a task's place: one service's slot, or one service on one node for global services. */
export function slotKey(task: Pick<Task, "serviceId" | "slot" | "nodeId">): string {
  return task.slot === 0 ? `${task.serviceId}/@${task.nodeId}` : `${task.serviceId}/${task.slot}`;
}

const address = (networkId: string, cidr: string): string =>
  `address/${networkId}/${cidr.slice(0, cidr.indexOf("/"))}`;

/**
 * Ports asked for count before they are allocated: of two services that are created with the same
 * port at the same moment, only one may come to be.
 */
function portsOf(service: Service, mode: PublishMode): readonly string[] {
  const wanted = service.spec?.endpoint?.ports ?? [];
  const given = service.endpoint?.ports ?? [];
  if (wanted.length + given.length === 0) return NONE;
  return [...wanted, ...given]
    .filter((port) => port.publishMode === mode && port.publishedPort !== 0)
    .map((port) => `port/${port.protocol}/${port.publishedPort}`);
}

/** Ports of hosts: several services may have one, each on its own nodes. */
function hostPorts(service: Service): readonly string[] {
  return portsOf(service, PublishMode.HOST);
}

function serviceLeases(service: Service): readonly string[] {
  const ports = portsOf(service, PublishMode.INGRESS);
  const vips = (service.endpoint?.virtualIps ?? [])
    .filter((vip) => vip.addr !== "")
    .map((vip) => address(vip.networkId, vip.addr));
  return [...ports, ...vips];
}

function attachmentLeases(attachments: Task["networks"]): readonly string[] {
  if (attachments.length === 0) return NONE;
  return attachments.flatMap((a) => a.addresses.map((cidr) => address(a.networkId, cidr)));
}

const VNI_OPTION = "com.docker.network.driver.overlay.vxlanid_list";

function networkLeases(network: Network): readonly string[] {
  const list = network.driverState?.options[VNI_OPTION] ?? "";
  return list === "" ? NONE : list.split(",").map((vni) => `vni/${vni}`);
}

const isSameService = (a: Task, b: Task): boolean => a.serviceId === b.serviceId;

/** The schema of every kind. Object order is the order of tables in snapshots. */
export const SCHEMAS = {
  cluster: named,
  node: {
    // Host names are not unique, and the spec's name is free text.
    nameOf: (node: Node) => node.description?.hostname ?? "",
    uniqueName: false,
    indexes: {},
    leases: (node: Node) => attachmentLeases(node.attachments),
  },
  network: { ...named, leases: networkLeases },
  secret: named,
  config: named,
  volume: {
    ...named,
    indexes: {
      group: { keysOf: (volume: Volume) => [volume.spec?.group ?? ""], isSame: isSameSpec },
      driver: {
        keysOf: (volume: Volume) => [volume.spec?.driver?.name ?? ""],
        isSame: isSameSpec,
      },
      node: {
        keysOf: (volume: Volume) => ids(volume.publishStatus, ({ nodeId }) => nodeId),
        isSame: (a: Volume, b: Volume) => a.publishStatus === b.publishStatus,
      },
    },
    references: (volume: Volume) =>
      volume.spec?.secrets.map(({ secret }) => `secret/${secret}`) ?? NONE,
  },
  extension: {
    nameOf: (extension: Extension) => extension.annotations?.name ?? "",
    uniqueName: true,
    indexes: {},
  },
  resource: {
    nameOf: (resource: Resource) => resource.annotations?.name ?? "",
    uniqueName: true,
    indexes: {
      kind: {
        keysOf: (resource: Resource) => [resource.kind],
        isSame: (a: Resource, b: Resource) => a.kind === b.kind,
      },
    },
  },
  service: {
    ...named,
    indexes: {
      secret: {
        keysOf: (service: Service) => secretIds(service.spec?.task ?? null),
        isSame: isSameSpec,
      },
      config: {
        keysOf: (service: Service) => configIds(service.spec?.task ?? null),
        isSame: isSameSpec,
      },
      network: {
        keysOf: (service: Service) => networkIds(service.spec?.task ?? null),
        isSame: isSameSpec,
      },
    },
    leases: serviceLeases,
    sharedLeases: hostPorts,
    references: (service: Service) => {
      const task = service.spec?.task ?? null;
      return [
        ...secretIds(task).map((id) => `secret/${id}`),
        ...configIds(task).map((id) => `config/${id}`),
        ...networkIds(task).map((id) => `network/${id}`),
      ];
    },
  },
  task: {
    nameOf: (task: Task) => task.annotations?.name ?? "",
    uniqueName: false,
    indexes: {
      service: {
        keysOf: (task: Task) => (task.serviceId ? [task.serviceId] : NONE),
        isSame: isSameService,
      },
      node: {
        keysOf: (task: Task) => (task.nodeId ? [task.nodeId] : NONE),
        isSame: (a: Task, b: Task) => a.nodeId === b.nodeId,
      },
      slot: {
        keysOf: (task: Task) => (task.serviceId ? [slotKey(task)] : NONE),
        isSame: (a: Task, b: Task) =>
          a.slot === b.slot && isSameService(a, b) && (a.slot !== 0 || a.nodeId === b.nodeId),
      },
      secret: { keysOf: (task: Task) => secretIds(task.spec), isSame: isSameSpec },
      config: { keysOf: (task: Task) => configIds(task.spec), isSame: isSameSpec },
      network: {
        keysOf: (task: Task) => ids(task.networks, (attachment) => attachment.networkId),
        isSame: (a: Task, b: Task) => a.networks === b.networks,
      },
    },
    // A task that has ended gives its addresses back.
    leases: (task: Task) =>
      task.networks.length === 0 || (task.status?.state ?? 0) > TaskState.RUNNING
        ? NONE
        : attachmentLeases(task.networks),
  },
} as const satisfies { readonly [K in Kind]: Schema<Objects[K]> };

/** Names of the secondary indexes of a kind. */
export type IndexName<K extends Kind> = keyof (typeof SCHEMAS)[K]["indexes"] & string;

/** All kinds, in the order of {@link SCHEMAS}. */
export const KINDS = Object.keys(SCHEMAS) as readonly Kind[];

/** The message of each kind has the kind's name. */
export function messageOf(kind: Kind): Capitalize<Kind> {
  return (kind.charAt(0).toUpperCase() + kind.slice(1)) as Capitalize<Kind>;
}

/** What `of` says of each kind. */
export function eachKind<T>(of: (kind: Kind) => T): Readonly<Record<Kind, T>> {
  return Object.fromEntries(KINDS.map((kind) => [kind, of(kind)])) as Record<Kind, T>;
}
