import type { GenericResource } from "../../proto/generated.ts";

/** Assigned generic resources as variables, as swarm mode names them: `DOCKER_RESOURCE_GPU=id1,id2`. */
export function resourceEnv(resources: readonly GenericResource[]): readonly string[] {
  const values = new Map<string, string[]>();
  for (const resource of resources) {
    if (resource.resource === undefined) continue;
    const { kind, value } = resource.resource === "named" ? resource.named : resource.discrete;
    const name = `DOCKER_RESOURCE_${kind.toUpperCase()}`;
    values.set(name, [...(values.get(name) ?? []), String(value)]);
  }
  return [...values].map(([name, list]) => `${name}=${list.join(",")}`);
}
