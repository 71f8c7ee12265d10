import assert from "node:assert/strict";
import fc from "fast-check";
import { dirtyTest } from "../../../manager/orchestrator/dirty.ts";
import { Draft } from "../../../manager/orchestrator/draft.ts";
import { planReplicated } from "../../../manager/orchestrator/plan-replicated.ts";
import { bySeniority } from "../../../manager/orchestrator/plan-scale.ts";
import type { ServiceContext } from "../../../manager/orchestrator/service-context.ts";
import { BY_NUMBER, groupTasks, type Slot } from "../../../manager/orchestrator/slot.ts";
import { unsorted } from "../../../manager/orchestrator/steady.ts";
import { hasEnded, isWanted } from "../../../manager/orchestrator/task-state.ts";
import { make } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  NodeState,
  TaskState,
  type Node,
  type Service,
  type Task,
} from "../../../proto/generated.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";

const NOW = 1_700_000_000_000;

const nodes = new Map<string, Node>(
  [
    aNode("up1"),
    aNode("up2"),
    aNode("down", { status: make("NodeStatus", { state: NodeState.DOWN }) }),
    aNode("drained", { spec: make("NodeSpec", { availability: NodeAvailability.DRAIN }) }),
  ].map((node) => [node.id, node]),
);

const contextOf = (service: Service, now = NOW): ServiceContext => {
  const node = (id: string) => nodes.get(id);
  return {
    service,
    cluster: undefined,
    now,
    node,
    isDirty: dirtyTest(service, node),
    held: "",
    refusal: () => "",
  };
};

/** Any set of tasks that a service could have: any states, nodes, slots and versions. */
const someTasks = (service: Service): fc.Arbitrary<readonly Task[]> =>
  fc
    .array(
      fc.record({
        slot: fc.integer({ min: 1, max: 8 }),
        state: fc.constantFrom(...Object.values(TaskState).filter((s) => s !== TaskState.REMOVE)),
        desiredState: fc.constantFrom(
          TaskState.READY,
          TaskState.RUNNING,
          TaskState.RUNNING,
          TaskState.SHUTDOWN,
          TaskState.REMOVE,
        ),
        nodeId: fc.constantFrom("up1", "up2", "down", "drained", "gone"),
        age: fc.integer({ min: 0, max: 100_000 }),
        old: fc.boolean(),
      }),
      { maxLength: 20 },
    )
    .map((rows) =>
      rows.map(({ slot, state, desiredState, nodeId, age, old }, at) => {
        const time = NOW - age;
        return aTask(`task${at}`, service, {
          slot,
          desiredState,
          nodeId: state < TaskState.ASSIGNED ? "" : nodeId,
          specVersion: { index: old ? 0 : 1 },
          spec: old ? make("TaskSpec", { forceUpdate: 7 }) : (service.spec?.task ?? null),
          meta: make("Meta", { createdAtMs: time, version: { index: at + 1 } }),
          status: make("TaskStatus", { state, appliedAtMs: time, timestampMs: time }),
        });
      }),
    );

interface Outcome {
  readonly service: Service;
  readonly tasks: readonly Task[];
  readonly draft: Draft;
}

/** One run of the plan, and the state after its transaction. */
function run(service: Service, tasks: readonly Task[], now = NOW): Outcome {
  const draft = new Draft(Infinity);
  const slots = groupTasks(tasks, BY_NUMBER);
  const table = { slots, ...unsorted([...slots.values()]) };
  planReplicated(contextOf(service, now), table, draft);
  const after = new Map(tasks.map((task) => [task.id, task]));
  for (const task of draft.updates) after.set(task.id, task);
  for (const task of draft.removals) after.delete(task.id);
  let made = 0;
  for (const task of draft.creates) {
    const id = `new${now}-${made++}`;
    after.set(id, { ...task, id, meta: make("Meta", { createdAtMs: now }) });
  }
  const [changed] = draft.services;
  return { service: changed ?? service, tasks: [...after.values()], draft };
}

const slotsOf = (tasks: readonly Task[]): Slot[] => [...groupTasks(tasks, BY_NUMBER).values()];

const replicas = fc.integer({ min: 0, max: 10 });
const cases = replicas.chain((count) => {
  const service = aService("web", { replicas: count });
  return someTasks(service).map((tasks) => ({ service, tasks, count }));
});

describe("plan of a replicated service", () => {
  it("comes to rest: what it planned, it does not plan again", () => {
    fc.assert(
      fc.property(cases, ({ service, tasks }) => {
        const first = run(service, tasks);
        const second = run(first.service, first.tasks);
        assert.equal(second.draft.size, 0);
      }),
    );
  });

  it("leaves as many slots in use as there are replicas, and nothing wanted elsewhere", () => {
    fc.assert(
      fc.property(cases, ({ service, tasks, count }) => {
        const slots = slotsOf(run(service, tasks).tasks);
        assert.equal(slots.filter((slot) => slot.wanted.length > 0).length, count);
      }),
    );
  });

  it("moves desired states upwards only, and never touches what was observed", () => {
    fc.assert(
      fc.property(cases, ({ service, tasks }) => {
        const before = new Map(tasks.map((task) => [task.id, task]));
        for (const task of run(service, tasks).draft.updates) {
          const old = before.get(task.id);
          assert((old?.desiredState ?? 0) <= task.desiredState);
          assert.equal(old?.status, task.status);
          assert.equal(old?.spec, task.spec);
        }
      }),
    );
  });

  it("starts no task while the one before it in the slot may still run", () => {
    fc.assert(
      fc.property(cases, ({ service, tasks }) => {
        const after = run(service, tasks);
        for (const slot of slotsOf(after.tasks)) {
          const stopping = slot.past.some(
            (t) =>
              (t.status?.state ?? 0) >= TaskState.ASSIGNED &&
              !hasEnded(t) &&
              nodes.get(t.nodeId)?.status?.state === NodeState.READY,
          );
          for (const task of slot.wanted)
            if (stopping && task.id.startsWith("new"))
              assert.equal(task.desiredState, TaskState.READY);
        }
      }),
    );
  });

  it("leaves the tasks of old slots to their restart policy only on nodes that can keep them", () => {
    fc.assert(
      fc.property(cases, ({ service, tasks }) => {
        for (const task of run(service, tasks).tasks) {
          if (!isWanted(task) || task.nodeId === "") continue;
          assert.notEqual(task.nodeId, "gone");
          assert.notEqual(task.nodeId, "down");
        }
      }),
    );
  });

  it("keeps the back-off of what failed when the old task beside it ends as well", () => {
    const service = aService("web", { replicas: 1 });
    const failed = (id: string, fields: Partial<Task>): Task =>
      aTask(id, service, {
        slot: 1,
        nodeId: "up1",
        status: make("TaskStatus", { state: TaskState.FAILED, appliedAtMs: NOW - 10 }),
        meta: make("Meta", { createdAtMs: NOW - 60_000, version: { index: 1 } }),
        ...fields,
      });
    const old = failed("old", {
      specVersion: { index: 0 },
      spec: make("TaskSpec", { forceUpdate: 7 }),
    });
    const fields = { notBeforeMs: NOW + 30_000, restarts: 6, quickFailures: 6 };
    const looping = failed("looping", { origin: make("TaskOrigin", fields) });
    const first = run(service, [old, looping]);
    const stored = first.tasks.map((task) => task.id).sort();
    assert.deepEqual(stored, ["looping", "old"], "nothing is made before its time");
    const later = run(first.service, first.tasks, fields.notBeforeMs);
    const made = later.tasks.find(({ id }) => id.startsWith("new"));
    assert.equal(made?.origin?.quickFailures, 7);
  });

  it("scales down where it is fullest: no slot goes while a higher ordinal stays", () => {
    const service = aService("web", { replicas: 0 });
    const placed = fc.array(fc.constantFrom("up1", "up2", "up3"), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(placed, fc.integer({ min: 0, max: 30 }), (places, keep) => {
        const status = make("TaskStatus", { state: TaskState.RUNNING });
        const tasks = places.map((nodeId, at) =>
          aTask(`t${at}`, service, { slot: at + 1, nodeId, status }),
        );
        const kept = bySeniority(slotsOf(tasks)).slice(0, keep);
        const load = (node: string, slots: readonly { wanted: readonly Task[] }[]) =>
          slots.filter((slot) => slot.wanted[0]?.nodeId === node).length;
        const all = slotsOf(tasks);
        const names = ["up1", "up2", "up3"];
        const lost = names.filter((node) => load(node, kept) < load(node, all));
        const most = Math.max(...names.map((node) => load(node, kept)));
        for (const node of lost) assert(load(node, kept) >= most - 1);
      }),
    );
  });
});
