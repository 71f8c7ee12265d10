import { SeededRandom } from "../lib/random.ts";
import type { Clock } from "../lib/clock.ts";
import { make } from "../proto/codec.ts";
import {
  NodeAvailability,
  NodeState,
  TaskState,
  type Node,
  type PlacementStrategy,
  type Service,
  type Task,
} from "../proto/generated.ts";
import { Store } from "../manager/store/store.ts";
import { TurnRaft } from "./scheduler-raft.ts";

/** Services that the tasks are shared out to. */
const SERVICES = 10;
/** Values of the label that preferences spread over, and of the one that constraints name. */
const ZONES = 5;
const TIERS = 2;

const GIB = 2 ** 30;
const OBJECTS_PER_TRANSACTION = 500;

/** How large a cluster to make, and how its services are placed. */
export interface Shape {
  readonly nodes: number;
  readonly tasks: number;
  readonly strategy: PlacementStrategy;
}

function node(index: number): Node {
  const labels = { zone: `z${index % ZONES}`, tier: `t${index % TIERS}` };
  return make("Node", {
    id: `node${index}`,
    spec: make("NodeSpec", {
      annotations: make("Annotations", { labels }),
      availability: NodeAvailability.ACTIVE,
    }),
    description: make("NodeDescription", {
      hostname: `host${index}`,
      platform: { architecture: "x86_64", os: "linux" },
      resources: make("Resources", { nanoCpus: 64e9, memoryBytes: 256 * GIB }),
      engine: make("EngineDescription"),
      runtimes: ["docker", "process"],
    }),
    status: make("NodeStatus", { state: NodeState.READY, addr: "10.0.0.1" }),
  });
}

/** Of ten services three have a constraint, three a preference, two both and two neither. */
function service(index: number, strategy: PlacementStrategy): Service {
  const isConstrained = index % 2 === 1;
  const isPreferring = index % 5 > 1;
  const placement = make("Placement", {
    strategy,
    platforms: [{ architecture: "amd64", os: "linux" }],
    constraints: isConstrained ? [`node.labels.tier==t${index % TIERS}`] : [],
    preferences: isPreferring ? [{ spreadDescriptor: "node.labels.zone" }] : [],
  });
  const task = make("TaskSpec", {
    runtime: "container",
    container: make("ContainerSpec", {
      image: `registry.example.com/team/web${index}:1.27.3`,
      env: ["MODE=production", "LOG_LEVEL=info"],
    }),
    resources: make("ResourceRequirements", {
      reservations: make("Resources", { nanoCpus: 1e7, memoryBytes: GIB / 32 }),
    }),
    placement,
  });
  const annotations = make("Annotations", { name: `web${index}`, labels: { team: "web" } });
  return make("Service", {
    id: `service${index}`,
    spec: make("ServiceSpec", { annotations, task, mode: "replicated" }),
    specVersion: { index: 1 },
  });
}

function task(owner: Service, slot: number): Task {
  return make("Task", {
    id: `${owner.id}-task${slot}`,
    serviceId: owner.id,
    slot,
    spec: owner.spec?.task ?? null,
    specVersion: owner.specVersion,
    serviceAnnotations: owner.spec?.annotations ?? null,
    status: make("TaskStatus", { state: TaskState.PENDING, message: "pending task scheduling" }),
    desiredState: TaskState.RUNNING,
  });
}

function* inBatches<T>(items: readonly T[]): Iterable<readonly T[]> {
  for (let from = 0; from < items.length; from += OBJECTS_PER_TRANSACTION)
    yield items.slice(from, from + OBJECTS_PER_TRANSACTION);
}

/** A store with nodes, services and pending tasks; consensus is of one, in memory. */
export async function filledStore(shape: Shape, clock: Clock): Promise<Store> {
  const store = new Store({ clock, random: new SeededRandom("bench") });
  store.attach(new TurnRaft(store));
  const nodes = Array.from({ length: shape.nodes }, (_, index) => node(index));
  for (const batch of inBatches(nodes))
    await store.update((tx) => batch.forEach((each) => tx.create("node", each)));
  const services = Array.from({ length: SERVICES }, (_, index) => service(index, shape.strategy));
  await store.update((tx) => services.forEach((each) => tx.create("service", each)));
  const tasks = Array.from({ length: shape.tasks }, (_, index) =>
    task(services[index % SERVICES] as Service, 1 + Math.floor(index / SERVICES)),
  );
  for (const batch of inBatches(tasks))
    await store.update((tx) => batch.forEach((each) => tx.create("task", each)));
  return store;
}
