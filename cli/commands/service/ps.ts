import { isSwarmError } from "../../../lib/errors.ts";
import { PartialFailure } from "../../api/each.ts";
import { filtersQuery, type Engine } from "../../api/engine.ts";
import type { Task } from "../../api/types.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { groupFilters } from "../../flags/filter.ts";
import { addTaskListFlags, printTasks, type TaskListFlags } from "../task-list.ts";
import { readNode } from "../node/read.ts";
import { readService } from "./read.ts";

/** `swarm service ps`. */
export function addServicePs(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("ps")
    .description("List the tasks of one or more services")
    .argument("SERVICE")
    .argument("[SERVICE...]");
  addTaskListFlags(command).action(
    async (first: string, rest: readonly string[], flags: TaskListFlags) => {
      const engine = await engineOf(command, context);
      const { ids, missing } = await findServices(engine, [first, ...rest]);
      if (ids.length > 0) {
        const filters = await resolveSelf(engine, groupFilters(flags.filter));
        const tasks = await engine.request<Task[]>({
          method: "GET",
          path: "/tasks",
          query: { filters: filtersQuery({ ...filters, service: ids }) },
        });
        await printTasks(engine, tasks, flags, context);
      }
      for (const text of missing) context.err.write(`swarm: ${text}\n`);
      if (missing.length > 0) throw new PartialFailure(1);
    },
  );
}

async function findServices(
  engine: Engine,
  names: readonly string[],
): Promise<{ readonly ids: readonly string[]; readonly missing: readonly string[] }> {
  const ids: string[] = [];
  const missing: string[] = [];
  for (const name of names) {
    try {
      ids.push((await readService(engine, name)).ID);
    } catch (error) {
      if (!isSwarmError(error, "not-found")) throw error;
      missing.push(error.message);
    }
  }
  return { ids, missing };
}

/** The engine does not know `--filter node=self`. */
async function resolveSelf(
  engine: Engine,
  filters: Readonly<Record<string, readonly string[]>>,
): Promise<Readonly<Record<string, readonly string[]>>> {
  if (!filters["node"]?.includes("self")) return filters;
  const self = await readNode(engine, "self");
  return {
    ...filters,
    node: filters["node"].map((name) => (name === "self" ? self.ID : name)),
  };
}
