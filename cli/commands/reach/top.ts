import { segment } from "../../api/engine.ts";
import { readTask } from "../../api/read-task.ts";
import { engineOf, type SwarmCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { CLIENT_HEADER } from "../../reach/find-task.ts";
import { renderTable } from "../../render/table.ts";

/** `swarm task top TASK`. */
export function addTop(parent: SwarmCommand, context: Context): void {
  const command = parent
    .command("top")
    .description("Display the processes of a running task")
    .argument("TASK");
  command.action(async (name: string) => {
    const engine = await engineOf(command, context);
    const { ID } = await readTask(engine, name);
    const { Titles, Processes } = await engine.request<{
      readonly Titles: readonly string[];
      readonly Processes: readonly (readonly string[])[];
    }>({
      method: "GET",
      path: `/skep/v1/tasks/${segment(ID)}/top`,
      headers: { [CLIENT_HEADER]: context.client },
    });
    context.out.write(renderTable([Titles, ...Processes]));
  });
}
