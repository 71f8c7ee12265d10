import type { SeededRandom } from "../../../lib/random.ts";
import type { Call } from "../../../proto/call.ts";
import { make } from "../../../proto/codec.ts";
import {
  NodeRole,
  ReadConsistency,
  UpdateServiceRequestRollback,
  type ControlApi,
  type Node,
  type Service,
} from "../../../proto/generated.ts";
import { Person } from "./person.ts";
import type { Deed, RequestModules } from "./request.ts";

/** Mean pause between two deeds, µs. */
const THINK_US = 3_000_000;

/**
 * A manager that stays one: a worker that was away while all the managers it knew were replaced
 * knows nobody any more, and has to join again, as in swarm mode.
 */
const LASTING = "n1";

const EVERYTHING = { filter: null, page: null, consistency: ReadConsistency.LOCAL } as const;

/** A person who looks after the cluster: makes managers and unmakes them, and rotates secrets. */
export class Operator extends Person {
  #rotations = 0;

  constructor(random: SeededRandom, modules: RequestModules) {
    super(THINK_US, random, modules);
  }

  protected draw(): Deed {
    const at = this.random.int(10);
    if (at < 4) return (api, call) => this.#setRole(api, call, NodeRole.MANAGER);
    if (at < 7) return (api, call) => this.#setRole(api, call, NodeRole.WORKER);
    if (at < 8) return (api, call) => this.#removeDemoted(api, call);
    return (api, call) => this.#rotate(api, call);
  }

  async #setRole(api: ControlApi, call: Call, desiredRole: NodeRole): Promise<void> {
    const may = ({ id, spec }: Node): boolean =>
      spec?.desiredRole !== desiredRole && (id !== LASTING || desiredRole === NodeRole.MANAGER);
    const others = await this.#machines(api, call, may);
    const node = others[this.random.int(Math.max(1, others.length))];
    if (!node?.spec) return;
    const spec = { ...node.spec, desiredRole };
    await api.updateNode({ id: node.id, version: node.meta?.version ?? null, spec }, call);
  }

  /** Takes out a node that is no manager. Managers that are told to leave are not removed. */
  async #removeDemoted(api: ControlApi, call: Call): Promise<void> {
    const [node] = await this.#machines(api, call, ({ role }) => role === NodeRole.WORKER);
    if (node) await api.removeNode({ ref: node.id, force: true }, call);
  }

  /** Machines that run no tasks: managers, those that were, and those that may be. */
  async #machines(
    api: ControlApi,
    call: Call,
    accepts: (node: Node) => boolean,
  ): Promise<readonly Node[]> {
    const { nodes } = await api.listNodes(EVERYTHING, call);
    return nodes.filter((node) => node.id.startsWith("n") && accepts(node));
  }

  /** Gives a service another secret and config in the place of those it has, and removes those. */
  async #rotate(api: ControlApi, call: Call): Promise<void> {
    const { services } = await api.listServices(EVERYTHING, call);
    const users = services.filter(({ spec }) => {
      const container = spec?.task?.runtime === "container" ? spec.task.container : undefined;
      return container && container.secrets.length + container.configs.length > 0;
    });
    const service = users[this.random.int(Math.max(1, users.length))];
    if (service) await this.#rotateOf(service, api, call);
  }

  async #rotateOf({ id, meta, spec }: Service, api: ControlApi, call: Call): Promise<void> {
    if (spec?.task?.runtime !== "container") return;
    const { container } = spec.task;
    const name = `rotated${++this.#rotations}`;
    const annotations = make("Annotations", { name });
    const data = Buffer.from(name);
    const secrets = [];
    for (const reference of container.secrets) {
      const request = { spec: make("SecretSpec", { annotations, data }) };
      const { secret } = await api.createSecret(request, call);
      secrets.push({ ...reference, secretId: secret?.id ?? "", secretName: name });
    }
    const configs = [];
    for (const reference of container.configs) {
      const request = { spec: make("ConfigSpec", { annotations, data }) };
      const { config } = await api.createConfig(request, call);
      configs.push({ ...reference, configId: config?.id ?? "", configName: name });
    }
    const task = { ...spec.task, container: { ...container, secrets, configs } };
    const rollback = UpdateServiceRequestRollback.NONE;
    const version = meta?.version ?? null;
    const request = { id, version, spec: { ...spec, task }, rollback };
    await api.updateService({ ...request, registryAuthFromPrevious: false }, call);
    for (const { secretId } of container.secrets) await api.removeSecret({ ref: secretId }, call);
    for (const { configId } of container.configs) await api.removeConfig({ ref: configId }, call);
  }
}
