import { managerMutant, type Mutant } from "./mutant.ts";

/** Bugs in the store, the controllers, the scheduler and the dispatcher. */
export const MANAGER_MUTANTS: readonly Mutant[] = [
  managerMutant(
    ["crash-loop-without-backoff", "crashes in a row are restarted after the plain delay"],
    [
      "orchestrator/restart-policy.ts",
      "if (crashes <= CRASHES_WITHOUT_BACKOFF) return delayMs;",
      "if (crashes > 0) return delayMs;",
    ],
  ),
  managerMutant(
    ["restart-at-once", "a failed task's replacement does not wait for the restart delay"],
    [
      "orchestrator/restart-policy.ts",
      "const notBeforeMs = now + waitMs;",
      "const notBeforeMs = now;",
    ],
  ),
  managerMutant(
    ["attempts-unlimited", "max_attempts is not asked"],
    [
      "orchestrator/restart-policy.ts",
      "return attemptsUsed(task, slot, service, policy.windowMs) < policy.maxAttempts;",
      "return attemptsUsed(task, slot, service, policy.windowMs) < Infinity;",
    ],
  ),
  managerMutant(
    ["update-forgets-failures", "what failed in an update is forgotten when it is restarted"],
    [
      "orchestrator/update-origin.ts",
      "return { ...judged, updateFailedTask: task.id, settledAtMs: stateSince(task) };",
      "return judged;",
    ],
  ),
  managerMutant(
    ["update-not-watched", "an update is completed before its last task was watched"],
    [
      "orchestrator/plan-update.ts",
      "if (total > 0 && lastDoneAt + watchMs > ctx.now) {",
      "if (total < 0 && lastDoneAt + watchMs > ctx.now) {",
    ],
  ),
  managerMutant(
    ["update-all-at-once", "parallelism is not kept to"],
    [
      "orchestrator/plan-update.ts",
      "if (free-- <= 0 || draft.full) break;",
      "if (draft.full) break;",
    ],
  ),
  managerMutant(
    ["update-begins-anew", "a new leader begins the updates it finds a second time"],
    [
      "orchestrator/service-controller.ts",
      "  #looksForStrays = false;\n",
      "  #looksForStrays = false;\n  readonly #begun = new Set<string>();\n",
    ],
    [
      "orchestrator/service-controller.ts",
      "      const ctx = contextOf(service, view, this.#modules.clock.now());\n",
      "      const known = this.#begun.has(id) || !service.updateStatus;\n" +
        "      this.#begun.add(id);\n" +
        "      const startedAtMs = known ? service.updateStatus?.startedAtMs ?? 0 : 0;\n" +
        "      const updateStatus = service.updateStatus && { ...service.updateStatus, startedAtMs };\n" +
        "      const ctx = contextOf({ ...service, updateStatus }, view, this.#modules.clock.now());\n",
    ],
  ),
  managerMutant(
    ["started-beside-the-old", "a prepared task does not wait for the one before it to stop"],
    [
      "orchestrator/plan-starts.ts",
      "if (!isOccupied(ctx, slot)) return notBefore;",
      "if (slot) return notBefore;",
    ],
    [
      "orchestrator/service-context.ts",
      'ctx.held !== "" || isOccupied(ctx, slot);',
      'ctx.held !== "";',
    ],
  ),
  managerMutant(
    ["drain-ignored", "tasks stay on a node that is drained"],
    [
      "orchestrator/task-state.ts",
      "return node?.spec?.availability === NodeAvailability.DRAIN;",
      'return node?.spec?.availability === NodeAvailability.DRAIN && node.id === "";',
    ],
  ),
  managerMutant(
    ["live-tasks-reaped", "a task that is to be removed is taken out while it runs"],
    [
      "orchestrator/plan-reap.ts",
      "if (state < TaskState.ASSIGNED || state >= TaskState.COMPLETE) return true;",
      "if (state >= TaskState.NEW) return true;",
    ],
  ),
  managerMutant(
    ["removed-never-reaped", "tasks of removed services stay for ever"],
    [
      "orchestrator/plan-reap.ts",
      "if (state < TaskState.ASSIGNED || state >= TaskState.COMPLETE) return true;",
      "if (state < TaskState.ASSIGNED) return true;",
    ],
  ),
  managerMutant(
    ["room-given-twice", "what a task reserves is not counted until it runs"],
    [
      "scheduler/node-info.ts",
      "    const reserved = reservationOf(task);\n    if (reserved) {",
      "    const reserved = reservationOf(task);\n    if (reserved && task.status?.state === TaskState.RUNNING) {",
    ],
  ),
  managerMutant(
    ["gone-are-told", "the scheduler wants to tell tasks that are gone why they wait"],
    [
      "scheduler/placer.ts",
      "if (group.tasks.size === 0) this.#outdated.delete(group);",
      "if (group.tasks.size < 0) this.#outdated.delete(group);",
    ],
  ),
  managerMutant(
    ["lost-node-stays", "a node whose connection broke is not given up"],
    [
      "dispatcher/node-health.ts",
      '      this.#judge(nodeId, { state: NodeState.DOWN, message: "connection lost" });\n    });\n  }\n\n  /** The node missed',
      "    });\n  }\n\n  /** The node missed",
    ],
  ),
  managerMutant(
    ["clock-of-the-replica", "an object's time is that of whoever applies it"],
    [
      "store/store.ts",
      "timeMs: proposal.timeMs });\n  }\n\n  #publish",
      "timeMs: this.#clock.now() });\n  }\n\n  #publish",
    ],
  ),
  managerMutant(
    ["history-unlimited", "a slot keeps more history than the cluster wants to know of"],
    [
      "orchestrator/plan-reap.ts",
      "if (rest.length <= limit) return;",
      "if (rest.length <= limit + 3) return;",
    ],
  ),
  managerMutant(
    ["global-job-gives-up", "what fails of a global job is not tried again"],
    [
      "orchestrator/plan-job.ts",
      "    planRestarts(ctx, [slot], draft);\n    planStarts",
      "    planStarts",
    ],
  ),
  managerMutant(
    ["dependencies-ignored", "tasks start before what their service waits for"],
    [
      "orchestrator/dependencies.ts",
      "    if (!isMet(dependency, view))\n",
      "    if (!isMet(dependency, view) && view.task.size < 0)\n",
    ],
  ),
  managerMutant(
    ["drain-stops-first", "a task on a drained node is ended before its successor runs"],
    [
      "orchestrator/plan-drain.ts",
      "if (startFirst) moveStartFirst(",
      "if (startFirst && running < 0) moveStartFirst(",
    ],
  ),
  managerMutant(
    ["orphans-at-once", "the tasks of a lost node are given up before it had its day"],
    ["dispatcher/options.ts", "orphanAfterMs: 24 * 3600 * 1000,", "orphanAfterMs: 10_000,"],
  ),
];
