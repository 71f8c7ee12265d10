import type { Task } from "../../proto/generated.ts";

/**
 * The name people know a task by: its own if it has one, else `service.slot.id`, or
 * `service.node.id` for a task of a global service.
 */
export function taskName(task: Task): string {
  if (task.annotations?.name) return task.annotations.name;
  const place = task.slot === 0 ? task.nodeId : String(task.slot);
  return `${task.serviceAnnotations?.name ?? ""}.${place}.${task.id}`;
}
