import { make } from "../../proto/codec.ts";
import { ScheduleConcurrency, TaskState, type Service, type Task } from "../../proto/generated.ts";
import type { Draft } from "./draft.ts";
import { planRestarts } from "./plan-restarts.ts";
import { planStarts } from "./plan-starts.ts";
import type { ServiceContext } from "./service-context.ts";
import { groupTasks, type Slot, type SlotRule, type Slots } from "./slot.ts";
import { hasEnded, indexOf, isCompleted, isDrained, isLost, isWanted } from "./task-state.ts";

/** The number of the run that `service`, a job, is at. */
export function runNumber(service: Service): number {
  return indexOf(service.jobStatus?.jobIteration ?? null);
}

/** Whether several runs of the job may go on side by side. */
function runsSideBySide({ spec }: Service): boolean {
  return spec?.schedule?.concurrency === ScheduleConcurrency.ALLOW;
}

/**
 * The slots of the job's present run alone. What still runs of earlier runs is ended, and keeps
 * its slot occupied until it has stopped; where runs go on side by side, each finishes what it
 * has begun instead, under the restart policy. What has ended is history.
 */
export function presentRun(ctx: ServiceContext, slots: Slots, rule: SlotRule, draft: Draft): Slots {
  const tasks = [...slots.values()].flatMap(({ wanted, past }) => [...wanted, ...past]);
  const sideBySide = runsSideBySide(ctx.service);
  if (sideBySide) planSideRuns(ctx, tasks, rule, draft);
  const present = runNumber(ctx.service);
  const isPresent = (task: Task): boolean => indexOf(task.jobIteration) === present;
  const run = groupTasks(
    tasks.filter((task) => isPresent(task) || (!sideBySide && !hasEnded(task))),
    rule,
  );
  for (const slot of run.values())
    for (const task of [...slot.wanted, ...slot.past])
      if (!isPresent(task) && !draft.full) draft.end(slot, task, TaskState.REMOVE);
  return run;
}

function planSideRuns(
  ctx: ServiceContext,
  tasks: readonly Task[],
  rule: SlotRule,
  draft: Draft,
): void {
  const present = runNumber(ctx.service);
  const open = tasks.filter((task) => isWanted(task) && !isCompleted(task));
  for (const index of new Set(open.map((task) => indexOf(task.jobIteration)))) {
    if (index === present) continue;
    const jobStatus = make("JobStatus", { ...ctx.service.jobStatus, jobIteration: { index } });
    const side = { ...ctx, service: { ...ctx.service, jobStatus } };
    const own = tasks.filter((task) => indexOf(task.jobIteration) === index);
    const slots = [...groupTasks(own, rule).values()].filter((slot) => isTenable(ctx, slot));
    planRestarts(side, slots, draft);
    planStarts(side, slots, draft);
  }
}

/** Whether a task can follow in the slot: always, unless the slot is a node that is gone. */
function isTenable({ node }: ServiceContext, { nodeId }: Slot): boolean {
  return nodeId === "" || !(isLost(node(nodeId)) || isDrained(node(nodeId)));
}
