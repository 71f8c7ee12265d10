import type { Call } from "../../proto/call.ts";
import type {
  ControlApi,
  GetTaskRequest,
  GetTaskResponse,
  ListTasksRequest,
  ListTasksResponse,
  RemoveTaskRequest,
  RemoveTaskResponse,
} from "../../proto/generated.ts";
import { readView, type ControlModules } from "./context.ts";
import { listObjects } from "./list.ts";
import { redactTask } from "./redact.ts";

async function getTask(
  modules: ControlModules,
  request: GetTaskRequest,
  call: Call,
): Promise<GetTaskResponse> {
  const view = await readView(modules, request.consistency, call);
  return { task: redactTask(view.task.resolve(request.ref)) };
}

async function listTasks(
  modules: ControlModules,
  request: ListTasksRequest,
  call: Call,
): Promise<ListTasksResponse> {
  const view = await readView(modules, request.consistency, call);
  const { items, next } = await listObjects(modules, view, "task", request, redactTask);
  return { tasks: items, next };
}

/** Takes a task out at once, whatever it is doing; its service replaces it if it still should run. */
async function removeTask(
  { store }: ControlModules,
  request: RemoveTaskRequest,
  call: Call,
): Promise<RemoveTaskResponse> {
  await store.update((tx) => {
    tx.remove("task", tx.view.task.resolve(request.ref));
  }, call.signal);
  return {};
}

/** The calls on tasks. */
export function taskApi(modules: ControlModules) {
  return {
    getTask: (request, call) => getTask(modules, request, call),
    listTasks: (request, call) => listTasks(modules, request, call),
    removeTask: (request, call) => removeTask(modules, request, call),
  } satisfies Partial<ControlApi>;
}
