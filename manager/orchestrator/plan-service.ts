import { TaskState, type Service, type Task } from "../../proto/generated.ts";
import type { StoreView } from "../store/tables.ts";
import { heldBy } from "./dependencies.ts";
import { dirtyTest } from "./dirty.ts";
import type { Draft } from "./draft.ts";
import type { ServiceContext } from "./service-context.ts";
import type { ServiceSlots } from "./steady.ts";

/** Plans one service of a mode from its slots, and writes the changes down in `draft`. */
export type ServicePlan = (
  ctx: ServiceContext,
  slots: ServiceSlots,
  draft: Draft,
  view: StoreView,
) => void;

/** The context of a plan for `service` on `view`. */
export function contextOf(service: Service, view: StoreView, now: number): ServiceContext {
  const node = (id: string) => view.node.get(id);
  const [cluster] = view.cluster.all();
  const held = heldBy(service, view);
  const refusal = (wanted: Service) => view.refusal("service", wanted)?.message ?? "";
  return { service, cluster, now, node, isDirty: dirtyTest(service, node), held, refusal };
}

/** Ends every task of a service that is gone, or going, for good. */
export function planRemoval(tasks: Iterable<Task>, draft: Draft): void {
  for (const task of tasks) {
    if (draft.full) return;
    if (task.desiredState < TaskState.REMOVE) draft.endStray(task, TaskState.REMOVE);
  }
}
