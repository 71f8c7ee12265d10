import { assert } from "../../lib/assert.ts";
import { isSwarmError } from "../../lib/errors.ts";
import type { Network, NetworkSpec } from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import { labelFilters, matchesLabels, parseFilters, type Filters } from "../filters.ts";
import { badRequest, nodeError, RequestError } from "../request-error.ts";
import { askLocal, listLocal, passOn } from "../local/ask-local.ts";
import { strictFlag } from "../query.ts";
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

/** Words that some filters are limited to. Throws 400 on others. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  scope: ["swarm", "global", "local"],
  type: ["custom", "builtin"],
  dangling: ["true", "false", "1", "0"],
};

function checkWords(filters: Filters): void {
  for (const [key, words] of Object.entries(WORDS))
    for (const word of filters.get(key) ?? [])
      if (!words.includes(word)) throw badRequest(`invalid filter '${key}=${word}'`);
}

/** Docker says that it matches a network's id and name by any part of it, unlike all other kinds. */
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

function isPredefined(network: Network): boolean {
  return network.spec?.annotations?.labels[PREDEFINED_LABEL] === "true";
}

async function listAll(request: ApiRequest): Promise<Reply> {
  const filters = parseFilters(request.query, FILTER_KEYS);
  checkWords(filters);
  // Where there is no cluster there are no cluster networks; the list itself is no manager's duty.
  const networks = request.modules.control() ? await listNetworks(request) : [];
  const shown = networks.filter((network) => !isPredefined(network) && matches(network, filters));
  const ids = new Set(shown.map(({ id }) => id));
  const local = (await listLocal(request, "/networks")) as readonly { readonly Id: string }[];
  return json([...local.filter(({ Id: id }) => !ids.has(id)), ...shown.map(networkJson)]);
}

/** The cluster's network that `ref` names; undefined when there is none. */
async function findNetwork(request: ApiRequest, ref: string): Promise<Network | undefined> {
  const control = request.modules.control();
  if (!control) return undefined;
  const { consistency, call } = request;
  try {
    return (await control.getNetwork({ ref, consistency }, call)).network ?? undefined;
  } catch (error) {
    if (isSwarmError(error, "not-found")) return undefined;
    throw error;
  }
}

async function inspect(request: ApiRequest): Promise<Reply> {
  const ref = param(request, "id");
  const scope = request.query.get("scope") ?? "";
  strictFlag(request.query, "verbose");
  const found = scope === "" || scope === SWARM_SCOPE ? await findNetwork(request, ref) : undefined;
  // A client that wants the swarm's is about to have a service refer to it.
  if (found && (scope === SWARM_SCOPE || !isPredefined(found))) return json(networkJson(found));
  const path = `/networks/${encodeURIComponent(ref)}`;
  const local = await askLocal(request, { method: "GET", path });
  if (local && local.status !== 404) return passOn(local);
  if (found) return json(networkJson(found));
  throw new RequestError(404, `network ${ref} not found`);
}

/** A name that is taken is Docker's plain 409, unlike other refusals of the control API. */
async function createSwarmNetwork(request: ApiRequest, spec: NetworkSpec): Promise<Network | null> {
  try {
    return (await request.control().createNetwork({ spec }, request.call)).network;
  } catch (error) {
    throw isSwarmError(error, "exists") ? nodeError(error) : error;
  }
}

async function create(request: ApiRequest): Promise<Reply> {
  const spec = readNetworkSpec(request.body);
  const driver = spec.driver?.name ?? "";
  if (driver !== "overlay" && request.body.text("Scope") !== SWARM_SCOPE) {
    const body = request.body.raw;
    const local = await askLocal(request, { method: "POST", path: "/networks/create", body });
    if (local) return passOn(local);
    throw new RequestError(
      503,
      `networks of driver "${driver || "bridge"}" are those of a container engine, and none ` +
        "answers here. Use --driver overlay for a network of the swarm",
    );
  }
  const network = await createSwarmNetwork(request, spec);
  assert(network, "a response to createNetwork has a network");
  return json({ Id: network.id, Warning: "" }, 201);
}

async function remove(request: ApiRequest): Promise<Reply> {
  const ref = param(request, "id");
  if (await findNetwork(request, ref)) {
    await request.control().removeNetwork({ ref }, request.call);
    return empty(204);
  }
  const path = `/networks/${encodeURIComponent(ref)}`;
  const local = await askLocal(request, { method: "DELETE", path });
  if (local) return passOn(local);
  throw new RequestError(404, `network ${ref} not found`);
}

export const networkRoutes: readonly Route[] = [
  { method: "GET", path: "/networks", handle: listAll },
  { method: "GET", path: "/networks/:id", handle: inspect },
  { method: "POST", path: "/networks/create", handle: create },
  { method: "DELETE", path: "/networks/:id", handle: remove },
];
