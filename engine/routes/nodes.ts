import { assert } from "../../lib/assert.ts";
import { make } from "../../proto/codec.ts";
import type { ListFilter, Node } from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import { commonFilter, enumFilter, labelFilters, parseFilters } from "../filters.ts";
import { looseFlag, versionOf } from "../query.ts";
import { empty, json, list, param, type Reply, type Route } from "../route.ts";
import { MEMBERSHIPS, nodeJson, readNodeSpec, ROLES } from "../translate/node.ts";

const FILTER_KEYS = ["id", "name", "label", "node.label", "role", "membership"];

function readFilter(query: URLSearchParams): ListFilter {
  const filters = parseFilters(query, FILTER_KEYS);
  return make("ListFilter", {
    ...commonFilter(filters),
    nodeLabels: labelFilters(filters, "node.label"),
    roles: enumFilter(filters, "role", ROLES),
    memberships: enumFilter(filters, "membership", MEMBERSHIPS),
  });
}

/** The node that `ref` names: id, host name or id prefix. Throws 404. */
export async function findNode(request: ApiRequest, ref: string): Promise<Node> {
  const { consistency, call } = request;
  const { node } = await request.control().getNode({ ref, consistency }, call);
  assert(node, "a response to getNode has a node");
  return node;
}

async function listAll(request: ApiRequest): Promise<Reply> {
  const control = request.control();
  const filter = readFilter(request.query);
  const { consistency, call } = request;
  const { nodes } = await control.listNodes({ filter, page: null, consistency }, call);
  return list(nodes, (slice) => slice.map(nodeJson));
}

async function inspect(request: ApiRequest): Promise<Reply> {
  return json(nodeJson(await findNode(request, param(request, "id"))));
}

async function update(request: ApiRequest): Promise<Reply> {
  const version = versionOf(request.query, "node");
  const control = request.control();
  const spec = readNodeSpec(request.body);
  const { id } = await findNode(request, param(request, "id"));
  await control.updateNode({ id, version, spec }, request.call);
  return empty();
}

async function remove(request: ApiRequest): Promise<Reply> {
  const force = looseFlag(request.query, "force");
  await request.control().removeNode({ ref: param(request, "id"), force }, request.call);
  return empty();
}

export const nodeRoutes: readonly Route[] = [
  { method: "GET", path: "/nodes", handle: listAll },
  { method: "GET", path: "/nodes/:id", handle: inspect },
  { method: "POST", path: "/nodes/:id/update", handle: update },
  { method: "DELETE", path: "/nodes/:id", handle: remove },
];
