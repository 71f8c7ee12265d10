import { isSwarmError } from "../../lib/errors.ts";
import { segment, type Engine } from "./engine.ts";
import type { Service } from "./service-types.ts";
import type { Node, Task } from "./types.ts";

/** Names of services and nodes by id; the id itself when the object is gone. */
export interface Names {
  readonly serviceName: (id: string) => string;
  readonly nodeName: (id: string) => string;
}

/** Above this many different objects one list call is cheaper than a call for each. */
const SINGLE_READS_MAX = 5;

/** Reads the names that `tasks` mention, each object once. */
export async function readNames(engine: Engine, tasks: readonly Task[]): Promise<Names> {
  const [services, nodes] = await Promise.all([
    namesOf(engine, "services", idsIn(tasks, "ServiceID"), (service: Service) => service.Spec.Name),
    namesOf(engine, "nodes", idsIn(tasks, "NodeID"), (node: Node) => node.Description.Hostname),
  ]);
  return {
    serviceName: (id) => services.get(id) ?? id,
    nodeName: (id) => nodes.get(id) ?? id,
  };
}

/** Every id stands for itself. */
export const NO_NAMES: Names = { serviceName: (id) => id, nodeName: (id) => id };

function idsIn(tasks: readonly Task[], field: "ServiceID" | "NodeID"): readonly string[] {
  const ids = tasks.map((task) => task[field]).filter((id) => id !== undefined && id !== "");
  return [...new Set(ids as string[])];
}

async function namesOf<T extends { readonly ID: string }>(
  engine: Engine,
  collection: "services" | "nodes",
  ids: readonly string[],
  nameOf: (object: T) => string | undefined,
): Promise<ReadonlyMap<string, string>> {
  const objects =
    ids.length > SINGLE_READS_MAX
      ? await engine.request<T[]>({ method: "GET", path: `/${collection}` })
      : await Promise.all(ids.map((id) => readIfThere<T>(engine, collection, id)));
  return new Map(
    objects.flatMap((object) => {
      const name = object && nameOf(object);
      return object && name ? [[object.ID, name] as const] : [];
    }),
  );
}

async function readIfThere<T>(
  engine: Engine,
  collection: string,
  id: string,
): Promise<T | undefined> {
  try {
    return await engine.request<T>({ method: "GET", path: `/${collection}/${segment(id)}` });
  } catch (error) {
    if (isSwarmError(error, "not-found")) return undefined;
    throw error;
  }
}
