import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { silentLog } from "../../../lib/log.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { runScheduler } from "../../../manager/scheduler/scheduler.ts";
import { Store } from "../../../manager/store/store.ts";
import type { StoreView } from "../../../manager/store/tables.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  PlacementStrategy,
  TaskState,
  type Placement,
  type TaskSpec,
} from "../../../proto/generated.ts";
import { eventually } from "../../fakes/eventually.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";
import { storeUntil } from "../../fakes/store-until.ts";

const GIB = 2 ** 30;

const spec = (placement: Fields<Placement>, memoryBytes = 0): TaskSpec =>
  make("TaskSpec", {
    runtime: "container",
    container: make("ContainerSpec", { image: "busybox" }),
    placement: make("Placement", placement),
    resources: make("ResourceRequirements", {
      reservations: make("Resources", { memoryBytes }),
    }),
  });

const labelled = (id: string, zone: string) =>
  aNode(id, {
    spec: make("NodeSpec", { annotations: make("Annotations", { labels: { zone } }) }),
  });

describe("scheduler", () => {
  let store: Store;
  let raft: LocalRaft;
  let stop: () => Promise<void>;

  beforeEach(() => {
    store = new Store({ clock: systemClock, random: new SeededRandom("store") });
    raft = new LocalRaft(store);
    store.attach(raft);
    const abort = new AbortController();
    const random = new SeededRandom("scheduler");
    const modules = { store, clock: systemClock, random, log: silentLog };
    const run = runScheduler(modules, abort.signal);
    stop = () => (abort.abort(), run);
  });
  afterEach(() => stop());

  const until = (holds: (view: StoreView) => boolean): Promise<void> => storeUntil(store, holds);
  const create = (count: number, task: TaskSpec, name = "web") =>
    store.update((tx) => {
      const service = aService(name, { spec: { task } });
      tx.create("service", service);
      for (let i = 1; i <= count; i++)
        tx.create("task", aTask(`${name}${i}`, service, { slot: i }));
    });
  const assigned = (count: number) =>
    until((view) => [...view.task.all()].filter((t) => t.nodeId !== "").length === count);
  const perNode = () => {
    const counts: Record<string, number> = {};
    for (const { nodeId } of store.view.task.all()) counts[nodeId] = (counts[nodeId] ?? 0) + 1;
    return counts;
  };
  const sizes = () => Object.values(perNode()).sort((a, b) => a - b);
  const addNodes = (...nodes: ReturnType<typeof aNode>[]) =>
    store.update((tx) => nodes.forEach((node) => tx.create("node", node)));

  it("spreads a service's tasks by default", async () => {
    await addNodes(aNode("n1"), aNode("n2"), aNode("n3"));
    await create(7, spec({}));
    await assigned(7);
    assert.deepEqual(sizes(), [2, 2, 3]);
    const task = store.view.task.get("web1")!;
    assert.equal(task.status?.state, TaskState.ASSIGNED);
    assert.equal(task.status?.message, "scheduler assigned task to node");
  });

  it("fills one node before the next with binpack", async () => {
    await addNodes(aNode("n1"), aNode("n2"), aNode("n3"));
    await create(6, spec({ strategy: PlacementStrategy.BINPACK }, 2 * GIB));
    await assigned(6);
    assert.deepEqual(sizes(), [2, 4]);
  });

  it("places at random only where a task fits", async () => {
    await addNodes(aNode("n1"), aNode("n2"), labelled("n3", "other"));
    const strategy = PlacementStrategy.RANDOM;
    await create(30, spec({ strategy, constraints: ["node.labels.zone!=other"] }));
    await assigned(30);
    const counts = perNode();
    assert.equal(counts["n3"], undefined);
    assert.ok(counts["n1"]! > 5 && counts["n2"]! > 5, JSON.stringify(counts));
  });

  it("evens out over a preferred label before it evens out over nodes", async () => {
    await addNodes(
      labelled("a1", "a"),
      labelled("a2", "a"),
      labelled("a3", "a"),
      labelled("b1", "b"),
    );
    await create(6, spec({ preferences: [{ spreadDescriptor: "node.labels.zone" }] }));
    await assigned(6);
    assert.deepEqual(perNode(), { a1: 1, a2: 1, a3: 1, b1: 3 });
  });

  it("says why a task waits and places it when there is room", async () => {
    await addNodes(aNode("n1"));
    await create(1, spec({}, 9 * GIB), "big");
    const err = () => store.view.task.get("big1")?.status?.err;
    await until(() => err() === "no suitable node (insufficient resources on 1 node)");
    assert.equal(store.view.task.get("big1")?.status?.state, TaskState.PENDING);
    const resources = make("Resources", { memoryBytes: 16 * GIB });
    const description = make("NodeDescription", { resources, runtimes: ["docker"] });
    await addNodes(aNode("n2", { description }));
    await assigned(1);
    assert.deepEqual([store.view.task.get("big1")?.nodeId, err()], ["n2", ""]);
  });

  it("decides anew only on tasks that changed while the decision was on its way", async () => {
    await create(3, spec({}));
    await until((view) => view.task.get("web3")?.status?.err !== "");
    // Committed before the decisions, which are made on what was there before.
    let change: Promise<void> = Promise.resolve();
    const off = store.onCommit(() => {
      off();
      raft.hold();
      change = store.update((tx) => {
        const [ended, noted] = [tx.view.task.get("web2"), tx.view.task.get("web3")];
        assert(ended && noted);
        tx.update("task", { ...ended, desiredState: TaskState.SHUTDOWN });
        tx.update("task", { ...noted, annotations: make("Annotations", { name: "noted" }) });
      });
    });
    await addNodes(aNode("n1"));
    await eventually("the decisions are on their way", () => raft.waiting >= 2);
    raft.release();
    await change;
    await assigned(2);
    assert.deepEqual(perNode(), { n1: 2, "": 1 });
    assert.equal(store.view.task.get("web2")?.nodeId, "");
    assert.equal(store.view.task.get("web3")?.annotations?.name, "noted");
  });

  it("uses the room of tasks that have ended", async () => {
    await addNodes(aNode("n1"));
    await create(2, spec({ maxReplicas: 1 }));
    await assigned(1);
    const [first] = store.view.task.by("node", "n1");
    await until(() => [...store.view.task.all()].some((t) => /max replicas/.test(t.status!.err)));
    await store.update((tx) => {
      const task = tx.view.task.get(first!.id)!;
      tx.update("task", { ...task, status: { ...task.status!, state: TaskState.FAILED } });
    });
    await assigned(2);
  });

  it("sends nothing to a node that is drained, and checks a node that is given", async () => {
    const drained = make("NodeSpec", { availability: NodeAvailability.DRAIN });
    await addNodes(aNode("n1", { spec: drained }), aNode("n2"));
    await store.update((tx) => {
      const service = aService("all", { spec: { mode: "global", global: {} } });
      tx.create("service", service);
      tx.create("task", aTask("g1", service, { slot: 0, nodeId: "n1" }));
      tx.create("task", aTask("g2", service, { slot: 0, nodeId: "n2" }));
    });
    await until((view) => view.task.get("g2")?.status?.state === TaskState.ASSIGNED);
    await until((view) => /not available for new tasks/.test(view.task.get("g1")!.status!.err));
  });

  it("places many tasks within the capacity of every node", async () => {
    await addNodes(...Array.from({ length: 20 }, (_, i) => aNode(`n${i}`)));
    await create(1000, spec({}, GIB / 8));
    await assigned(1000);
    assert.ok(Object.values(perNode()).every((count) => count === 50));
  });
});
