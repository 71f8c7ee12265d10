import { SeededRandom } from "../../../lib/random.ts";
import type { Placement as Placed } from "../../../manager/scheduler/group-pass.ts";
import { Placer } from "../../../manager/scheduler/placer.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  PlacementStrategy,
  type Node,
  type Placement,
  type Service,
  type Task,
} from "../../../proto/generated.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";

const GIB = 2 ** 30;

/** A node with so many CPUs and GiB of memory. */
export function sizedNode(id: string, cpus: number, gib: number, fields: Fields<Node> = {}): Node {
  const resources = make("Resources", { nanoCpus: cpus * 1e9, memoryBytes: gib * GIB });
  const description = make("NodeDescription", {
    hostname: id,
    resources,
    engine: make("EngineDescription"),
    platform: { architecture: "x86_64", os: "linux" },
    runtimes: ["docker"],
  });
  return aNode(id, { description, ...fields });
}

export interface Wish {
  readonly cpus?: number;
  readonly gib?: number;
  readonly placement?: Fields<Placement>;
  readonly labels?: Record<string, string>;
}

/** A service whose tasks reserve so much. */
export function sizedService(id: string, { cpus = 0, gib = 0, placement, labels }: Wish): Service {
  const reservations = make("Resources", { nanoCpus: cpus * 1e9, memoryBytes: gib * GIB });
  const task = make("TaskSpec", {
    runtime: "container",
    container: make("ContainerSpec", { image: "busybox" }),
    resources: make("ResourceRequirements", { reservations }),
    placement: make("Placement", placement ?? {}),
  });
  const annotations = make("Annotations", { name: id, labels: labels ?? {} });
  return aService(id, { spec: { task, annotations } });
}

/** Pending tasks of a service. */
export function tasksOf(service: Service, count: number): readonly Task[] {
  return Array.from({ length: count }, (_, i) =>
    aTask(`${service.id}-${i}`, service, { slot: i + 1 }),
  );
}

/** Where the scheduler's core puts `tasks` on empty `nodes`, in one round. */
export function placeAll(
  nodes: readonly Node[],
  tasks: readonly Task[],
  { seed = "seed", strategy = PlacementStrategy.DEFAULT } = {},
): readonly Placed[] {
  const placer = new Placer();
  for (const node of nodes) placer.nodes.putNode(node, []);
  for (const task of tasks) placer.note(task);
  const random = new SeededRandom(seed);
  const decisions = placer.decide({ defaultStrategy: strategy, nowMs: 0, random });
  return [...decisions].flatMap((decision) => (decision && "nodeId" in decision ? [decision] : []));
}

/** How many placements each of `nodes` got. */
export function counts(nodes: readonly Node[], placed: readonly Placed[]): readonly number[] {
  return nodes.map(({ id }) => placed.filter(({ nodeId }) => nodeId === id).length);
}
