import type { Store } from "../../manager/store/store.ts";
import { make } from "../../proto/codec.ts";
import { TaskState, type Service, type Task } from "../../proto/generated.ts";
import { aNode, aService, aTask } from "../../test/fakes/objects.ts";

const SERVICES = 100;
const NODES = 1000;

/** Objects in one transaction. */
const BATCH = 500;

const id = (kind: string, number: number): string =>
  `${kind}${number.toString(36).padStart(24, "0")}`;

/** A service as people write them: a command, an environment, labels. */
function service(number: number): Service {
  const container = make("ContainerSpec", {
    image: "registry.example.com/shop/web:1.27.3",
    args: ["serve", "--port", "8080"],
    env: ["TZ=UTC", "LOG_LEVEL=info", "DATABASE_URL=postgres://db:5432/shop"],
    labels: { team: "shop", tier: "web" },
  });
  const task = make("TaskSpec", { runtime: "container", container });
  return aService(id("s", number), { name: `service-${number}`, replicas: 1000, spec: { task } });
}

function task(number: number, of: Service): Task {
  const status = make("TaskStatus", {
    state: TaskState.RUNNING,
    message: "started",
    timestampMs: 1_700_000_000_000 + number,
    container: make("ContainerStatus", { containerId: id("c", number), pid: number }),
  });
  const nodeId = id("n", number % NODES);
  return aTask(id("t", number), of, { slot: Math.floor(number / SERVICES) + 1, nodeId, status });
}

/** Fills a store with `count` running tasks of a hundred services on a thousand nodes. */
export async function fillStore(store: Store, count: number): Promise<void> {
  const services = Array.from({ length: SERVICES }, (_, i) => service(i));
  await store.update((tx) => {
    for (let i = 0; i < NODES; i++) tx.create("node", aNode(id("n", i)));
    for (const each of services) tx.create("service", each);
  });
  for (let from = 0; from < count; from += BATCH)
    await store.update((tx) => {
      for (let i = from; i < Math.min(count, from + BATCH); i++)
        tx.create("task", task(i, services[i % SERVICES] as Service));
    });
}
