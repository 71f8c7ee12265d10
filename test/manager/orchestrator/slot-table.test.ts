import assert from "node:assert/strict";
import fc from "fast-check";
import { dirtyTest } from "../../../manager/orchestrator/dirty.ts";
import { Draft } from "../../../manager/orchestrator/draft.ts";
import { planReplicated } from "../../../manager/orchestrator/plan-replicated.ts";
import { SlotTable } from "../../../manager/orchestrator/slot-table.ts";
import { BY_NUMBER, groupTasks, type Slots } from "../../../manager/orchestrator/slot.ts";
import { make } from "../../../proto/codec.ts";
import {
  ChangeKind,
  NodeState,
  TaskState,
  UpdateStatusState,
  type Node,
  type Task,
} from "../../../proto/generated.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";

const NOW = 1_700_000_000_000;
const UPDATE = NOW - 50_000;
const SLOTS = 6;

/** A service amid an update. */
const service = {
  ...aService("web", { replicas: SLOTS }),
  specVersion: { index: 2 },
  updateStatus: make("UpdateStatus", { state: UpdateStatusState.UPDATING, startedAtMs: UPDATE }),
};

const down = make("NodeStatus", { state: NodeState.DOWN });

/** Any task that the service may have in one of its slots. */
const someTask = fc
  .record({
    id: fc.integer({ min: 1, max: 12 }),
    state: fc.constantFrom(TaskState.NEW, TaskState.STARTING, TaskState.RUNNING, TaskState.FAILED),
    desiredState: fc.constantFrom(TaskState.READY, TaskState.RUNNING, TaskState.SHUTDOWN),
    nodeId: fc.constantFrom("node1", "node2", "gone"),
    version: fc.constantFrom(1, 2),
    update: fc.constantFrom(0, UPDATE),
    settledAtMs: fc.constantFrom(0, NOW - 10_000),
    updateFailedTask: fc.constantFrom("", "", "failed"),
  })
  .map(({ id, state, nodeId, version, update, settledAtMs, updateFailedTask, ...rest }): Task => {
    const origin = make("TaskOrigin", {
      updateStartedAtMs: update,
      settledAtMs,
      updateFailedTask,
    });
    return aTask(`task${id}`, service, {
      ...rest,
      slot: 1 + (id % SLOTS),
      nodeId: state < TaskState.ASSIGNED ? "" : nodeId,
      specVersion: { index: version },
      spec: version === 1 ? make("TaskSpec", { forceUpdate: 7 }) : (service.spec?.task ?? null),
      origin: update === 0 ? null : origin,
      meta: make("Meta", { createdAtMs: NOW - 20_000 - id, version: { index: id } }),
      status: make("TaskStatus", { state, appliedAtMs: NOW - 5_000 }),
    });
  });

type Step =
  | { readonly task: Task; readonly gone: boolean }
  | { readonly nodeId: string; readonly isDown: boolean };

const someSteps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ task: someTask, gone: fc.constant(false) }) },
    { weight: 1, arbitrary: fc.record({ task: someTask, gone: fc.constant(true) }) },
    {
      weight: 1,
      arbitrary: fc.record({ nodeId: fc.constantFrom("node1", "node2"), isDown: fc.boolean() }),
    },
  ),
  { maxLength: 40 },
);

/** What a table knows after the steps, with the tasks and nodes as they are then. */
function follow(steps: readonly Step[]) {
  const nodes = new Map<string, Node>(["node1", "node2"].map((id) => [id, aNode(id)]));
  const tasks = new Map<string, Task>();
  const node = (id: string): Node | undefined => nodes.get(id);
  const table = new SlotTable([], BY_NUMBER, node);
  for (const step of steps) {
    if ("nodeId" in step) {
      nodes.set(step.nodeId, aNode(step.nodeId, step.isDown ? { status: down } : {}));
      for (const task of tasks.values()) if (task.nodeId === step.nodeId) table.review(task);
      continue;
    }
    const old = tasks.get(step.task.id);
    if (!step.gone) {
      tasks.set(step.task.id, step.task);
      table.apply(old ? ChangeKind.UPDATE : ChangeKind.CREATE, old, step.task);
    } else if (old) {
      tasks.delete(old.id);
      table.apply(ChangeKind.REMOVE, old, old);
    }
  }
  return { table, tasks: [...tasks.values()], node };
}

describe("slot table", () => {
  it("notes of every slot what a fresh look would find", () => {
    fc.assert(
      fc.property(someSteps, (steps) => {
        const { table, tasks, node } = follow(steps);
        const fresh = new SlotTable(tasks, BY_NUMBER, node);
        const notes = (slots: Slots) =>
          new Map([...slots].map(([key, { steady }]) => [key, steady]));
        assert.deepEqual(notes(table.slots), notes(fresh.slots));
      }),
    );
  });

  it("leads to the same plan as slots of which nothing is noted", () => {
    fc.assert(
      fc.property(someSteps, (steps) => {
        const { tasks, node } = follow(steps);
        const plan = (slots: Slots): unknown => {
          const draft = new Draft();
          const isDirty = dirtyTest(service, node);
          const ctx = {
            service,
            cluster: undefined,
            now: NOW,
            node,
            isDirty,
            held: "",
            refusal: () => "",
          };
          planReplicated(ctx, slots, draft);
          const { creates, updates, services, wakeAt, awaitsRunning } = draft;
          return [[...creates], [...updates], [...services], wakeAt, awaitsRunning];
        };
        const noted = new SlotTable(tasks, BY_NUMBER, node).slots;
        assert.deepEqual(plan(noted), plan(groupTasks(tasks, BY_NUMBER)));
      }),
      { numRuns: 500 },
    );
  });
});
