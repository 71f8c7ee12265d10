import { isSwarmError, SwarmError } from "../../lib/errors.ts";
import { filtersQuery, segment, type Engine } from "./engine.ts";
import type { Service } from "./service-types.ts";
import type { Task } from "./types.ts";

/** The service's tasks, ended ones too. */
export function tasksOf(engine: Engine, serviceId: string): Promise<readonly Task[]> {
  const filters = filtersQuery({ service: [serviceId] });
  return engine.request<Task[]>({ method: "GET", path: "/tasks", query: { filters } });
}

/**
 * The task that `name` means: an id, a full name, an id's prefix, or what `service ps` calls it,
 * `service.slot` or `service.node`, which is the newest one there. Throws `not-found`.
 */
export async function readTask(engine: Engine, name: string): Promise<Task> {
  try {
    return await engine.request<Task>({ method: "GET", path: `/tasks/${segment(name)}` });
  } catch (error) {
    if (!isSwarmError(error, "not-found")) throw error;
    const task = await newestAt(engine, name);
    if (task) return task;
    throw new SwarmError("not-found", `no such task: ${name}. "swarm task ls" lists them`, {
      cause: error,
    });
  }
}

async function newestAt(engine: Engine, name: string): Promise<Task | undefined> {
  const at = name.lastIndexOf(".");
  if (at <= 0) return undefined;
  const place = name.slice(at + 1);
  try {
    const path = `/services/${segment(name.slice(0, at))}`;
    const { ID } = await engine.request<Service>({ method: "GET", path });
    return (await tasksOf(engine, ID))
      .filter(({ Slot, NodeID }) => (Slot ? String(Slot) === place : NodeID === place))
      .toSorted((a, b) => b.CreatedAt.localeCompare(a.CreatedAt))[0];
  } catch (error) {
    if (isSwarmError(error, "not-found")) return undefined;
    throw error;
  }
}
