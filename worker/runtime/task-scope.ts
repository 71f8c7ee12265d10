import type { Task } from "../../proto/generated.ts";
import type { TemplateScope } from "./template.ts";

/** What templates may know of the node. */
export interface NodeScope {
  readonly nodeId: string;
  readonly hostname: string;
  readonly architecture: string;
  readonly os: string;
}

/** The slot of a replicated task; a global task is known by its node. */
export function slotOf(task: Task): string {
  return task.slot === 0 ? task.nodeId : String(task.slot);
}

/** `<service>.<slot>.<task id>`, unless the task has a name of its own. */
export function taskName(task: Task): string {
  const own = task.annotations?.name;
  if (own) return own;
  return `${task.serviceAnnotations?.name ?? ""}.${slotOf(task)}.${task.id}`;
}

/** The fields that templates in a task's spec can use; swarm mode's names. */
export function taskScope(task: Task, node: NodeScope): TemplateScope {
  return {
    Service: {
      ID: task.serviceId,
      Name: task.serviceAnnotations?.name ?? "",
      Labels: task.serviceAnnotations?.labels ?? {},
    },
    Node: {
      ID: node.nodeId,
      Hostname: node.hostname,
      Platform: { Architecture: node.architecture, OS: node.os },
    },
    Task: { ID: task.id, Name: taskName(task), Slot: slotOf(task) },
  };
}
