import { SwarmError } from "../../lib/errors.ts";
import { make } from "../../proto/codec.ts";
import type { ApiRequest } from "../api-request.ts";
import { looseFlag } from "../query.ts";
import { dialTakeover } from "../reach/dial.ts";
import { execTakeover } from "../reach/exec.ts";
import { openReach } from "../reach/open.ts";
import { sampleLines } from "../reach/samples.ts";
import { badRequest } from "../request-error.ts";
import { json, param, type Reply, type Route } from "../route.ts";
import type { Takeover, UpgradeRoute } from "../upgrades.ts";
import { findTask } from "./tasks.ts";

/** Time between two samples of a task's usage; docker's. */
const STATS_PERIOD_MS = 1_000;
/** Tasks that one request may ask the usage of. */
const STATS_TASKS_MAX = 1_000;

/** Runs a command in a task: `{Command, Env, User, Dir, Stdin, Tty, Rows, Columns}`. */
async function exec(request: ApiRequest): Promise<Takeover> {
  const { body } = request;
  const { id } = await findTask(request, param(request, "id"));
  const window = { rows: body.unsigned("Rows"), columns: body.unsigned("Columns") };
  const ask = make("ExecAsk", {
    command: body.texts("Command"),
    env: body.texts("Env"),
    user: body.text("User"),
    dir: body.text("Dir"),
    stdin: body.flag("Stdin") ?? false,
    terminal: body.flag("Tty") ? make("TerminalWindow", window) : null,
  });
  return execTakeover(openReach(request, { kind: "exec", exec: ask, taskIds: [id] }));
}

/** Connects to a TCP port of a task: `?port=`. */
async function dial(request: ApiRequest): Promise<Takeover> {
  const port = Number(request.query.get("port"));
  if (!Number.isInteger(port)) throw badRequest("port must be a number");
  const { id } = await findTask(request, param(request, "id"));
  const ask = make("DialAsk", { port });
  return dialTakeover(openReach(request, { kind: "dial", dial: ask, taskIds: [id] }));
}

/** The processes of a task, in the JSON of Docker's `top`. */
async function top(request: ApiRequest): Promise<Reply> {
  const { id } = await findTask(request, param(request, "id"));
  const reach = openReach(request, { kind: "top", top: {}, taskIds: [id] });
  for await (const output of reach.outputs) {
    if (output.kind !== "processes") continue;
    const { titles, rows } = output.processes;
    return json({ Titles: titles, Processes: rows.map(({ cells }) => cells) });
  }
  throw new SwarmError("internal", "the node did not say what runs in the task");
}

/** What tasks use: `?task=ID,ID…`, with `&stream=1` every second. */
async function stats(request: ApiRequest): Promise<Reply> {
  const refs = (request.query.get("task") ?? "").split(",").filter((ref) => ref !== "");
  if (refs.length === 0 || refs.length > STATS_TASKS_MAX)
    throw badRequest(`name between 1 and ${STATS_TASKS_MAX} tasks`);
  const tasks = await Promise.all(refs.map((ref) => findTask(request, ref)));
  const periodMs = looseFlag(request.query, "stream") ? STATS_PERIOD_MS : 0;
  return {
    kind: "stream",
    headers: { "Content-Type": "application/x-ndjson" },
    chunks: sampleLines(request, tasks, periodMs),
  };
}

/** Only with `Upgrade: tcp`: the connection becomes the command's, or the port's. */
function wantsUpgrade(): never {
  throw badRequest("this request takes its connection over: send Connection: Upgrade");
}

/** Ways into running tasks, which Docker has for containers of one machine only. */
export const reachRoutes: readonly Route[] = [
  { method: "GET", path: "/skep/v1/tasks/:id/top", handle: top },
  { method: "GET", path: "/skep/v1/stats", streams: true, handle: stats },
  { method: "POST", path: "/skep/v1/tasks/:id/exec", handle: wantsUpgrade },
  { method: "POST", path: "/skep/v1/tasks/:id/dial", handle: wantsUpgrade },
];

/** Those that take their connection over. */
export const reachUpgrades: readonly UpgradeRoute[] = [
  { method: "POST", path: "/skep/v1/tasks/:id/exec", open: exec },
  { method: "POST", path: "/skep/v1/tasks/:id/dial", open: dial },
];
