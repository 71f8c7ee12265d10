import { assert } from "../../lib/assert.ts";
import { make } from "../../proto/codec.ts";
import {
  UpdateServiceRequestRollback,
  type ListFilter,
  type Service,
  type ServiceSpec,
} from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import { commonFilter, parseFilters } from "../filters.ts";
import { strictFlag, versionOf } from "../query.ts";
import { randomName } from "../random-name.ts";
import { badRequest } from "../request-error.ts";
import { empty, json, list, param, type Reply, type Route } from "../route.ts";
import { some, type Json } from "../translate/common.ts";
import { limitToVersion, VERSION_WITH_JOBS } from "../translate/service-limits.ts";
import { withSwarmNetworks } from "../local/swarm-networks.ts";
import { readServiceSpec } from "../translate/service-spec.ts";
import { serviceJson } from "../translate/service.ts";

const FILTER_KEYS = ["id", "name", "label", "mode", "runtime"];

/** Runtimes shown when a client names none: both read as Docker's `container`. */
export const SHOWN_RUNTIMES: readonly string[] = ["container", "process"];

function readFilter(query: URLSearchParams): ListFilter {
  const filters = parseFilters(query, FILTER_KEYS);
  return make("ListFilter", {
    ...commonFilter(filters),
    // A mode that does not exist matches nothing, as with Docker.
    modes: filters.get("mode") ?? [],
    runtimes: filters.get("runtime") ?? SHOWN_RUNTIMES,
  });
}

/** The service that `ref` names: id, name or id prefix. Throws 404. */
export async function findService(
  request: ApiRequest,
  ref: string,
  insertDefaults = false,
): Promise<Service> {
  const { consistency, call } = request;
  const { service } = await request
    .control()
    .getService({ ref, consistency, insertDefaults }, call);
  assert(service, "a response to getService has a service");
  return service;
}

async function withCounts(request: ApiRequest, services: readonly Service[]): Promise<Json[]> {
  const serviceIds = services.map(({ id }) => id);
  const { statuses } = await request.control().listServiceStatuses({ serviceIds }, request.call);
  const counts = new Map(statuses.map((status) => [status.serviceId, status]));
  return services.map((service) => serviceJson(service, counts.get(service.id)));
}

async function listAll(request: ApiRequest): Promise<Reply> {
  const { query, consistency, call } = request;
  const status = request.version >= VERSION_WITH_JOBS && strictFlag(query, "status");
  const control = request.control();
  const filter = readFilter(query);
  const { services } = await control.listServices({ filter, page: null, consistency }, call);
  if (status) return list(services, (slice) => withCounts(request, slice));
  return list(services, (slice) => slice.map((service) => serviceJson(service)));
}

async function inspect(request: ApiRequest): Promise<Reply> {
  const insertDefaults = strictFlag(request.query, "insertDefaults");
  return json(serviceJson(await findService(request, param(request, "id"), insertDefaults)));
}

/** The service spec in a request's body. Throws 400. */
export function readSpec(request: ApiRequest): ServiceSpec {
  const header = request.headers["x-registry-auth"];
  const registryAuth = typeof header === "string" ? header : "";
  return limitToVersion(readServiceSpec(request.body, registryAuth), request.version);
}

async function create(request: ApiRequest): Promise<Reply> {
  const control = request.control();
  const read = await withSwarmNetworks(request, readSpec(request));
  const name = read.annotations?.name || randomName(request.modules.random);
  const spec = { ...read, annotations: { labels: {}, ...read.annotations, name } };
  const { service, warnings } = await control.createService({ spec }, request.call);
  assert(service, "a response to createService has a service");
  return json({ ID: service.id, Warnings: some(warnings) }, 201);
}

function readRollback(query: URLSearchParams): UpdateServiceRequestRollback {
  const option = query.get("rollback") ?? "";
  if (option === "previous") return UpdateServiceRequestRollback.PREVIOUS;
  if (option !== "" && option !== "none")
    throw badRequest(`unrecognized rollback option ${option}`);
  return UpdateServiceRequestRollback.NONE;
}

async function update(request: ApiRequest): Promise<Reply> {
  const { query } = request;
  const version = versionOf(query, "service");
  const rollback = readRollback(query);
  const authFrom = query.get("registryAuthFrom") ?? "";
  if (authFrom !== "" && authFrom !== "spec" && authFrom !== "previous-spec")
    throw badRequest("unsupported registryAuthFrom value");
  const control = request.control();
  const spec = await withSwarmNetworks(request, readSpec(request));
  const { id } = await findService(request, param(request, "id"));
  const { warnings } = await control.updateService(
    { id, version, spec, rollback, registryAuthFromPrevious: authFrom === "previous-spec" },
    request.call,
  );
  return json({ Warnings: warnings.length === 0 ? null : warnings });
}

async function remove(request: ApiRequest): Promise<Reply> {
  await request.control().removeService({ ref: param(request, "id") }, request.call);
  return empty();
}

export const serviceRoutes: readonly Route[] = [
  { method: "GET", path: "/services", handle: listAll },
  { method: "GET", path: "/services/:id", handle: inspect },
  { method: "POST", path: "/services/create", handle: create },
  { method: "POST", path: "/services/:id/update", handle: update },
  { method: "DELETE", path: "/services/:id", handle: remove },
];
