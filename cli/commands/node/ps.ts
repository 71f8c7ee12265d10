import { forEachName } from "../../api/each.ts";
import { filtersQuery } from "../../api/engine.ts";
import type { Task } from "../../api/types.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { groupFilters } from "../../flags/filter.ts";
import { addTaskListFlags, printTasks, type TaskListFlags } from "../task-list.ts";
import { readNode } from "./read.ts";

/** `swarm node ps`. */
export function addNodePs(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("ps")
    .description("List tasks running on one or more nodes, defaults to current node")
    .argument("[NODE...]");
  addTaskListFlags(command).action(async (names: readonly string[], flags: TaskListFlags) => {
    const engine = await engineOf(command, context);
    const tasks: Task[] = [];
    try {
      await forEachName(names.length === 0 ? ["self"] : names, context, async (name) => {
        const node = await readNode(engine, name);
        const filters = { ...groupFilters(flags.filter), node: [node.ID] };
        tasks.push(
          ...(await engine.request<Task[]>({
            method: "GET",
            path: "/tasks",
            query: { filters: filtersQuery(filters) },
          })),
        );
      });
    } finally {
      if (tasks.length > 0 || !context.signal.aborted)
        await printTasks(engine, tasks, flags, context);
    }
  });
}
