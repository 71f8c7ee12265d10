import type { Lack, NodeLoss, ServicePlan, TaskVerdicts } from "../api/forecast-types.ts";
import { renderTable } from "./table.ts";

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;

function state({ State, Message, Err }: TaskVerdicts): string {
  return `${State}${Err || Message ? `: ${Err || Message}` : ""}\n`;
}

/** `swarm task why`: every node with what the task lacks there, and the smallest way out. */
export function whyText(verdicts: TaskVerdicts): string {
  const rows = verdicts.Nodes.flatMap((node) => {
    const here = node.NodeID === verdicts.NodeID ? `${node.Hostname} *` : node.Hostname;
    if (node.Lacks.length === 0) return [[here, "fits"]];
    const row = ({ Filter, What, Needed, Available }: Lack, at: number): readonly string[] => [
      at === 0 ? here : "",
      Filter,
      What,
      Needed,
      Available,
    ];
    return node.Lacks.map(row);
  });
  const table = renderTable([["NODE", "FILTER", "WHAT", "NEEDED", "AVAILABLE"], ...rows]);
  const way = verdicts.SmallestChange;
  return `${state(verdicts)}\n${table}${way && `\nIt would fit if you: ${way}\n`}`;
}

/** `swarm task why-not`: the same for one node, in sentences. */
export function whyNotText(verdicts: TaskVerdicts): string {
  const [node] = verdicts.Nodes;
  if (!node) return "";
  const { Hostname, Lacks, ServiceTasks, Tasks } = node;
  if (node.NodeID === verdicts.NodeID) return `The task is on ${Hostname}.\n`;
  if (Lacks.length === 0)
    return (
      `The task fits on ${Hostname}, which has ${plural(Tasks, "other task")}, ` +
      `${ServiceTasks} of them of the same service; another node came first.\n`
    );
  const lines = Lacks.map(
    (lack) =>
      `  ${lack.Filter}: ${lack.What} ${lack.Needed} is needed, there is ${lack.Available}\n`,
  );
  const way = Lacks.map((lack) => lack.Change).join(", and ");
  return `The task does not fit on ${Hostname}:\n${lines.join("")}It would if you: ${way}\n`;
}

/** `--plan` of `swarm service create` and `update`. */
export function planText(plan: ServicePlan): string {
  const { Kept, Replaced, Removed, Waiting, Explanation } = plan;
  const changes = [
    `${plural(Kept, "task")} kept`,
    `${Replaced} replaced`,
    `${Removed} removed`,
    `${plan.Placements.reduce((sum, { Tasks }) => sum + Tasks, 0)} placed`,
  ].join(", ");
  const rows = plan.Placements.map(({ Hostname, Tasks }) => [Hostname, String(Tasks)]);
  const table = rows.length === 0 ? "" : `\n${renderTable([["NODE", "NEW TASKS"], ...rows])}`;
  const waiting = Waiting === 0 ? "" : `\n${plural(Waiting, "task")} would wait: ${Explanation}\n`;
  return `${changes}\n${table}${waiting}\nNothing was changed.\n`;
}

/** `swarm node what-if`. */
export function whatIfText({ Services, KeepsQuorum }: NodeLoss): string {
  const quorum = KeepsQuorum
    ? ""
    : "The managers left are no majority: nothing could be changed.\n";
  if (Services.length === 0) return `${quorum}No service has tasks there.\n`;
  const rows = Services.map(({ Name, ServiceID, Untouched, Moved, Lost, Explanation }) => [
    Name || ServiceID,
    Lost === 0 ? "yes" : "no",
    ...[Untouched, Moved, Lost].map(String),
    Explanation,
  ]);
  const head = ["SERVICE", "SURVIVES", "UNTOUCHED", "MOVED", "LOST", "WHY"];
  return `${quorum}${renderTable([head, ...rows])}`;
}
