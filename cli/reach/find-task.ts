import { isSwarmError, SwarmError } from "../../lib/errors.ts";
import type { Option } from "commander";
import { segment, type Engine } from "../api/engine.ts";
import { readTask, tasksOf } from "../api/read-task.ts";
import type { Service } from "../api/service-types.ts";
import type { Task } from "../api/types.ts";
import { readNode } from "../commands/node/read.ts";
import { textFlag, uintFlag } from "../flags/option.ts";
import { chooseTask } from "./choose-task.ts";

/** Tells swarmd who asks, for its audit log. */
export const CLIENT_HEADER = "X-Skep-Client";

/** Which task is meant when a service is named. */
export interface ChoiceFlags {
  readonly task?: string;
  readonly slot?: number;
  readonly node?: string;
}

/** The flags of {@link ChoiceFlags}. */
export function choiceFlags(): readonly Option[] {
  return [
    textFlag("task", "Of a service, the task with this ID"),
    uintFlag("slot", "Of a service, the task in this slot"),
    textFlag("node", "Of a service, a task on this node"),
  ];
}

/** What `read` finds; undefined when there is no such thing. */
async function ifThere<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (isSwarmError(error, "not-found")) return undefined;
    throw error;
  }
}

/** The service that `name` means, or else the task. Throws `not-found`. */
export async function findTarget(
  engine: Engine,
  name: string,
): Promise<{ readonly service: Service } | { readonly task: Task }> {
  const path = `/services/${segment(name)}`;
  const service = await ifThere(engine.request<Service>({ method: "GET", path }));
  if (service) return { service };
  const task = await ifThere(readTask(engine, name));
  if (task) return { task };
  throw new SwarmError("not-found", `no such task or service: ${name}`);
}

/** The one task that `name`, a service or a task, and the flags mean. */
export async function findTask(engine: Engine, name: string, flags: ChoiceFlags): Promise<Task> {
  const target = await findTarget(engine, name);
  if ("task" in target) return target.task;
  const { service } = target;
  const nodeId = flags.node === undefined ? undefined : (await readNode(engine, flags.node)).ID;
  return chooseTask(service.Spec.Name ?? service.ID, await tasksOf(engine, service.ID), {
    ...(flags.slot === undefined ? {} : { slot: flags.slot }),
    ...(flags.task === undefined ? {} : { taskId: flags.task }),
    ...(nodeId === undefined ? {} : { nodeId }),
  });
}
