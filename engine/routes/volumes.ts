import { assert } from "../../lib/assert.ts";
import { isSwarmError } from "../../lib/errors.ts";
import type { Volume } from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import type { ApiVersion } from "../api-version.ts";
import { labelFilters, matchesLabels, parseFilters, type Filters } from "../filters.ts";
import { askLocal, passOn, refuseLocal } from "../local/ask-local.ts";
import { NO_ENGINE, noEngine } from "../local/local-paths.ts";
import { looseFlag, versionOf } from "../query.ts";
import { RequestError } from "../request-error.ts";
import { empty, json, param, type Reply, type Route } from "../route.ts";
import type { Json } from "../translate/common.ts";
import { readVolumeSpec, readVolumeUpdate, volumeJson } from "../translate/volume.ts";

/** First version that knows volumes of the cluster. */
const VERSION_WITH_CLUSTER_VOLUMES: ApiVersion = 1042;

const FILTER_KEYS = ["name", "driver", "label", "dangling"];

function matches({ spec }: Volume, filters: Filters): boolean {
  const any = (key: string, test: (value: string) => boolean): boolean =>
    filters.get(key)?.some(test) ?? true;
  return (
    any("name", (part) => spec?.annotations?.name.includes(part) ?? false) &&
    any("driver", (driver) => driver === spec?.driver?.name) &&
    any("dangling", (word) => word === "false" || word === "0") &&
    matchesLabels(spec?.annotations?.labels ?? {}, labelFilters(filters, "label"))
  );
}

/** Whether this node and the client's version know volumes of the cluster. */
function knowsCluster({ modules, version }: ApiRequest): boolean {
  return version >= VERSION_WITH_CLUSTER_VOLUMES && modules.control() !== undefined;
}

/** The cluster's volume that `ref` names; undefined when there is none. */
async function find(request: ApiRequest, ref: string): Promise<Volume | undefined> {
  if (!knowsCluster(request)) return undefined;
  const { consistency, call } = request;
  try {
    const { volume } = await request.control().getVolume({ ref, consistency }, call);
    return volume ?? undefined;
  } catch (error) {
    if (isSwarmError(error, "not-found")) return undefined;
    throw error;
  }
}

async function listAll(request: ApiRequest): Promise<Reply> {
  const filters = parseFilters(request.query, FILTER_KEYS);
  const local = await askLocal(request, { method: "GET", path: "/volumes" });
  if (local) refuseLocal(local);
  const { Volumes, Warnings = null } = (local?.body ?? {}) as Json;
  const { consistency, call } = request;
  const query = { filter: null, page: null, consistency };
  const { volumes } = knowsCluster(request)
    ? await request.control().listVolumes(query, call)
    : { volumes: [] };
  const shown = volumes.filter((volume) => matches(volume, filters)).map(volumeJson);
  return json({ Volumes: [...((Volumes ?? []) as Json[]), ...shown], Warnings });
}

/** What the local engine says about one volume of its own; undefined when it has none. */
async function ofLocal(request: ApiRequest, method: string, name: string) {
  const path = `/volumes/${encodeURIComponent(name)}`;
  const reply = await askLocal(request, { method, path });
  return reply?.status === 404 ? undefined : reply;
}

function notFound(name: string): RequestError {
  return new RequestError(404, `get ${name}: no such volume`);
}

async function inspect(request: ApiRequest): Promise<Reply> {
  const name = param(request, "name");
  const local = await ofLocal(request, "GET", name);
  if (local) return passOn(local);
  const volume = await find(request, name);
  if (!volume) throw notFound(name);
  return json(volumeJson(volume));
}

async function create(request: ApiRequest): Promise<Reply> {
  const { body, version } = request;
  if (version >= VERSION_WITH_CLUSTER_VOLUMES && body.has("ClusterVolumeSpec")) {
    const spec = readVolumeSpec(body);
    const { volume } = await request.control().createVolume({ spec }, request.call);
    assert(volume, "a response to createVolume has a volume");
    return json(volumeJson(volume), 201);
  }
  const path = "/volumes/create";
  const local = await askLocal(request, { method: "POST", path, body: body.raw });
  if (!local) throw noEngine(path, NO_ENGINE);
  return passOn(local);
}

async function update(request: ApiRequest): Promise<Reply> {
  const name = param(request, "name");
  const version = versionOf(request.query, "volume");
  const control = request.control();
  const volume = await find(request, name);
  if (!volume?.spec) throw notFound(name);
  const spec = readVolumeUpdate(request.body, volume.spec);
  await control.updateVolume({ id: volume.id, version, spec }, request.call);
  return empty();
}

async function remove(request: ApiRequest): Promise<Reply> {
  const name = param(request, "name");
  const local = await ofLocal(request, "DELETE", name);
  if (local) return passOn(local);
  if (!(await find(request, name))) throw notFound(name);
  const force = looseFlag(request.query, "force");
  await request.control().removeVolume({ ref: name, force }, request.call);
  return empty(204);
}

export const volumeRoutes: readonly Route[] = [
  { method: "GET", path: "/volumes", handle: listAll },
  { method: "GET", path: "/volumes/:name", handle: inspect },
  { method: "POST", path: "/volumes/create", handle: create },
  { method: "PUT", path: "/volumes/:name", handle: update },
  { method: "DELETE", path: "/volumes/:name", handle: remove },
];
