import type { Task } from "../api/types.ts";
import { ago, capitalize } from "./ago.ts";
import { ellipsis, familiarImage } from "./image.ts";
import type { Listing, Row } from "./listing.ts";
import { formatPorts } from "./ports.ts";

/** `service ps` and `node ps`. */
export const TASK_LISTING: Listing = {
  table:
    "{{.ID}}\t{{.Name}}\t{{.Image}}\t{{.Node}}\t{{.DesiredState}}\t{{.CurrentState}}\t" +
    "{{.Error}}\t{{.Ports}}",
  headers: {
    ID: "ID",
    Name: "NAME",
    Image: "IMAGE",
    Node: "NODE",
    DesiredState: "DESIRED STATE",
    CurrentState: "CURRENT STATE",
    Error: "ERROR",
    Ports: "PORTS",
  },
  quiet: "{{.ID}}",
};

const SHORT_ID_LENGTH = 12;
const ERROR_COLUMNS = 30;

/** What the rows say beyond the tasks themselves. */
export interface TaskView {
  /** A service's name by id; the id itself when unknown. */
  readonly serviceName: (id: string) => string;
  /** A node's host name by id; the id itself when unknown. */
  readonly nodeName: (id: string) => string;
  readonly noTrunc: boolean;
  /** In a table a slot's older tasks hang under its newest one; elsewhere names are plain. */
  readonly isTable: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Rows by name, the newest task of a slot first and its predecessors under it. */
export function taskRows(tasks: readonly Task[], view: TaskView): readonly Row[] {
  const byName = new Intl.Collator("en", { numeric: true });
  const named = tasks
    .map((task) => ({ task, name: taskName(task, view) }))
    .toSorted(
      (a, b) => byName.compare(a.name, b.name) || b.task.CreatedAt.localeCompare(a.task.CreatedAt),
    );
  return named.map(({ task, name }, index) => ({
    ID: view.noTrunc ? task.ID : task.ID.slice(0, SHORT_ID_LENGTH),
    Name: view.isTable && named[index - 1]?.name === name ? ` \\_ ${name}` : name,
    Image: imageOf(task, view),
    Node: task.NodeID ? view.nodeName(task.NodeID) : "",
    DesiredState: capitalize(task.DesiredState),
    CurrentState: currentState(task, view),
    Error: errorOf(task, view),
    Ports: formatPorts(task.Status.PortStatus?.Ports ?? []),
  }));
}

/** `service.slot`, or `service.node` for a global service's task; the bare id without a service. */
export function taskName(task: Task, view: Pick<TaskView, "serviceName">): string {
  const service = task.ServiceID ? view.serviceName(task.ServiceID) : "";
  if (service === "") return task.Name ?? task.ID;
  return `${service}.${task.Slot ? task.Slot : (task.NodeID ?? task.ID)}`;
}

function currentState({ Status }: Task, { now }: TaskView): string {
  return `${capitalize(Status.State)} ${ago(Status.Timestamp, now).toLowerCase()}`.trimEnd();
}

function imageOf(task: Task, view: TaskView): string {
  const image = task.Spec.ContainerSpec?.Image ?? "";
  return view.noTrunc ? image : familiarImage(image);
}

function errorOf(task: Task, view: TaskView): string {
  const text = task.Status.Err ?? "";
  if (text === "") return "";
  return `"${view.noTrunc ? text : ellipsis(text, ERROR_COLUMNS)}"`;
}
