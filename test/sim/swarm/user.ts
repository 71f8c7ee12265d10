import type { SeededRandom } from "../../../lib/random.ts";
import { make } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  ReadConsistency,
  UpdateServiceRequestRollback,
  type ControlApi,
  type ServiceSpec,
} from "../../../proto/generated.ts";
import type { Call } from "../../../proto/call.ts";
import { Person } from "./person.ts";
import { pause, type Deed, type RequestModules } from "./request.ts";
import { changedService, drawService, scaledService, type Known } from "./specs.ts";

/** Names that services are made with; few, so that they clash and come back. */
const SERVICES_MAX = 7;
const FILES_MAX = 4;

export interface UserModules extends RequestModules {
  readonly thinkMs: number;
  /** Names of schedulers that services may be left to. */
  readonly schedulers: readonly string[];
}

/** A person at the API: asks for all kinds of changes, one after the other, of any manager. */
export class User extends Person<UserModules> {
  constructor(random: SeededRandom, modules: UserModules) {
    super(modules.thinkMs * 1000, random, modules);
  }

  /** Sets right what a person left in a state that no controller may leave by itself. */
  async tidy(): Promise<void> {
    for (let tries = 0; tries < TIDY_ATTEMPTS_MAX; tries++) {
      if (await this.attempt((api, call) => this.#activate(api, call))) return;
      await pause(this.modules, 1_000_000);
    }
  }

  protected draw(): Deed {
    const { random } = this;
    const at = random.int(100);
    if (at < 22) return (api, call) => this.#createService(api, call);
    if (at < 42) return (api, call) => this.#changeService(api, call, "change");
    if (at < 56) return (api, call) => this.#changeService(api, call, "scale");
    if (at < 62) return (api, call) => this.#changeService(api, call, "rollback");
    if (at < 70) return (api, call) => this.#removeService(api, call);
    if (at < 80) return (api, call) => this.#changeNode(api, call);
    if (at < 84)
      return (api, call) => api.createSecret({ spec: fileSpec("SecretSpec", random) }, call);
    if (at < 88)
      return (api, call) => api.createConfig({ spec: fileSpec("ConfigSpec", random) }, call);
    if (at < 90) return (api, call) => api.removeSecret({ ref: `f${random.int(FILES_MAX)}` }, call);
    if (at < 92) return (api, call) => api.removeConfig({ ref: `f${random.int(FILES_MAX)}` }, call);
    if (at < 95) return (api, call) => api.createNetwork({ spec: networkSpec(random) }, call);
    if (at < 97) return (api, call) => api.removeNetwork({ ref: `net${random.int(2)}` }, call);
    return (api, call) => this.#changeCluster(api, call);
  }

  async #known(api: ControlApi, call: Call): Promise<Known> {
    const consistency = ReadConsistency.LOCAL;
    const all = { filter: null, page: null, consistency };
    const { secrets } = await api.listSecrets(all, call);
    const { configs } = await api.listConfigs(all, call);
    const { networks } = await api.listNetworks(all, call);
    const { services } = await api.listServices(all, call);
    const named = (object: {
      id: string;
      spec: { annotations: { name: string } | null } | null;
    }) => ({
      id: object.id,
      name: object.spec?.annotations?.name ?? "",
    });
    return {
      secrets: secrets.map(named),
      configs: configs.map(named),
      networks: networks.filter(({ spec }) => spec?.attachable).map(({ id }) => id),
      services: services.map(named).map(({ name }) => name),
      schedulers: this.modules.schedulers,
    };
  }

  async #createService(api: ControlApi, call: Call): Promise<void> {
    const name = `s${this.random.int(SERVICES_MAX)}`;
    const known = await this.#known(api, call);
    await api.createService({ spec: drawService(this.random, name, known) }, call);
  }

  async #changeService(
    api: ControlApi,
    call: Call,
    how: "change" | "scale" | "rollback",
  ): Promise<void> {
    const ref = `s${this.random.int(SERVICES_MAX)}`;
    const consistency = ReadConsistency.LOCAL;
    const { service } = await api.getService({ ref, consistency, insertDefaults: false }, call);
    if (!service?.spec) return;
    let spec: ServiceSpec | undefined = service.spec;
    let rollback: UpdateServiceRequestRollback = UpdateServiceRequestRollback.NONE;
    if (how === "scale") spec = scaledService(spec, this.random);
    else if (how === "rollback") rollback = UpdateServiceRequestRollback.PREVIOUS;
    else spec = changedService(spec, this.random, await this.#known(api, call));
    if (!spec) return;
    const version = service.meta?.version ?? null;
    const request = { id: service.id, version, spec, rollback, registryAuthFromPrevious: false };
    await api.updateService(request, call);
  }

  async #removeService(api: ControlApi, call: Call): Promise<void> {
    await api.removeService({ ref: `s${this.random.int(SERVICES_MAX)}` }, call);
  }

  async #changeNode(api: ControlApi, call: Call): Promise<void> {
    const all = { filter: null, page: null, consistency: ReadConsistency.LOCAL };
    const { nodes } = await api.listNodes(all, call);
    const workers = nodes.filter(({ id }) => id.startsWith("w"));
    const node = workers[this.random.int(Math.max(1, workers.length))];
    if (!node?.spec) return;
    const { ACTIVE, PAUSE, DRAIN } = NodeAvailability;
    const availability = [ACTIVE, ACTIVE, PAUSE, DRAIN, DRAIN][this.random.int(5)]!;
    const zone = ["a", "b"][this.random.int(2)]!;
    const annotations = make("Annotations", { labels: { zone } });
    const spec = { ...node.spec, availability, annotations };
    await api.updateNode({ id: node.id, version: node.meta?.version ?? null, spec }, call);
  }

  async #changeCluster(api: ControlApi, call: Call): Promise<void> {
    const { cluster } = await api.getCluster({ consistency: ReadConsistency.LOCAL }, call);
    if (!cluster?.spec) return;
    const taskHistoryRetentionLimit = [0, 1, 2, 5, 5][this.random.int(5)]!;
    const spec = {
      ...cluster.spec,
      orchestration: make("OrchestrationConfig", { taskHistoryRetentionLimit }),
    };
    await api.updateCluster({ version: cluster.meta?.version ?? null, spec, rotation: null }, call);
  }

  async #activate(api: ControlApi, call: Call): Promise<void> {
    const all = { filter: null, page: null, consistency: ReadConsistency.LINEARIZABLE };
    const { nodes } = await api.listNodes(all, call);
    for (const node of nodes) {
      if (!node.id.startsWith("w") || !node.spec) continue;
      // Others may stay drained or paused: what they may not run has to go elsewhere, or wait.
      if (node.spec.availability === NodeAvailability.ACTIVE || node.id !== OPEN_WORKER) continue;
      const spec = { ...node.spec, availability: NodeAvailability.ACTIVE };
      await api.updateNode({ id: node.id, version: node.meta?.version ?? null, spec }, call);
    }
  }
}

const TIDY_ATTEMPTS_MAX = 60;

/** A worker that is there, and open, at the end of every run. */
const OPEN_WORKER = "w2";

function fileSpec<K extends "SecretSpec" | "ConfigSpec">(kind: K, random: SeededRandom) {
  const annotations = make("Annotations", { name: `f${random.int(FILES_MAX)}` });
  return make(kind, { annotations, data: Buffer.from("data") } as never);
}

function networkSpec(random: SeededRandom) {
  const annotations = make("Annotations", { name: `net${random.int(2)}` });
  return make("NetworkSpec", { annotations, attachable: true });
}
