import { make } from "../../proto/codec.ts";
import {
  TaskState,
  type Service,
  type ServiceTaskCounts,
  type Task,
} from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import { isJob } from "./validate/service.ts";

const observed = (task: Task): TaskState => task.status?.state ?? TaskState.NEW;

/** How many tasks the service should have now. */
function desiredCount(service: Service, tasks: readonly Task[]): number {
  const { spec } = service;
  switch (spec?.mode) {
    case "replicated":
      return spec.replicated.replicas;
    case "replicatedJob":
      return spec.replicatedJob.maxConcurrent;
    case "global":
      return tasks.filter((task) => task.desiredState === TaskState.RUNNING).length;
    case "globalJob":
      return tasks.filter(
        (task) => task.desiredState === TaskState.COMPLETE && observed(task) < TaskState.COMPLETE,
      ).length;
    case undefined:
      return 0;
  }
}

/**
 * Counts the tasks of a service: of a job only those of its current iteration. Zeros when there is
 * no such service.
 */
export function countTasks(view: StoreView, serviceId: string): ServiceTaskCounts {
  const service = view.service.get(serviceId);
  if (!service?.spec) return make("ServiceTaskCounts", { serviceId });
  const job = isJob(service.spec);
  const iteration = service.jobStatus?.jobIteration?.index ?? 0;
  const tasks = [...view.task.by("service", serviceId)].filter(
    (task) => !job || (task.jobIteration?.index ?? 0) === iteration,
  );
  const inState = (state: TaskState): number =>
    tasks.filter((task) => observed(task) === state).length;
  return make("ServiceTaskCounts", {
    serviceId,
    desired: desiredCount(service, tasks),
    running: inState(TaskState.RUNNING),
    completed: job ? inState(TaskState.COMPLETE) : 0,
  });
}
