import { SwarmError } from "../../lib/errors.ts";
import { TaskState, type ReachAsk, type Task } from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import { auditCommand, type AuditEntry } from "./audit-log.ts";

/** Tasks that one ask for their usage may name. */
const TASKS_MAX = 1_000;
/** Bytes of a command and its environment, as much as Linux takes for one argument. */
const COMMAND_BYTES_MAX = 128 << 10;
const PORT_MAX = 65_535;
/** Terminals have no more rows or columns than fit 16 bits. */
const WINDOW_MAX = 65_535;
const CLIENT_CHARS_MAX = 128;

/** What each kind of ask is called in the audit log. */
const ACTIONS = {
  exec: "exec",
  top: "top",
  stats: "stats",
  dial: "port-forward",
} as const;

/** An ask that makes sense, and the tasks it is about, all on one node. */
export interface CheckedAsk {
  readonly ask: ReachAsk;
  readonly action: AuditEntry["action"];
  readonly nodeId: string;
  readonly tasks: readonly Task[];
}

function invalid(message: string): SwarmError {
  return new SwarmError("invalid", message);
}

function runningTask(view: StoreView, id: string): Task {
  const task = view.task.get(id);
  if (!task) throw new SwarmError("not-found", `task ${id} not found`);
  const state = task.status?.state ?? TaskState.NEW;
  if (task.nodeId !== "" && state >= TaskState.STARTING && state <= TaskState.RUNNING) return task;
  const [name = "unknown"] = Object.entries(TaskState).find(([, value]) => value === state) ?? [];
  throw new SwarmError(
    "failed-precondition",
    `task ${id} does not run: it is ${name.toLowerCase()}`,
  );
}

function checkKind(ask: ReachAsk): AuditEntry["action"] {
  switch (ask.kind) {
    case "exec": {
      const { command, env, terminal } = ask.exec;
      if (!command[0]) throw invalid("a command is needed");
      const bytes = [...command, ...env].reduce((sum, word) => sum + Buffer.byteLength(word), 0);
      if (bytes > COMMAND_BYTES_MAX) throw invalid("the command and its environment are too long");
      if ([...command, ...env].some((word) => word.includes("\0")))
        throw invalid("the command and its environment must not hold a zero byte");
      if (terminal && (terminal.rows > WINDOW_MAX || terminal.columns > WINDOW_MAX))
        throw invalid("no terminal is that large");
      return ACTIONS.exec;
    }
    case "dial":
      if (ask.dial.port < 1 || ask.dial.port > PORT_MAX)
        throw invalid(`port ${ask.dial.port} is not between 1 and ${PORT_MAX}`);
      return ACTIONS.dial;
    case "top":
    case "stats":
      return ACTIONS[ask.kind];
    default:
      throw invalid("the ask is of an unknown kind");
  }
}

/**
 * Checks an ask against the state of the cluster.
 * @throws SwarmError `invalid`, `not-found`, `failed-precondition` when a task does not run
 */
export function checkAsk(view: StoreView, ask: ReachAsk): CheckedAsk {
  const action = checkKind(ask);
  const ids = [...new Set(ask.taskIds)];
  if (ids.length === 0) throw invalid("no task is named");
  if (ids.length > (action === "stats" ? TASKS_MAX : 1)) throw invalid("too many tasks are named");
  const tasks = ids.map((id) => runningTask(view, id));
  const nodeId = tasks[0]?.nodeId ?? "";
  if (tasks.some((task) => task.nodeId !== nodeId))
    throw invalid("the tasks of one ask must be on one node");
  return { ask, action, nodeId, tasks };
}

/** What the audit log says of an ask, but for when and how it went. */
export function auditFields({
  ask,
  action,
  nodeId,
  tasks,
}: CheckedAsk): Omit<AuditEntry, "time" | "id" | "event" | "manager"> {
  const fields = {
    action,
    client: ask.client.slice(0, CLIENT_CHARS_MAX),
    tasks: tasks.map(({ id }) => id),
    services: [...new Set(tasks.map(({ serviceId }) => serviceId))],
    node: nodeId,
  };
  if (ask.kind === "dial") return { ...fields, port: ask.dial.port };
  if (ask.kind !== "exec") return fields;
  const { command, env, user } = ask.exec;
  return {
    ...fields,
    command: auditCommand(command),
    ...(env.length > 0 ? { env: env.map((entry) => entry.split("=", 1)[0] ?? "") } : {}),
    ...(user === "" ? {} : { user }),
  };
}
