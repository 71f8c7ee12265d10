import { assert } from "../../lib/assert.ts";
import { make } from "../../proto/codec.ts";
import type { ListFilter, Secret } from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import { commonFilter, parseFilters } from "../filters.ts";
import { versionOf } from "../query.ts";
import { empty, json, list, param, type Reply, type Route } from "../route.ts";
import { readSecretSpec, secretJson } from "../translate/secret.ts";

const FILTER_KEYS = ["id", "name", "names", "label"];

function readFilter(query: URLSearchParams): ListFilter {
  const filters = parseFilters(query, FILTER_KEYS);
  return make("ListFilter", { ...commonFilter(filters), names: filters.get("names") ?? [] });
}

async function find(request: ApiRequest): Promise<Secret> {
  const { consistency, call } = request;
  const ref = param(request, "id");
  const { secret } = await request.control().getSecret({ ref, consistency }, call);
  assert(secret, "a response to getSecret has a secret");
  return secret;
}

async function listAll(request: ApiRequest): Promise<Reply> {
  const control = request.control();
  const filter = readFilter(request.query);
  const { consistency, call } = request;
  const { secrets } = await control.listSecrets({ filter, page: null, consistency }, call);
  return list(secrets, (slice) => slice.map(secretJson));
}

async function inspect(request: ApiRequest): Promise<Reply> {
  return json(secretJson(await find(request)));
}

async function create(request: ApiRequest): Promise<Reply> {
  const control = request.control();
  const spec = readSecretSpec(request.body);
  const { secret } = await control.createSecret({ spec }, request.call);
  assert(secret, "a response to createSecret has a secret");
  return json({ ID: secret.id }, 201);
}

async function update(request: ApiRequest): Promise<Reply> {
  const version = versionOf(request.query, "secret");
  const control = request.control();
  const spec = readSecretSpec(request.body);
  const { id } = await find(request);
  await control.updateSecret({ id, version, spec }, request.call);
  return empty();
}

async function remove(request: ApiRequest): Promise<Reply> {
  await request.control().removeSecret({ ref: param(request, "id") }, request.call);
  return empty(204);
}

export const secretRoutes: readonly Route[] = [
  { method: "GET", path: "/secrets", handle: listAll },
  { method: "GET", path: "/secrets/:id", handle: inspect },
  { method: "POST", path: "/secrets/create", handle: create },
  { method: "POST", path: "/secrets/:id/update", handle: update },
  { method: "DELETE", path: "/secrets/:id", handle: remove },
];
