import { make, type Fields } from "../../proto/codec.ts";
import type { Config, Node, Secret, Service, ServiceSpec, Task } from "../../proto/generated.ts";
import { NodeAvailability, NodeMembership, NodeState, TaskState } from "../../proto/generated.ts";

const named = (name: string, labels: Record<string, string> = {}) =>
  make("Annotations", { name, labels });

/** A replicated service of busybox containers. */
export function aService(
  id: string,
  fields: {
    readonly name?: string;
    readonly replicas?: number;
    readonly spec?: Fields<ServiceSpec>;
  } = {},
): Service {
  const spec = make("ServiceSpec", {
    annotations: named(fields.name ?? id),
    task: make("TaskSpec", {
      runtime: "container",
      container: make("ContainerSpec", { image: "busybox" }),
    }),
    mode: "replicated",
    replicated: { replicas: fields.replicas ?? 1 },
    ...fields.spec,
  } as Fields<ServiceSpec>);
  return make("Service", { id, spec, specVersion: { index: 1 } });
}

/** A task of `service` in `slot`, pending unless said otherwise. */
export function aTask(id: string, service: Service | null, fields: Fields<Task> = {}): Task {
  return make("Task", {
    id,
    serviceId: service?.id ?? "",
    spec: service?.spec?.task ?? make("TaskSpec"),
    specVersion: service?.specVersion ?? null,
    serviceAnnotations: service?.spec?.annotations ?? null,
    status: make("TaskStatus", { state: TaskState.PENDING }),
    desiredState: TaskState.RUNNING,
    slot: 1,
    ...fields,
  });
}

/** A ready, active worker with 4 CPUs and 8 GiB. */
export function aNode(id: string, fields: Fields<Node> = {}): Node {
  return make("Node", {
    id,
    spec: make("NodeSpec", {
      annotations: named(""),
      membership: NodeMembership.ACCEPTED,
      availability: NodeAvailability.ACTIVE,
    }),
    description: make("NodeDescription", {
      hostname: id,
      platform: { architecture: "x86_64", os: "linux" },
      resources: make("Resources", { nanoCpus: 4e9, memoryBytes: 8 * 2 ** 30 }),
      engine: make("EngineDescription"),
      runtimes: ["docker", "process"],
    }),
    status: make("NodeStatus", { state: NodeState.READY, addr: "127.0.0.1" }),
    ...fields,
  });
}

export function aSecret(id: string, name = id): Secret {
  const data = Buffer.from("hidden");
  return make("Secret", { id, spec: make("SecretSpec", { annotations: named(name), data }) });
}

export function aConfig(id: string, name = id): Config {
  const data = Buffer.from("shown");
  return make("Config", { id, spec: make("ConfigSpec", { annotations: named(name), data }) });
}
