import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock } from "../../../lib/clock.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { AssignmentSet } from "../../../manager/dispatcher/assignment-set.ts";
import { Store } from "../../../manager/store/store.ts";
import { make } from "../../../proto/codec.ts";
import {
  AssignmentChangeAction,
  AssignmentsMessageType,
  TaskState,
  type AssignmentsMessage,
} from "../../../proto/generated.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode, aSecret, aService, aTask } from "../../fakes/objects.ts";

const status = (state: TaskState) => make("TaskStatus", { state });

/** `+task/t1`, `-secret/s1` … in order. */
function summary(message: AssignmentsMessage | undefined): readonly string[] {
  return (message?.changes ?? []).map(({ action, assignment }) => {
    const sign = action === AssignmentChangeAction.REMOVE ? "-" : "+";
    const item = assignment!.item!;
    return `${sign}${item}/${(assignment as unknown as Record<string, { id: string }>)[item]!.id}`;
  });
}

async function openStore() {
  const store = new Store({ clock: systemClock, random: new SeededRandom("store") });
  store.attach(new LocalRaft(store));
  const container = make("ContainerSpec", {
    image: "busybox",
    secrets: [make("SecretReference", { secretId: "sec", secretName: "sec" })],
  });
  const service = aService("web", {
    spec: { task: make("TaskSpec", { runtime: "container", container }) },
  });
  const assigned = { nodeId: "n1", status: status(TaskState.ASSIGNED) };
  await store.update((tx) => {
    tx.create("secret", aSecret("sec"));
    tx.create("service", service);
    tx.create("task", aTask("t1", service, assigned));
    tx.create("task", aTask("waiting", service, { nodeId: "n1" }));
    tx.create("task", aTask("elsewhere", service, { ...assigned, nodeId: "n2" }));
  });
  return store;
}

describe("assignment set", () => {
  it("starts with all of a node's assigned tasks and what they need, needs first", async () => {
    const store = await openStore();
    const first = new AssignmentSet("n1").complete(store.view);
    assert.equal(first.type, AssignmentsMessageType.COMPLETE);
    assert.deepEqual(summary(first), ["+secret/sec", "+task/t1"]);
    assert.deepEqual([first.appliesTo, first.resultsIn], [0, 1]);
  });

  it("says nothing about an agent's own reports", async () => {
    const store = await openStore();
    const set = new AssignmentSet("n1");
    set.complete(store.view);
    await store.update((tx) => {
      const task = tx.view.task.get("t1")!;
      tx.update("task", { ...task, status: status(TaskState.RUNNING) });
    });
    assert.equal(set.incremental(store.view), undefined);
  });

  it("takes a secret back with its last user, and a task that is gone", async () => {
    const store = await openStore();
    const set = new AssignmentSet("n1");
    set.complete(store.view);
    await store.update((tx) => {
      const task = tx.view.task.get("t1")!;
      tx.update("task", { ...task, desiredState: TaskState.REMOVE });
    });
    assert.deepEqual(summary(set.incremental(store.view)), ["+task/t1", "-secret/sec"]);
    await store.update((tx) => tx.remove("task", tx.view.task.get("t1")!));
    const last = set.incremental(store.view);
    assert.deepEqual(summary(last), ["-task/t1"]);
    assert.equal(last?.hash, "0".repeat(16));
    assert.deepEqual([last?.appliesTo, last?.resultsIn], [2, 3]);
  });

  it("tells the same whether or not it knows which tasks have changed", async () => {
    const step = fc.record({
      id: fc.constantFrom("t1", "a", "b", "c"),
      nodeId: fc.constantFrom("n1", "n1", "n2"),
      state: fc.constantFrom(TaskState.PENDING, TaskState.ASSIGNED, TaskState.RUNNING),
      desiredState: fc.constantFrom(TaskState.RUNNING, TaskState.SHUTDOWN),
      gone: fc.constantFrom(false, false, true),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const store = await openStore();
        await store.update((tx) => ["n1", "n2"].forEach((id) => tx.create("node", aNode(id))));
        const [asking, knowing] = [new AssignmentSet("n1"), new AssignmentSet("n1")];
        for (const set of [asking, knowing]) set.complete(store.view);
        const changed = new Set<string>();
        store.onCommit(({ events }) => events.forEach(({ object }) => changed.add(object.id)));
        for (const { id, gone, state, ...rest } of steps) {
          await store.update((tx) => {
            const old = tx.view.task.get(id);
            const task = { ...(old ?? aTask(id, null)), ...rest, status: status(state) };
            if (!old) tx.create("task", task);
            else if (gone) tx.remove("task", old);
            else tx.update("task", task);
          });
          const told = knowing.incremental(store.view, changed);
          assert.deepEqual(told, asking.incremental(store.view));
          changed.clear();
        }
      }),
    );
  });
});
