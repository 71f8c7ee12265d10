import { assert } from "../../lib/assert.ts";
import { Recent } from "../../lib/recent.ts";
import { make } from "../../proto/codec.ts";
import type { ListFilter, Network, Task } from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import { commonFilter, enumFilter, parseFilters } from "../filters.ts";
import { json, JsonText, list, param, type Reply, type Route } from "../route.ts";
import type { Json } from "../translate/common.ts";
import { TASK_STATES, taskJson } from "../translate/task.ts";
import { listNetworks } from "./networks.ts";
import { findNode } from "./nodes.ts";
import { findService, SHOWN_RUNTIMES } from "./services.ts";

const FILTER_KEYS = [
  "id",
  "name",
  "label",
  "service",
  "node",
  "desired-state",
  "_up-to-date",
  "runtime",
];

/** Tasks whose text is kept: some megabytes, and more tasks than anybody watches. */
const TEXTS_MAX = 1_024;

/** Whoever watches a service lists its tasks again and again, of which most are what they were. */
const texts = new Recent<Task, JsonText>(TEXTS_MAX);

/** A task for a list. It never changes, but networks that it is on may come and go. */
function listed(task: Task, networks: ReadonlyMap<string, Network>): Json | JsonText {
  if (task.networks.length > 0) return taskJson(task, networks);
  const known = texts.get(task);
  if (known) return known;
  const text = new JsonText(taskJson(task, networks));
  texts.set(task, text);
  return text;
}

/** Services and nodes may be given by id, name or id prefix; one that does not exist is a 404. */
async function readFilter(request: ApiRequest): Promise<ListFilter> {
  const filters = parseFilters(request.query, FILTER_KEYS);
  const serviceIds: string[] = [];
  for (const ref of filters.get("service") ?? [])
    serviceIds.push((await findService(request, ref)).id);
  const nodeIds: string[] = [];
  for (const ref of filters.get("node") ?? []) nodeIds.push((await findNode(request, ref)).id);
  return make("ListFilter", {
    ...commonFilter(filters),
    serviceIds,
    nodeIds,
    desiredStates: enumFilter(filters, "desired-state", TASK_STATES),
    upToDate: filters.has("_up-to-date"),
    runtimes: filters.get("runtime") ?? SHOWN_RUNTIMES,
  });
}

/** The task that `ref` names: id, name or id prefix. Throws 404. */
export async function findTask(request: ApiRequest, ref: string): Promise<Task> {
  const { consistency, call } = request;
  const { task } = await request.control().getTask({ ref, consistency }, call);
  assert(task, "a response to getTask has a task");
  return task;
}

/** The networks that `tasks` are attached to, by id. */
async function networksOf(
  request: ApiRequest,
  tasks: readonly Task[],
): Promise<ReadonlyMap<string, Network>> {
  if (tasks.every((task) => task.networks.length === 0)) return new Map();
  const networks = await listNetworks(request);
  return new Map(networks.map((network) => [network.id, network]));
}

async function listAll(request: ApiRequest): Promise<Reply> {
  const control = request.control();
  const filter = await readFilter(request);
  const { consistency, call } = request;
  const { tasks } = await control.listTasks({ filter, page: null, consistency }, call);
  const networks = await networksOf(request, tasks);
  return list(tasks, (slice) => slice.map((task) => listed(task, networks)));
}

async function inspect(request: ApiRequest): Promise<Reply> {
  const task = await findTask(request, param(request, "id"));
  return json(taskJson(task, await networksOf(request, [task])));
}

export const taskRoutes: readonly Route[] = [
  { method: "GET", path: "/tasks", handle: listAll },
  { method: "GET", path: "/tasks/:id", handle: inspect },
];
