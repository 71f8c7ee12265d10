import { isSwarmError, SwarmError } from "../../../lib/errors.ts";
import { filtersQuery, segment, type Engine } from "../../api/engine.ts";
import type { Service, ServiceSpec } from "../../api/service-types.ts";

/** The service that `name` means: an id, a name or an id's prefix. */
export async function readService(
  engine: Engine,
  name: string,
  insertDefaults = false,
): Promise<Service> {
  try {
    return await engine.request<Service>({
      method: "GET",
      path: `/services/${segment(name)}`,
      query: { insertDefaults },
    });
  } catch (error) {
    if (!isSwarmError(error, "not-found")) throw error;
    throw new SwarmError("not-found", `no such service: ${name}. "swarm service ls" lists them`, {
      cause: error,
    });
  }
}

/** How an update is to be taken. */
export interface WriteOptions {
  /** `previous`: swap the spec with the one before. */
  readonly rollback?: "previous";
  /** Where registry credentials come from when no header gives them. */
  readonly registryAuthFrom?: "spec";
  readonly headers?: Readonly<Record<string, string>>;
}

/** Writes a service's spec back; fails when the service has changed since it was read. */
export async function writeService(
  engine: Engine,
  service: Service,
  spec: ServiceSpec,
  options: WriteOptions = {},
): Promise<readonly string[]> {
  const reply = await engine.request<{ readonly Warnings?: readonly string[] | null } | undefined>({
    method: "POST",
    path: `/services/${segment(service.ID)}/update`,
    query: {
      version: service.Version.Index,
      rollback: options.rollback,
      registryAuthFrom: options.registryAuthFrom,
    },
    body: spec,
    headers: options.headers ?? {},
  });
  return reply?.Warnings ?? [];
}

/** The services that match `filters`. `withStatus` adds the counts of tasks. */
export function listServices(
  engine: Engine,
  filters: Readonly<Record<string, readonly string[]>>,
  withStatus: boolean,
): Promise<Service[]> {
  return engine.request<Service[]>({
    method: "GET",
    path: "/services",
    query: { filters: filtersQuery(filters), status: withStatus ? true : undefined },
  });
}
