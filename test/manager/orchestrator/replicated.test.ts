import assert from "node:assert/strict";
import { runReplicated } from "../../../manager/orchestrator/replicated.ts";
import { make } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  NodeState,
  RestartPolicyCondition,
  TaskState,
  type Service,
} from "../../../proto/generated.ts";
import { aService } from "../../fakes/objects.ts";
import { Harness, type HarnessOptions } from "./harness.ts";

const scaled = (service: Service, replicas: number): Service => ({
  ...service,
  spec: service.spec && { ...service.spec, mode: "replicated", replicated: { replicas } },
});

const withRestart = (
  fields: Parameters<typeof make<"RestartPolicy">>[1],
  replicas = 1,
): Service => {
  const { spec } = aService("web");
  const task = { ...(spec?.task ?? make("TaskSpec")), restart: make("RestartPolicy", fields) };
  return aService("web", { replicas, spec: { task } });
};

const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);

describe("replicated orchestrator", () => {
  let cluster: Harness;
  const open = async (options: Partial<HarnessOptions> = {}) => {
    cluster = await Harness.open({ loops: [runReplicated], ...options });
    return cluster;
  };
  afterEach(() => cluster.stop());

  it("makes the wanted tasks in slots from 1 and fills gaps when scaled up", async () => {
    await open();
    await cluster.add(aService("web", { replicas: 3 }));
    await cluster.converged("web", 3);
    assert.deepEqual(sorted(cluster.tasks("web").map((t) => t.slot)), [1, 2, 3]);
    await cluster.change("web", (s) => scaled(s, 5));
    await cluster.converged("web", 5);
    assert.deepEqual(sorted(cluster.running("web").map((t) => t.slot)), [1, 2, 3, 4, 5]);
    const [task] = cluster.tasks("web");
    assert.equal(task?.id.length, 25);
    assert.equal(task?.serviceAnnotations?.name, "web");
    assert.equal(task?.origin, null);
  });

  it("makes tasks PENDING where the service has its endpoint, else NEW", async () => {
    await open();
    const made = new Map<string, TaskState | undefined>();
    cluster.store.onCommit(({ events }) => {
      for (const { kind, old, object } of events)
        if (kind === "task" && !old) made.set(object.serviceId, object.status?.state);
    });
    const spec = make("EndpointSpec", { ports: [make("PortConfig", { targetPort: 80 })] });
    const endpoint = make("Endpoint", { spec });
    const web = aService("web", { spec: { endpoint: spec } });
    await cluster.add({ ...web, endpoint });
    await cluster.add({ ...aService("bare", { spec: { endpoint: spec } }), endpoint: null });
    await cluster.converged("web", 1);
    await cluster.converged("bare", 1);
    assert.equal(made.get("web"), TaskState.PENDING);
    assert.equal(made.get("bare"), TaskState.NEW);
    assert.deepEqual(cluster.tasks("web")[0]?.endpoint, endpoint);
  });

  it("takes the highest ordinal on the fullest nodes first when scaled down", async () => {
    await open({ nodes: 2 });
    await cluster.add(aService("web", { replicas: 6 }));
    await cluster.converged("web", 6);
    await cluster.change("web", (s) => scaled(s, 2));
    await cluster.converged("web", 2);
    assert.equal(new Set(cluster.running("web").map((t) => t.nodeId)).size, 2);
    const gone = cluster.tasks("web").filter((t) => t.desiredState === TaskState.REMOVE);
    assert.equal(gone.length, 4);
  });

  it("restarts a failed task in its slot after the default delay of 5 s", async () => {
    let fail = true;
    await open({
      fate: () => (fail ? { ends: { state: TaskState.FAILED, afterMs: 30_000 } } : {}),
    });
    await cluster.add(aService("web"));
    await cluster.clock.until(() => cluster.tasks("web").length === 2, 60_000);
    fail = false;
    assert.equal(await cluster.converged("web", 1), 5_000);
    const [task] = cluster.running("web");
    assert.equal(task?.slot, 1);
    assert.equal(task?.origin?.restarts, 1);
    assert.equal(task?.origin?.reason, "restart 1 after 5s");
    assert.equal(task?.origin?.quickFailures, 0);
  });

  it("backs off from a crash loop, visibly on the task", async () => {
    await open({ fate: () => ({ ends: { state: TaskState.FAILED, afterMs: 0 } }) });
    await cluster.add(aService("web"));
    const waits: number[] = [];
    await cluster.clock.until(() => cluster.tasks("web").length === 8, 600_000);
    for (const { origin, meta } of cluster.tasks("web"))
      if (origin) waits.push(origin.notBeforeMs - (meta?.createdAtMs ?? 0));
    assert.deepEqual(
      sorted(waits),
      [5, 5, 5, 10, 20, 40, 80].map((s) => s * 1000),
    );
    const last = cluster.tasks("web").find((t) => t.origin?.restarts === 7);
    assert.equal(
      last?.origin?.reason,
      "restart 7 after 1m20s: back-off, 7 quick failures in a row",
    );
  });

  it("stops after max_attempts, keeps the slot, and starts over with a new spec", async () => {
    await open({ fate: () => ({ ends: { state: TaskState.FAILED, afterMs: 100 } }) });
    await cluster.add(
      withRestart({
        condition: RestartPolicyCondition.ANY,
        maxAttempts: 2,
        delayNs: { value: 1e9 },
      }),
    );
    await cluster.clock.advance(600_000);
    assert.equal(cluster.tasks("web").length, 3);
    assert(cluster.tasks("web").every((t) => t.desiredState === TaskState.SHUTDOWN));
    await cluster.newImage("web", "other");
    await cluster.clock.advance(600_000);
    assert.equal(cluster.tasks("web").length, 6);
  });

  it("counts attempts within the window only", async () => {
    await open({ fate: () => ({ ends: { state: TaskState.FAILED, afterMs: 60_000 } }) });
    const restart = {
      condition: RestartPolicyCondition.ANY,
      maxAttempts: 2,
      windowNs: { value: 70e9 },
    };
    await cluster.add(withRestart({ ...restart, delayNs: { value: 0 } }));
    await cluster.clock.advance(600_000);
    assert(cluster.tasks("web").length > 5, "no window ever held two restarts");
  });

  it("restarts on failure only failures, and never with condition none", async () => {
    await open({ fate: () => ({ ends: { state: TaskState.COMPLETE, afterMs: 100 } }) });
    await cluster.add(withRestart({ condition: RestartPolicyCondition.ON_FAILURE }));
    await cluster.clock.advance(60_000);
    assert.equal(cluster.tasks("web").length, 1);
    await cluster.stop();
    await open({ fate: () => ({ ends: { state: TaskState.FAILED, afterMs: 100 } }) });
    await cluster.add(withRestart({ condition: RestartPolicyCondition.NONE }));
    await cluster.clock.advance(60_000);
    assert.equal(cluster.tasks("web").length, 1);
  });

  it("has stopped a task that no node had as soon as it is not wanted", async () => {
    await open({ fate: () => ({ stuckAt: TaskState.PENDING }) });
    const service = aService("web", { replicas: 1 });
    await cluster.add(service);
    await cluster.clock.advance(1_000);
    const [first] = cluster.tasks("web");
    assert.equal(first?.status?.state, TaskState.PENDING);
    const stored = cluster.store.view.service.get(service.id) ?? service;
    const specVersion = { index: (stored.specVersion?.index ?? 0) + 1 };
    const spec = stored.spec?.task
      ? { ...stored.spec, task: { ...stored.spec.task, forceUpdate: 1 } }
      : null;
    await cluster.store.update((tx) => tx.update("service", { ...stored, spec, specVersion }));
    await cluster.clock.advance(1_000);
    const old = cluster.tasks("web").find(({ id }) => id === first?.id);
    assert.deepEqual(
      [old?.desiredState, old?.status?.state, old?.status?.message],
      [TaskState.SHUTDOWN, TaskState.SHUTDOWN, "shut down before a node had it"],
    );
  });

  it("moves the tasks of a node that goes down, without delay and without an attempt", async () => {
    await open();
    await cluster.add(aService("web", { replicas: 3 }));
    await cluster.converged("web", 3);
    await cluster.setNodeState("node1", NodeState.DOWN);
    assert.equal(await cluster.converged("web", 3), 0);
    const moved = cluster.running("web").find((t) => t.origin);
    assert.equal(moved?.origin?.restarts, 0);
    assert.equal(moved?.origin?.reason, "moved: node node1 is down");
  });

  it("leaves tasks on nodes that are paused, unknown or disconnected", async () => {
    await open();
    await cluster.add(aService("web", { replicas: 3 }));
    await cluster.converged("web", 3);
    await cluster.setAvailability("node1", NodeAvailability.PAUSE);
    await cluster.setNodeState("node2", NodeState.UNKNOWN);
    await cluster.setNodeState("node3", NodeState.DISCONNECTED);
    await cluster.clock.advance(60_000);
    assert.equal(cluster.tasks("web").length, 3);
  });

  it("empties a drained node and waits for the old task at most a minute", async () => {
    await open({ nodes: 2, fate: () => ({ stopMs: 600_000 }) });
    const update = make("UpdateConfig", { parallelism: 1 });
    await cluster.add(aService("web", { replicas: 1, spec: { update } }));
    await cluster.converged("web", 1);
    const node = cluster.running("web")[0]?.nodeId ?? "";
    await cluster.setAvailability(node, NodeAvailability.DRAIN);
    const took = await cluster.clock.until(
      () => cluster.running("web").some((t) => t.nodeId !== node),
      90_000,
    );
    assert.equal(took, 60_000);
  });

  it("replaces the tasks of a removed node", async () => {
    await open();
    await cluster.add(aService("web", { replicas: 3 }));
    await cluster.converged("web", 3);
    await cluster.store.update((tx) => {
      const node = tx.view.node.get("node1");
      const status = make("TaskStatus", { state: TaskState.ORPHANED });
      for (const task of tx.view.task.by("node", "node1")) tx.update("task", { ...task, status });
      if (node) tx.remove("node", node);
    });
    await cluster.clock.until(
      () => new Set(cluster.running("web").map((t) => t.nodeId)).has("node1") === false,
      1_000,
    );
    await cluster.clock.until(() => cluster.running("web").length === 3, 1_000);
  });

  it("replaces a task that was taken out of the store", async () => {
    await open();
    await cluster.add(aService("web", { replicas: 2 }));
    await cluster.converged("web", 2);
    await cluster.store.update((tx) => {
      const task = cluster.tasks("web").find((t) => t.slot === 1);
      if (task) tx.remove("task", task);
    });
    await cluster.converged("web", 2);
    assert.deepEqual(sorted(cluster.running("web").map((t) => t.slot)), [1, 2]);
  });

  it("ends the tasks of a removed service, also of one removed under another leader", async () => {
    await open();
    await cluster.add(aService("web", { replicas: 3 }), aService("api", { replicas: 2 }));
    await cluster.converged("api", 2);
    await cluster.store.update((tx) => tx.remove("service", cluster.service("web")));
    await cluster.converged("web", 0);
    await cluster.stop();
    await cluster.store.update((tx) => tx.remove("service", cluster.service("api")));
    cluster.start();
    await cluster.converged("api", 0);
    const all = [...cluster.store.view.task.all()];
    assert(all.every((t) => t.desiredState === TaskState.REMOVE));
  });

  it("carries a restart's delay over a change of leader", async () => {
    let fail = true;
    await open({ fate: () => (fail ? { ends: { state: TaskState.FAILED, afterMs: 100 } } : {}) });
    await cluster.add(aService("web"));
    await cluster.clock.until(() => cluster.tasks("web").length === 2, 60_000);
    fail = false;
    await cluster.clock.advance(2_000);
    await cluster.stop();
    cluster.start();
    assert.equal(await cluster.converged("web", 1), 3_000);
  });

  it("makes 10,000 tasks in slices", async function () {
    await open({ nodes: 10 });
    let largest = 0;
    cluster.store.onCommit(({ events }) => (largest = Math.max(largest, events.length)));
    await cluster.add(aService("web", { replicas: 10_000 }));
    await cluster.clock.until(() => cluster.tasks("web").length === 10_000, 60_000);
    assert(largest <= 360, `transactions stay small, not ${largest} changes`);
  });
});
