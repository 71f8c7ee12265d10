import { make, type Fields } from "../../../proto/codec.ts";
import { TaskState, type ContainerSpec, type ProcessSpec } from "../../../proto/generated.ts";
import type { Task } from "../../../proto/generated.ts";
import { SwarmError } from "../../../lib/errors.ts";
import type { TaskFiles } from "../../../worker/runtime/runtime.ts";

/** A task of service `web` with the given fields. */
export function taskOf(id: string, fields: Fields<Task> = {}): Task {
  return make("Task", {
    id,
    meta: make("Meta", { version: { index: 1 } }),
    serviceId: "service1",
    serviceAnnotations: { name: "web", labels: { tier: "front" } },
    slot: 3,
    nodeId: "node1",
    desiredState: TaskState.RUNNING,
    status: make("TaskStatus", { state: TaskState.ASSIGNED }),
    ...fields,
  });
}

/** A task that runs a process. */
export function processTask(
  id: string,
  process: Fields<ProcessSpec>,
  fields: Fields<Task> = {},
): Task {
  const spec = make("TaskSpec", { runtime: "process", process: make("ProcessSpec", process) });
  return taskOf(id, { spec, ...fields });
}

/** A task that runs a container. */
export function containerTask(
  id: string,
  container: Fields<ContainerSpec>,
  fields: Fields<Task> = {},
): Task {
  const spec = make("TaskSpec", {
    runtime: "container",
    container: make("ContainerSpec", container),
  });
  return taskOf(id, { spec, ...fields });
}

/** Files of a task that may read none. */
export const noFiles: TaskFiles = {
  secret: (id) => {
    throw new SwarmError("unavailable", `secret ${id} is not here yet`);
  },
  config: (id) => {
    throw new SwarmError("unavailable", `config ${id} is not here yet`);
  },
  volume: (id) => {
    throw new SwarmError("unavailable", `volume ${id} is not here yet`);
  },
};
