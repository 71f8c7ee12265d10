import { filtersQuery, segment } from "../api/engine.ts";
import { readTask } from "../api/read-task.ts";
import { addInspectFlags, inspectEach, type InspectFlags } from "../api/inspect.ts";
import type { TaskVerdicts } from "../api/forecast-types.ts";
import type { Task } from "../api/types.ts";
import { engineOf, type SwarmCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { answerFlag, printAnswer, type AnswerFlags } from "../flags/answer.ts";
import { groupFilters } from "../flags/filter.ts";
import { whyNotText, whyText } from "../render/forecast-text.ts";
import { readNode } from "./node/read.ts";
import { addExec } from "./reach/exec.ts";
import { addStats } from "./reach/stats.ts";
import { addTop } from "./reach/top.ts";
import { addLogs } from "./service/logs.ts";
import { addTaskListFlags, printTasks, type TaskListFlags } from "./task-list.ts";

/** `swarm task …`: docker shows tasks only by service and by node. */
export function addTaskCommands(root: SwarmCommand, context: Context): void {
  const task = root.group("task", "Look at tasks and into them");
  addExec(task, context, "TASK");
  addTaskInspect(task, context);
  addLogs(task, context, "TASK");
  addTaskLs(task, context);
  addStats(task, context);
  addTop(task, context);
  addTaskWhy(task, context);
  addTaskWhyNot(task, context);
}

function addTaskWhy(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("why")
    .description("Tell why a task waits, or what speaks against each node")
    .argument("TASK")
    .addOption(answerFlag()) as SwarmCommand;
  command.action(async (name: string, flags: AnswerFlags) => {
    const engine = await engineOf(command, context);
    const { ID } = await readTask(engine, name);
    const path = `/skep/v1/tasks/${segment(ID)}/why`;
    const verdicts = await engine.request<TaskVerdicts>({ method: "GET", path });
    printAnswer(verdicts, flags, whyText, context);
  });
}

function addTaskWhyNot(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("why-not")
    .description("Tell why a task is not on a certain node")
    .argument("TASK")
    .argument("NODE")
    .addOption(answerFlag()) as SwarmCommand;
  command.action(async (name: string, node: string, flags: AnswerFlags) => {
    const engine = await engineOf(command, context);
    const { ID } = await readTask(engine, name);
    const path = `/skep/v1/tasks/${segment(ID)}/why`;
    const query = { node: (await readNode(engine, node)).ID };
    const verdicts = await engine.request<TaskVerdicts>({ method: "GET", path, query });
    printAnswer(verdicts, flags, whyNotText, context);
  });
}

function addTaskLs(parent: SwarmCommand, context: Context): void {
  const command = parent.command("ls").alias("list").description("List the tasks of the swarm");
  addTaskListFlags(command).action(async (flags: TaskListFlags) => {
    const engine = await engineOf(command, context);
    const tasks = await engine.request<Task[]>({
      method: "GET",
      path: "/tasks",
      query: { filters: filtersQuery(groupFilters(flags.filter)) },
    });
    await printTasks(engine, tasks, flags, context);
  });
}

function addTaskInspect(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("inspect")
    .description("Display detailed information on one or more tasks")
    .argument("TASK")
    .argument("[TASK...]");
  addInspectFlags(command, false).action(
    async (first: string, rest: readonly string[], flags: InspectFlags) => {
      const engine = await engineOf(command, context);
      const read = (name: string): Promise<Task> => readTask(engine, name);
      await inspectEach([first, ...rest], flags, { read }, context);
    },
  );
}
