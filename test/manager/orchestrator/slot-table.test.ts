import assert from "node:assert/strict";
import fc from "fast-check";
import { dirtyTest } from "../../../manager/orchestrator/dirty.ts";
import { Draft } from "../../../manager/orchestrator/draft.ts";
import { planReplicated } from "../../../manager/orchestrator/plan-replicated.ts";
import { SlotTable } from "../../../manager/orchestrator/slot-table.ts";
import {
  BY_NUMBER,
  groupTasks,
  type Slot,
  type SlotKey,
  type Slots,
} from "../../../manager/orchestrator/slot.ts";
import { unsorted, type ServiceSlots, type Steady } from "../../../manager/orchestrator/steady.ts";
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

/** The note on each slot; every slot is in its group, or among the others. */
function notes(table: SlotTable): ReadonlyMap<SlotKey, Steady | undefined> {
  const found = new Map<Slot, Steady | undefined>();
  for (const { slots, ...note } of table.groups)
    for (const slot of slots) {
      assert.equal(slot.steady?.slots, slots);
      found.set(slot, note);
    }
  for (const slot of table.others) {
    assert.equal(slot.steady, undefined);
    found.set(slot, undefined);
  }
  assert.equal(found.size, table.slots.size);
  return new Map([...table.slots].map(([key, slot]) => [key, found.get(slot)]));
}

describe("slot table", () => {
  it("notes of every slot what a fresh look would find", () => {
    fc.assert(
      fc.property(someSteps, (steps) => {
        const { table, tasks, node } = follow(steps);
        const fresh = new SlotTable(tasks, BY_NUMBER, node);
        assert.deepEqual(notes(table), notes(fresh));
      }),
    );
  });

  it("leads to the same plan as slots of which nothing is noted", () => {
    fc.assert(
      fc.property(someSteps, (steps) => {
        const { table, tasks, node } = follow(steps);
        const plan = (slots: ServiceSlots, replicas: number): unknown => {
          const draft = new Draft();
          const isDirty = dirtyTest(service, node);
          const ctx = {
            service: { ...service, spec: aService("web", { replicas }).spec },
            cluster: undefined,
            now: NOW,
            node,
            isDirty,
            held: "",
            refusal: () => "",
          };
          planReplicated(ctx, slots, draft);
          const { creates, updates, services, wakeAt, awaitsRunning } = draft;
          const inOrder = (some: Iterable<Task>): readonly Task[] =>
            [...some].sort((a, b) => a.slot - b.slot || (a.id < b.id ? -1 : 1));
          return [inOrder(creates), inOrder(updates), [...services], wakeAt, awaitsRunning];
        };
        // The order of tasks within a slot tells of the order of their changes.
        const bare = (noted: Slots): ServiceSlots => {
          const slots = new Map(
            [...noted].map(([key, slot]) => [key, { ...slot, steady: undefined }]),
          );
          return { slots, ...unsorted([...slots.values()]) };
        };
        const fresh = new SlotTable(tasks, BY_NUMBER, node);
        assert.deepEqual(bare(fresh.slots).slots, groupTasks(tasks, BY_NUMBER));
        for (const [noted, replicas] of [
          [table, table.slots.size],
          [fresh, SLOTS],
        ] as const) {
          const expected = plan(bare(noted.slots), replicas);
          assert.deepEqual(plan(noted, replicas), expected);
        }
      }),
      { numRuns: 200 },
    );
  });
});
