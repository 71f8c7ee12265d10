import assert from "node:assert/strict";
import { cancelled } from "../../lib/abort.ts";
import { SwarmError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import { SeededRandom } from "../../lib/random.ts";
import { Fanout } from "../../lib/watch.ts";
import { make } from "../../proto/codec.ts";
import {
  ChangeKind,
  NodeMembership,
  NodeRole,
  NodeState,
  Reachability,
  TaskState,
  UpdateServiceRequestRollback,
  UpdateStatusState,
  type Annotations,
  type Cluster,
  type Config,
  type ControlApi,
  type ListFilter,
  type Meta,
  type Network,
  type Node,
  type Page,
  type Secret,
  type Service,
  type StoreObject,
  type Task,
  type Volume,
  type Version,
  type WatchMessage,
} from "../../proto/generated.ts";

interface Stored {
  readonly id: string;
  readonly meta: Meta | null;
}

/** A fixed wall clock: 2026-01-02T03:04:05.670Z. */
export const FAKE_NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 670);

const has = <T>(wanted: readonly T[], test: (value: T) => boolean): boolean =>
  wanted.length === 0 || wanted.some(test);

/** One kind of object in memory: look-ups, versions and the filters that all kinds share. */
class FakeTable<T extends Stored> {
  readonly rows = new Map<string, T>();
  readonly #kind: string;
  readonly #annotations: (object: T) => Annotations | null;

  constructor(kind: string, annotations: (object: T) => Annotations | null) {
    this.#kind = kind;
    this.#annotations = annotations;
  }

  name(object: T): string {
    return this.#annotations(object)?.name ?? "";
  }

  find(ref: string): T {
    const all = [...this.rows.values()];
    const named = all.filter((object) => this.name(object) === ref);
    const prefixed = all.filter(({ id }) => id.startsWith(ref));
    const exact = this.rows.get(ref);
    const found = exact ? [exact] : named.length > 0 ? named : prefixed;
    if (found.length > 1)
      throw new SwarmError(
        "invalid",
        `${this.#kind} ${ref} is ambiguous (${found.length} matches found)`,
      );
    if (!found[0]) throw new SwarmError("not-found", `${this.#kind} ${ref} not found`);
    return found[0];
  }

  list(filter: ListFilter | null, page: Page | null, more: (object: T) => boolean = () => true) {
    const f = filter ?? make("ListFilter");
    const labelled = (object: T): boolean => {
      const labels = this.#annotations(object)?.labels ?? {};
      return f.labels.every((label) => {
        const [key = "", value] = label.split("=", 2);
        return key in labels && (value === undefined || labels[key] === value);
      });
    };
    const all = [...this.rows.values()]
      .filter((object) => has(f.ids, (id) => object.id === id))
      .filter((object) => has(f.idPrefixes, (prefix) => object.id.startsWith(prefix)))
      .filter((object) => has(f.names, (name) => this.name(object) === name))
      .filter((object) => has(f.namePrefixes, (prefix) => this.name(object).startsWith(prefix)))
      .filter((object) => labelled(object) && more(object))
      .filter(({ id }) => id > (page?.after ?? ""))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const limit = page?.limit || all.length;
    const items = all.slice(0, limit);
    return { items, next: all.length > limit ? (items.at(-1)?.id ?? "") : "" };
  }

  requireFree(name: string): void {
    if (name === "") throw new SwarmError("invalid", "name must be provided");
    if ([...this.rows.values()].some((object) => this.name(object) === name))
      throw new SwarmError(
        "exists",
        `name conflicts with an existing object: ${this.#kind} ${name} already exists`,
      );
  }
}

/**
 * The control API in memory, for tests of what stands on it: look-ups, filters, versions, name
 * clashes and watches are real; nothing is scheduled and specs are hardly validated.
 */
export class FakeControl implements Partial<ControlApi> {
  readonly #random = new SeededRandom("fake control");
  readonly #events = new Fanout<WatchMessage>();
  #index = 10;
  readonly nodes = new FakeTable<Node>("node", (node) =>
    make("Annotations", {
      name: node.description?.hostname ?? "",
      labels: node.description?.engine?.labels ?? {},
    }),
  );
  readonly services = new FakeTable<Service>("service", ({ spec }) => spec?.annotations ?? null);
  readonly tasks = new FakeTable<Task>("task", (task) =>
    make("Annotations", {
      name: `${task.serviceAnnotations?.name}.${task.slot || task.nodeId}.${task.id}`,
      labels: task.serviceAnnotations?.labels ?? {},
    }),
  );
  readonly networks = new FakeTable<Network>("network", ({ spec }) => spec?.annotations ?? null);
  readonly volumes = new FakeTable<Volume>("volume", ({ spec }) => spec?.annotations ?? null);
  readonly secrets = new FakeTable<Secret>("secret", ({ spec }) => spec?.annotations ?? null);
  readonly configs = new FakeTable<Config>("config", ({ spec }) => spec?.annotations ?? null);
  cluster: Cluster = make("Cluster", { id: "c".repeat(25), meta: this.#meta() });
  unlockKey: Uint8Array = new Uint8Array();

  #meta(created = FAKE_NOW_MS): Meta {
    return { version: { index: ++this.#index }, createdAtMs: created, updatedAtMs: FAKE_NOW_MS };
  }

  /** How many watches are open. */
  get watchers(): number {
    return this.#events.size;
  }

  #publish(kind: ChangeKind, object: StoreObject, oldObject: StoreObject | null): void {
    this.#events.publish({
      events: [{ kind, object, oldObject }],
      version: { index: this.#index },
    });
  }

  #save<T extends Stored>(table: FakeTable<T>, object: T, wrap: (object: T) => StoreObject): T {
    const old = table.rows.get(object.id);
    const saved = { ...object, meta: this.#meta(old?.meta?.createdAtMs) };
    table.rows.set(object.id, saved);
    this.#publish(old ? ChangeKind.UPDATE : ChangeKind.CREATE, wrap(saved), old ? wrap(old) : null);
    return saved;
  }

  #check(object: Stored, version: Version | null): void {
    if (object.meta?.version?.index !== version?.index)
      throw new SwarmError("out-of-sequence", "update out of sequence");
  }

  #remove<T extends Stored>(
    table: FakeTable<T>,
    ref: string,
    wrap: (object: T) => StoreObject,
  ): void {
    const object = table.find(ref);
    table.rows.delete(object.id);
    this.#publish(ChangeKind.REMOVE, wrap(object), null);
  }

  /** Puts a node as if it had joined. */
  putNode(fields: Partial<Node> & { readonly hostname: string }): Node {
    const { hostname, ...rest } = fields;
    const manager = rest.spec?.desiredRole === NodeRole.MANAGER;
    const node = make("Node", {
      id: newId(this.#random),
      spec: make("NodeSpec", {
        membership: NodeMembership.ACCEPTED,
        annotations: make("Annotations"),
      }),
      description: make("NodeDescription", {
        hostname,
        platform: { architecture: "x86_64", os: "linux" },
        resources: make("Resources", { nanoCpus: 2e9, memoryBytes: 4 * 2 ** 30 }),
        engine: make("EngineDescription", { engineVersion: "0.1.0" }),
      }),
      status: make("NodeStatus", { state: NodeState.READY, addr: "10.0.0.7" }),
      managerStatus: manager
        ? {
            raftId: 1,
            addr: "10.0.0.7:2377",
            leader: true,
            reachability: Reachability.REACHABLE,
          }
        : null,
      ...rest,
    });
    return this.#save(this.nodes, node, (saved) => ({ object: "node", node: saved }));
  }

  /** Puts a task as if the orchestrator had made it. */
  putTask(service: Service, fields: Partial<Task> = {}): Task {
    const task = make("Task", {
      id: newId(this.#random),
      serviceId: service.id,
      serviceAnnotations: service.spec?.annotations ?? null,
      spec: service.spec?.task ?? null,
      slot: 1,
      desiredState: TaskState.RUNNING,
      status: make("TaskStatus", {
        timestampMs: FAKE_NOW_MS,
        state: TaskState.RUNNING,
        message: "started",
      }),
      ...(fields as object),
    });
    return this.#save(this.tasks, task, (saved) => ({ object: "task", task: saved }));
  }

  /** Puts a network as the allocator leaves it. */
  putNetwork(network: Network): Network {
    return this.#save(this.networks, network, (saved) => ({ object: "network", network: saved }));
  }

  /** Ends every watch with `error`. */
  failWatches(error: unknown): void {
    this.#events.end(error);
  }

  getNode: ControlApi["getNode"] = async ({ ref }) => ({ node: this.nodes.find(ref) });

  listNodes: ControlApi["listNodes"] = async ({ filter, page }) => {
    const { items, next } = this.nodes.list(
      filter,
      page,
      ({ spec }) =>
        has(filter?.roles ?? [], (role) => spec?.desiredRole === role) &&
        has(filter?.memberships ?? [], (membership) => spec?.membership === membership) &&
        (filter?.nodeLabels ?? []).every((label) => {
          const [key = "", value] = label.split("=", 2);
          const labels = spec?.annotations?.labels ?? {};
          return key in labels && (value === undefined || labels[key] === value);
        }),
    );
    return { nodes: items, next };
  };

  updateNode: ControlApi["updateNode"] = async ({ id, version, spec }) => {
    const node = this.nodes.find(id);
    this.#check(node, version);
    const saved = this.#save(this.nodes, { ...node, spec }, (n) => ({ object: "node", node: n }));
    return { node: saved };
  };

  removeNode: ControlApi["removeNode"] = async ({ ref, force }) => {
    const node = this.nodes.find(ref);
    if (node.managerStatus)
      throw new SwarmError(
        "failed-precondition",
        `node ${node.id} is a cluster manager and is a member of the raft cluster. ` +
          "It must be demoted to worker before removal",
      );
    if (!force && node.status?.state === NodeState.READY)
      throw new SwarmError(
        "failed-precondition",
        `node ${node.id} is not down and can't be removed`,
      );
    this.#remove(this.nodes, ref, (n) => ({ object: "node", node: n }));
    return {};
  };

  getService: ControlApi["getService"] = async ({ ref }) => ({ service: this.services.find(ref) });

  listServices: ControlApi["listServices"] = async ({ filter, page }) => {
    const { items, next } = this.services.list(
      filter,
      page,
      ({ spec }) =>
        has(filter?.runtimes ?? [], (runtime) => spec?.task?.runtime === runtime) &&
        has(filter?.modes ?? [], (mode) => spec?.mode === mode),
    );
    return { services: items, next };
  };

  createService: ControlApi["createService"] = async ({ spec }) => {
    assert(spec);
    if (spec.task?.runtime === "container" && spec.task.container.image === "")
      throw new SwarmError("invalid", "ContainerSpec: image reference must be provided");
    this.services.requireFree(spec.annotations?.name ?? "");
    const service = make("Service", { id: newId(this.#random), spec });
    return { service: this.#saveService(service), warnings: [] };
  };

  #saveService(service: Service): Service {
    return this.#save(this.services, service, (s) => ({ object: "service", service: s }));
  }

  updateService: ControlApi["updateService"] = async (request) => {
    const service = this.services.find(request.id);
    this.#check(service, request.version);
    const back = request.rollback === UpdateServiceRequestRollback.PREVIOUS;
    if (back && !service.previousSpec)
      throw new SwarmError(
        "failed-precondition",
        `service ${service.id} does not have a previous spec`,
      );
    if (!back && request.spec?.annotations?.name !== service.spec?.annotations?.name)
      throw new SwarmError("unimplemented", "renaming services is not supported");
    const status = {
      state: UpdateStatusState.ROLLBACK_STARTED,
      startedAtMs: FAKE_NOW_MS,
      message: "manually requested rollback",
    };
    const saved = this.#saveService({
      ...service,
      spec: back ? service.previousSpec : request.spec,
      previousSpec: service.spec,
      updateStatus: back ? make("UpdateStatus", status) : null,
    });
    return { service: saved, warnings: [] };
  };

  removeService: ControlApi["removeService"] = async ({ ref }) => {
    this.#remove(this.services, ref, (service) => ({ object: "service", service }));
    return {};
  };

  listServiceStatuses: ControlApi["listServiceStatuses"] = async ({ serviceIds }) => ({
    statuses: serviceIds.map((serviceId) => {
      const spec = this.services.find(serviceId).spec;
      const tasks = [...this.tasks.rows.values()].filter((task) => task.serviceId === serviceId);
      return make("ServiceTaskCounts", {
        serviceId,
        desired: spec?.mode === "replicated" ? spec.replicated.replicas : 0,
        running: tasks.filter((task) => task.status?.state === TaskState.RUNNING).length,
      });
    }),
  });

  getTask: ControlApi["getTask"] = async ({ ref }) => ({ task: this.tasks.find(ref) });

  listTasks: ControlApi["listTasks"] = async ({ filter, page }) => {
    const { items, next } = this.tasks.list(
      filter,
      page,
      (task) =>
        has(filter?.serviceIds ?? [], (id) => task.serviceId === id) &&
        has(filter?.nodeIds ?? [], (id) => task.nodeId === id) &&
        has(filter?.desiredStates ?? [], (state) => task.desiredState === state) &&
        has(filter?.runtimes ?? [], (runtime) => task.spec?.runtime === runtime),
    );
    return { tasks: items, next };
  };

  removeTask: ControlApi["removeTask"] = async ({ ref }) => {
    this.#remove(this.tasks, ref, (task) => ({ object: "task", task }));
    return {};
  };

  getNetwork: ControlApi["getNetwork"] = async ({ ref }) => ({ network: this.networks.find(ref) });

  listNetworks: ControlApi["listNetworks"] = async ({ filter, page }) => {
    const { items, next } = this.networks.list(filter, page);
    return { networks: items, next };
  };

  createNetwork: ControlApi["createNetwork"] = async ({ spec }) => {
    const name = spec?.annotations?.name ?? "";
    if ([...this.networks.rows.values()].some((network) => this.networks.name(network) === name))
      throw new SwarmError("exists", `network with name ${name} already exists`);
    const network = make("Network", { id: newId(this.#random), spec });
    return { network: this.putNetwork(network) };
  };

  removeNetwork: ControlApi["removeNetwork"] = async ({ ref }) => {
    this.#remove(this.networks, ref, (network) => ({ object: "network", network }));
    return {};
  };

  getVolume: ControlApi["getVolume"] = async ({ ref }) => ({ volume: this.volumes.find(ref) });

  listVolumes: ControlApi["listVolumes"] = async ({ filter, page }) => {
    const { items, next } = this.volumes.list(filter, page);
    return { volumes: items, next };
  };

  getSecret: ControlApi["getSecret"] = async ({ ref }) => ({ secret: this.secrets.find(ref) });

  listSecrets: ControlApi["listSecrets"] = async ({ filter, page }) => {
    const { items, next } = this.secrets.list(filter, page);
    return { secrets: items, next };
  };

  createSecret: ControlApi["createSecret"] = async ({ spec }) => {
    const name = spec?.annotations?.name ?? "";
    this.secrets.requireFree(name);
    const secret = make("Secret", { id: newId(this.#random), spec });
    return { secret: this.#save(this.secrets, secret, (s) => ({ object: "secret", secret: s })) };
  };

  updateSecret: ControlApi["updateSecret"] = async ({ id, version, spec }) => {
    const secret = this.secrets.find(id);
    this.#check(secret, version);
    const next = { ...secret, spec };
    return { secret: this.#save(this.secrets, next, (s) => ({ object: "secret", secret: s })) };
  };

  removeSecret: ControlApi["removeSecret"] = async ({ ref }) => {
    this.#remove(this.secrets, ref, (secret) => ({ object: "secret", secret }));
    return {};
  };

  getConfig: ControlApi["getConfig"] = async ({ ref }) => ({ config: this.configs.find(ref) });

  listConfigs: ControlApi["listConfigs"] = async ({ filter, page }) => {
    const { items, next } = this.configs.list(filter, page);
    return { configs: items, next };
  };

  createConfig: ControlApi["createConfig"] = async ({ spec }) => {
    this.configs.requireFree(spec?.annotations?.name ?? "");
    const config = make("Config", { id: newId(this.#random), spec });
    return { config: this.#save(this.configs, config, (c) => ({ object: "config", config: c })) };
  };

  updateConfig: ControlApi["updateConfig"] = async ({ id, version, spec }) => {
    const config = this.configs.find(id);
    this.#check(config, version);
    const next = { ...config, spec };
    return { config: this.#save(this.configs, next, (c) => ({ object: "config", config: c })) };
  };

  removeConfig: ControlApi["removeConfig"] = async ({ ref }) => {
    this.#remove(this.configs, ref, (config) => ({ object: "config", config }));
    return {};
  };

  getCluster: ControlApi["getCluster"] = async () => ({ cluster: this.cluster });

  updateCluster: ControlApi["updateCluster"] = async ({ version, spec, rotation }) => {
    this.#check(this.cluster, version);
    const rootCa = this.cluster.rootCa;
    const tokens = rootCa?.joinTokens;
    const joinTokens = {
      worker: rotation?.workerJoinToken ? `SWMTKN-1-${this.#index}-w` : (tokens?.worker ?? ""),
      manager: rotation?.managerJoinToken ? `SWMTKN-1-${this.#index}-m` : (tokens?.manager ?? ""),
    };
    const changed = rootCa ? { ...rootCa, joinTokens } : null;
    this.cluster = { ...this.cluster, spec, rootCa: changed, meta: this.#meta() };
    return { cluster: this.cluster };
  };

  readUnlockKey: ControlApi["readUnlockKey"] = async () => ({ unlockKey: this.unlockKey });

  async *watch(
    request: Parameters<ControlApi["watch"]>[0],
    call: Parameters<ControlApi["watch"]>[1],
  ): AsyncGenerator<WatchMessage> {
    const tables = new Set(request.entries.map(({ table }) => table));
    const events = this.#events.subscribe(call.signal);
    yield make("WatchMessage", { version: { index: this.#index } });
    for await (const message of events) {
      const wanted = message.events.filter(({ object }) => tables.has(object?.object ?? ""));
      if (wanted.length > 0) yield { ...message, events: wanted };
    }
    throw cancelled("the watch ended");
  }

  /** The whole API; what this fake does not have fails the test that calls it. */
  api(): ControlApi {
    return this as unknown as ControlApi;
  }
}
