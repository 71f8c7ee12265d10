import { assert } from "../../lib/assert.ts";
import type { ListFilter, Config } from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import { commonFilter, parseFilters } from "../filters.ts";
import { versionOf } from "../query.ts";
import { empty, json, list, param, type Reply, type Route } from "../route.ts";
import { configJson, readConfigSpec } from "../translate/secret.ts";

const FILTER_KEYS = ["id", "name", "label"];

function readFilter(query: URLSearchParams): ListFilter {
  return commonFilter(parseFilters(query, FILTER_KEYS));
}

async function find(request: ApiRequest): Promise<Config> {
  const { consistency, call } = request;
  const ref = param(request, "id");
  const { config } = await request.control().getConfig({ ref, consistency }, call);
  assert(config, "a response to getConfig has a config");
  return config;
}

async function listAll(request: ApiRequest): Promise<Reply> {
  const control = request.control();
  const filter = readFilter(request.query);
  const { consistency, call } = request;
  const { configs } = await control.listConfigs({ filter, page: null, consistency }, call);
  return list(configs, (slice) => slice.map(configJson));
}

async function inspect(request: ApiRequest): Promise<Reply> {
  return json(configJson(await find(request)));
}

async function create(request: ApiRequest): Promise<Reply> {
  const control = request.control();
  const spec = readConfigSpec(request.body);
  const { config } = await control.createConfig({ spec }, request.call);
  assert(config, "a response to createConfig has a config");
  return json({ ID: config.id }, 201);
}

async function update(request: ApiRequest): Promise<Reply> {
  const version = versionOf(request.query, "config");
  const control = request.control();
  const spec = readConfigSpec(request.body);
  const { id } = await find(request);
  await control.updateConfig({ id, version, spec }, request.call);
  return empty();
}

async function remove(request: ApiRequest): Promise<Reply> {
  await request.control().removeConfig({ ref: param(request, "id") }, request.call);
  return empty(204);
}

export const configRoutes: readonly Route[] = [
  { method: "GET", path: "/configs", handle: listAll },
  { method: "GET", path: "/configs/:id", handle: inspect },
  { method: "POST", path: "/configs/create", handle: create },
  { method: "POST", path: "/configs/:id/update", handle: update },
  { method: "DELETE", path: "/configs/:id", handle: remove },
];
