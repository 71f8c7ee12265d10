import { assert } from "../../lib/assert.ts";
import type { Network } from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import { labelFilters, matchesLabels, parseFilters, type Filters } from "../filters.ts";
import { RequestError } from "../request-error.ts";
import { empty, json, param, type Reply, type Route } from "../route.ts";
import { networkJson, readNetworkSpec } from "../translate/network.ts";

const FILTER_KEYS = ["id", "name", "driver", "type", "label", "scope", "dangling"];

const SWARM_SCOPE = "swarm";

/** Marks what stands for the networks that every node has by itself: to be named, not listed. */
const PREDEFINED_LABEL = "com.docker.swarm.predefined";

/** Every network of the cluster; there are never many. */
export async function listNetworks(request: ApiRequest): Promise<readonly Network[]> {
  const { consistency, call } = request;
  const all = { filter: null, page: null, consistency };
  return (await request.control().listNetworks(all, call)).networks;
}

/** Docker matches a network's id and name by any part of it, unlike all other kinds. */
function matches(network: Network, filters: Filters): boolean {
  const annotations = network.spec?.annotations;
  const any = (key: string, test: (value: string) => boolean): boolean =>
    filters.get(key)?.some(test) ?? true;
  return (
    any("id", (part) => network.id.includes(part)) &&
    any("name", (part) => annotations?.name.includes(part) ?? false) &&
    any("driver", (driver) => driver === (network.driverState?.name || "overlay")) &&
    any("type", (type) => type === "custom") &&
    any("scope", (scope) => scope === SWARM_SCOPE) &&
    matchesLabels(annotations?.labels ?? {}, labelFilters(filters, "label"))
  );
}

async function listAll(request: ApiRequest): Promise<Reply> {
  const filters = parseFilters(request.query, FILTER_KEYS);
  // Where there is no cluster there are no cluster networks; the list itself is no manager's duty.
  if (!request.modules.control()) return json([]);
  const networks = await listNetworks(request);
  const shown = networks.filter(
    (network) =>
      network.spec?.annotations?.labels[PREDEFINED_LABEL] !== "true" && matches(network, filters),
  );
  return json(shown.map(networkJson));
}

async function inspect(request: ApiRequest): Promise<Reply> {
  const ref = param(request, "id");
  const scope = request.query.get("scope") ?? "";
  if (!request.modules.control() || (scope !== "" && scope !== SWARM_SCOPE))
    throw new RequestError(404, `network ${ref} not found`);
  const { consistency, call } = request;
  const { network } = await request.control().getNetwork({ ref, consistency }, call);
  assert(network, "a response to getNetwork has a network");
  return json(networkJson(network));
}

async function create(request: ApiRequest): Promise<Reply> {
  const spec = readNetworkSpec(request.body);
  const driver = spec.driver?.name ?? "";
  if (driver !== "overlay" && request.body.text("Scope") !== SWARM_SCOPE)
    throw new RequestError(501, `networks of driver "${driver || "bridge"}" need a local engine`);
  const { network } = await request.control().createNetwork({ spec }, request.call);
  assert(network, "a response to createNetwork has a network");
  return json({ Id: network.id, Warning: "" }, 201);
}

async function remove(request: ApiRequest): Promise<Reply> {
  const ref = param(request, "id");
  if (!request.modules.control()) throw new RequestError(404, `network ${ref} not found`);
  await request.control().removeNetwork({ ref }, request.call);
  return empty(204);
}

export const networkRoutes: readonly Route[] = [
  { method: "GET", path: "/networks", handle: listAll },
  { method: "GET", path: "/networks/:id", handle: inspect },
  { method: "POST", path: "/networks/create", handle: create },
  { method: "DELETE", path: "/networks/:id", handle: remove },
];
