import { IMAGE } from "../../engine.ts";
import { del, filtered, get, gets, post, type Step } from "../step.ts";

const task = (more: object = {}): object => ({
  ContainerSpec: { Image: IMAGE, Command: ["sleep", "3600"], StopGracePeriod: 1e9 },
  ...more,
});
const once = (command: string): object => ({ ContainerSpec: { Image: IMAGE, Command: [command] } });
type Tasks = readonly { readonly Status: { readonly State: string } }[];
const running =
  (count: number) =>
  (tasks: Tasks): boolean =>
    tasks.filter(({ Status }) => Status.State === "running").length === count;
const completed =
  (count: number) =>
  (services: readonly { readonly ServiceStatus?: { readonly CompletedTasks?: number } }[]) =>
    (services[0]?.ServiceStatus?.CompletedTasks ?? 0) >= count;
const counted = (name: string): string =>
  `/services?status=true&filters=${encodeURIComponent(JSON.stringify({ name: [name] }))}`;
const read = get("/services/web", { learn: { v: "Version.Index" } });
const spec = (more: object = {}): object => ({
  Name: "web",
  TaskTemplate: task(),
  Mode: { Replicated: { Replicas: 2 } },
  ...more,
});
const update = (body: unknown, query = ""): Step =>
  post(`/services/{web}/update?version={v}${query}`, body);

/** A service from creation through lists, filters, updates and rollback to its end. */
export const LIFE: readonly Step[] = [
  post("/services/create", spec({ Labels: { tier: "front", empty: "" } }), {
    learn: { web: "ID" },
  }),
  post("/services/create", spec()),
  post("/services/create", { Name: "WEB", TaskTemplate: task() }),
  ...gets("/services/web", "/services/{web}", "/services/nope"),
  filtered(
    "/tasks",
    { service: ["web"] },
    { until: running(2), compare: "fields", learn: { task: "0.ID" } },
  ),
  get("/tasks/{task}", { compare: "fields" }),
  ...gets("/services?status=true", "/v1.40/services?status=true", "/services?status=maybe"),
  ...[
    { name: ["we"] },
    { id: ["{web}"] },
    { label: ["tier"] },
    { label: ["tier=front"] },
    { label: ["tier=x"] },
    { label: ["empty"] },
    { label: ["empty="] },
    { mode: ["replicated"] },
    { mode: ["global"] },
    { mode: ["x"] },
    { runtime: ["container"] },
    { runtime: ["plugin"] },
    { bogus: ["x"] },
  ].map((filter) => filtered("/services", filter)),
  ...[
    { name: ["web.1"] },
    { name: ["web"] },
    { id: ["{task}"] },
    { label: ["tier=front"] },
    { service: ["nope"] },
    { service: ["{web}"] },
    { node: ["{node}"] },
    { node: ["self"] },
    { "desired-state": ["running"] },
    { "desired-state": ["shutdown"] },
    { "desired-state": ["x"] },
    { "_up-to-date": ["true"] },
    { runtime: ["container"] },
    { runtime: ["plugin"] },
    { bogus: ["x"] },
  ].map((filter) => filtered("/tasks", filter, { compare: "fields" })),
  get("/tasks/nope"),
  del("/tasks/{task}"),
  post("/services/{web}/update", {}),
  post("/services/{web}/update?version=x", {}),
  post("/services/{web}/update?version=1", spec()),
  post("/services/nope/update?version=1", spec()),
  read,
  update(spec({ Name: "other" })),
  update(spec({ Mode: { Global: {} } })),
  update(spec(), "&rollback=weird"),
  update(spec(), "&rollback=previous"),
  update(spec(), "&registryAuthFrom=weird"),
  update(spec(), "&registryAuthFrom=previous-spec"),
  update(
    spec({
      Labels: { tier: "back" },
      TaskTemplate: task({ ForceUpdate: 1 }),
      UpdateConfig: { Parallelism: 0, Monitor: 1e8 },
    }),
  ),
  get("/services/web", {
    until: (service: { UpdateStatus?: { State: string } }) =>
      service.UpdateStatus?.State === "completed",
  }),
  ...gets("/services/web/logs", "/services/web/logs?stdout=0", "/services/nope/logs?stdout=1"),
  ...gets("/services/web/logs?stdout=1&tail=x", "/tasks/nope/logs?stdout=1"),
  get("/services/web/logs?stdout=1"),
  read,
  update({ Name: "web", TaskTemplate: task() }, "&rollback=previous"),
  get("/services/web", { compare: "fields" }),
  del("/services/{web}"),
  del("/services/web"),
  filtered("/tasks", { name: ["web"] }, { until: (tasks: Tasks) => tasks.length === 0 }),
];

/** Jobs, services on every node and tasks that fail. */
export const MODES: readonly Step[] = [
  post("/services/create", {
    Name: "job",
    TaskTemplate: once("true"),
    Mode: { ReplicatedJob: { TotalCompletions: 2 } },
  }),
  get("/services/job"),
  get(counted("job"), { until: completed(2) }),
  // Slots of jobs are numbered from 1 (decision 5), with Docker from 0, which is left out.
  filtered("/tasks", { service: ["job"] }, { compare: "nothing" }),
  get("/services/job", { learn: { v: "Version.Index" } }),
  post("/services/job/update?version={v}", {
    Name: "job",
    TaskTemplate: once("true"),
    Mode: { ReplicatedJob: { TotalCompletions: 1 } },
  }),
  get("/services/job"),
  del("/services/job"),
  post("/services/create", { Name: "glob", TaskTemplate: task(), Mode: { Global: {} } }),
  filtered("/tasks", { service: ["glob"] }, { until: running(1), compare: "fields" }),
  filtered("/tasks", { name: ["glob.{node}"] }, { compare: "fields" }),
  get("/services/glob"),
  del("/services/glob"),
  post("/services/create", {
    Name: "globjob",
    TaskTemplate: once("true"),
    Mode: { GlobalJob: {} },
  }),
  get(counted("globjob"), { until: completed(1) }),
  del("/services/globjob"),
  post("/services/create", {
    Name: "fail",
    TaskTemplate: { ...once("false"), RestartPolicy: { Condition: "none" } },
  }),
  filtered(
    "/tasks",
    { service: ["fail"] },
    { until: (tasks: Tasks) => tasks[0]?.Status.State === "failed", compare: "fields" },
  ),
  del("/services/fail"),
];

/** What the local engine answers behind Skep. */
export const LOCAL: readonly Step[] = [
  post("/volumes/create", { Name: "lv" }, { compare: "fields" }),
  get("/volumes/lv", { compare: "fields" }),
  del("/volumes/lv"),
  ...gets("/volumes/nope", "/containers/nope/json", "/images/nope/json", "/exec/nope/json"),
  ...["/containers/json?all=1", "/images/json", "/system/df"].map((path) =>
    get(path, { compare: "nothing" }),
  ),
  post("/containers/create?name=c1", { Image: IMAGE, Cmd: ["true"] }, { learn: { c1: "Id" } }),
  get("/containers/c1/json", { compare: "fields" }),
  post("/containers/c1/start"),
  post("/containers/c1/wait"),
  del("/containers/c1?force=1"),
  post("/volumes/prune", undefined, { compare: "nothing" }),
  get("/events?since=1&until=2"),
  get("/events?since=x&until=1"),
];
