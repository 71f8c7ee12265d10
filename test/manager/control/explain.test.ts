import assert from "node:assert/strict";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  MountType,
  NodeAvailability,
  TaskState,
  UpdateConfigOrder,
  type Node,
  type ServiceSpec,
  type Task,
} from "../../../proto/generated.ts";
import { aService, aTask } from "../../fakes/objects.ts";
import { sizedNode, sizedService, type Wish } from "../scheduler/cases.ts";
import { aServiceSpec, ControlHarness, refused } from "./harness.ts";

const RUNNING = make("TaskStatus", { state: TaskState.RUNNING });

describe("control: why a task waits", () => {
  let harness: ControlHarness;
  beforeEach(() => {
    harness = new ControlHarness();
  });

  const explain = (ref: string, node = "") => harness.api.explainTask({ ref, node }, harness.call);
  async function pending(wish: Wish, ...nodes: readonly Node[]): Promise<void> {
    for (const node of nodes) await harness.put("node", node);
    await harness.put("task", aTask("t1", sizedService("web", wish)));
  }

  it("says of each node what is needed and what there is", async () => {
    await pending({ cpus: 3, gib: 6 }, sizedNode("n1", 2, 8), sizedNode("n2", 2, 4));
    const { nodes, smallestChange } = await explain("t1");
    const lacks = nodes.map((node) =>
      node.lacks.map(({ filter, what, needed, available }) =>
        [filter, what, needed, available].join(" "),
      ),
    );
    assert.deepEqual(lacks, [
      ["resources CPUs 3 2"],
      ["resources CPUs 3 2", "resources memory 6GiB 4GiB"],
    ]);
    assert.equal(smallestChange, "reserve no more than 2 of CPUs, for node n1");
  });

  it("asks to free only what the node has at all", async () => {
    const small = sizedNode("n1", 2, 8);
    await pending({ cpus: 3 }, small, sizedNode("n2", 4, 8), sizedNode("n3", 2, 8));
    const other = sizedService("db", { cpus: 2 });
    await harness.put("task", aTask("t2", other, { nodeId: "n1", status: RUNNING }));
    await harness.put("task", aTask("t3", other, { nodeId: "n2", status: RUNNING }));
    const { nodes, smallestChange } = await explain("t1");
    assert.deepEqual(
      nodes.map(({ lacks }) => lacks[0]?.change),
      [
        "reserve no more than 2 of CPUs, and free that on node n1",
        "free 1 of CPUs on node n2",
        "reserve no more than 2 of CPUs, for node n3",
      ],
    );
    assert.equal(smallestChange, "free 1 of CPUs on node n2");
  });

  it("says where a generic resource would have to be offered", async () => {
    const gpu = (amount: number) => [
      { resource: "discrete", discrete: { kind: "gpu", value: amount } } as const,
    ];
    const having = ({ description, ...node }: Node, amount: number): Node => {
      const resources = make("Resources", { ...description?.resources, generic: gpu(amount) });
      return { ...node, description: description && { ...description, resources } };
    };
    await harness.put("node", sizedNode("n1", 2, 8));
    await harness.put("node", having(sizedNode("n2", 2, 8), 1));
    const service = sizedService("web", {});
    const reservations = make("Resources", { generic: gpu(1) });
    const resources = make("ResourceRequirements", { reservations });
    const spec = service.spec?.task ? { ...service.spec.task, resources } : null;
    const assignedGenericResources = gpu(1);
    const user = { nodeId: "n2", status: RUNNING, spec, assignedGenericResources };
    await harness.put("task", aTask("t0", service, user));
    await harness.put("task", aTask("t1", service, { spec }));
    const { nodes, smallestChange } = await explain("t1");
    assert.deepEqual(
      nodes.map(({ lacks }) => lacks[0]?.change),
      ["offer 1 of gpu on node n1 (swarmd --generic-resource gpu=1)", "free 1 of gpu on node n2"],
    );
    assert.equal(smallestChange, "free 1 of gpu on node n2");
  });

  it("calls a label that a node does not have none", async () => {
    await pending({ placement: { constraints: ["engine.labels.tier==a"] } }, sizedNode("n1", 1, 1));
    const [node] = (await explain("t1")).nodes;
    assert.deepEqual(
      [node?.lacks[0]?.needed, node?.lacks[0]?.available],
      ["engine.labels.tier==a", "none"],
    );
  });

  it("counts what other tasks have reserved, but not the task itself", async () => {
    await harness.put("node", sizedNode("n1", 4, 8));
    const service = sizedService("web", { cpus: 3 });
    await harness.put("task", aTask("t1", service, { nodeId: "n1", status: RUNNING }));
    await harness.put("task", aTask("t2", service));
    assert.deepEqual((await explain("t1")).nodes[0]?.lacks, []);
    const [node] = (await explain("t2")).nodes;
    assert.deepEqual([node?.serviceTasks, node?.tasks], [1, 1]);
    assert.equal(node?.lacks[0]?.available, "1");
  });

  it("names every filter that refuses a node, not just the first", async () => {
    const drained = make("NodeSpec", { availability: NodeAvailability.DRAIN });
    const placement = { constraints: ["node.labels.zone==a"], maxReplicas: 1 };
    await pending({ cpus: 9, placement }, sizedNode("n1", 2, 8, { spec: drained }));
    const other = aTask("t0", sizedService("web", {}), { nodeId: "n1", status: RUNNING });
    await harness.put("task", other);
    const [node] = (await explain("t1")).nodes;
    assert.deepEqual(
      node?.lacks.map(({ filter, change }) => `${filter}: ${change}`),
      [
        "ready: activate node n1 (swarm node update --availability active n1)",
        "resources: reserve no more than 2 of CPUs, for node n1",
        "constraints: set label zone=a on node n1 (swarm node update --label-add zone=a n1)",
        "max-replicas: raise the service's replicas per node over 1, for node n1",
      ],
    );
  });

  it("says which volumes a task cannot have, node by node", async () => {
    const volume = make("Volume", {
      id: "v1",
      spec: make("VolumeSpec", {
        annotations: make("Annotations", { name: "data" }),
        driver: make("Driver", { name: "ebs" }),
        accessMode: make("VolumeAccessMode"),
        availability: NodeAvailability.ACTIVE,
      }),
      volumeInfo: make("VolumeInfo", { volumeId: "ebs-1" }),
    });
    await harness.put("volume", volume);
    const csiInfo = [make("CsiNodeInfo", { pluginName: "ebs" })];
    for (const id of ["n1", "n2", "n3"]) {
      const { description, ...node } = sizedNode(id, 2, 4);
      const csi = id === "n3" ? [] : csiInfo;
      await harness.put("node", {
        ...node,
        description: description && { ...description, csiInfo: csi },
      });
    }
    const service = sizedService("web", {});
    const spec = service.spec?.task;
    assert(spec?.runtime === "container");
    const mounts = [make("Mount", { type: MountType.CLUSTER, source: "data", target: "/d" })];
    const withMount = { ...spec, container: { ...spec.container, mounts } };
    const volumes = [{ id: "v1", source: "data", target: "/d" }];
    const user = { nodeId: "n1", status: RUNNING, spec: withMount, volumes };
    await harness.put("task", aTask("t0", service, user));
    await harness.put("task", aTask("t1", service, { spec: withMount }));
    const available = async (ref: string) =>
      (await explain(ref)).nodes.map(({ lacks }) => lacks[0]?.available);
    assert.deepEqual(await available("t1"), [
      "in use",
      "in use on another node",
      "driver ebs is not on the node",
    ]);
    assert.deepEqual(await available("t0"), [
      undefined,
      undefined,
      "driver ebs is not on the node",
    ]);
    await harness.store.update((tx) => {
      const message = "ebs: there is no such tier";
      tx.update("volume", { ...harness.stored("volume", "v1"), volumeInfo: null, message });
    });
    const reason = "not created yet: ebs: there is no such tier";
    assert.deepEqual(await available("t1"), [reason, reason, reason]);
  });

  it("answers for one node, and suggests nothing when the task fits", async () => {
    await pending({ cpus: 2 }, sizedNode("n1", 1, 8), sizedNode("n2", 2, 8));
    const { nodes, smallestChange } = await explain("t1", "n2");
    assert.deepEqual(
      nodes.map(({ nodeId, lacks }) => [nodeId, lacks.length]),
      [["n2", 0]],
    );
    assert.equal(smallestChange, "");
  });

  it("refuses tasks and nodes that do not exist", async () => {
    await pending({}, sizedNode("n1", 1, 1));
    await refused(explain("nothing"), "not-found", "task nothing not found");
    await refused(explain("t1", "n9"), "not-found", "node n9 not found");
  });
});

describe("control: what would happen", () => {
  let harness: ControlHarness;
  beforeEach(async () => {
    harness = new ControlHarness();
    for (const id of ["n1", "n2", "n3"]) await harness.put("node", sizedNode(id, 4, 8));
  });

  const plan = async (id: string, spec: ServiceSpec) => {
    const answer = await harness.api.planService({ id, spec }, harness.call);
    const { kept, replaced, removed, waiting, explanation } = answer;
    const shares = Object.fromEntries(answer.placements.map((p) => [p.nodeId, p.tasks]));
    return { kept, replaced, removed, waiting, explanation, shares };
  };
  async function running(count: number, fields: Fields<ServiceSpec> = {}): Promise<ServiceSpec> {
    const spec = aServiceSpec("web", { replicated: { replicas: count }, ...fields } as never);
    const service = { ...aService("s1"), spec };
    await harness.put("service", service);
    for (let slot = 1; slot <= count; slot++) {
      const place = { slot, nodeId: `n${1 + ((slot - 1) % 3)}`, status: RUNNING };
      await harness.put("task", aTask(`t${slot}`, service, place));
    }
    return spec;
  }
  const sized = (spec: ServiceSpec, cpus: number, replicas: number): ServiceSpec => ({
    ...spec,
    task: { ...sizedService("x", { cpus }).spec!.task! },
    mode: "replicated",
    replicated: { replicas },
  });

  it("places the tasks of a new service, and writes nothing", async () => {
    const before = harness.store.version;
    const seen = await plan("", sized(aServiceSpec("new"), 3, 4));
    assert.deepEqual(seen, {
      kept: 0,
      replaced: 0,
      removed: 0,
      waiting: 1,
      explanation: "no suitable node (insufficient resources on 3 nodes)",
      shares: { n1: 1, n2: 1, n3: 1 },
    });
    assert.equal(harness.store.version, before);
  });

  it("keeps tasks when only their number changes", async () => {
    const spec = await running(2);
    const more = { ...spec, replicated: { replicas: 5 } } as ServiceSpec;
    const { kept, replaced, removed, shares } = await plan("s1", more);
    assert.deepEqual([kept, replaced, removed], [2, 0, 0]);
    assert.deepEqual(shares, { n3: 1, n1: 1, n2: 1 });
    const fewer = { ...spec, replicated: { replicas: 1 } } as ServiceSpec;
    assert.equal((await plan("s1", fewer)).removed, 1);
  });

  it("replaces tasks whose spec changes; those that start first need room beside the old", async () => {
    const spec = await running(3);
    await harness.store.update((tx) => {
      for (const task of tx.view.task.all())
        tx.update("task", { ...task, spec: sized(spec, 3, 3).task });
    });
    const stopFirst = await plan("s1", sized(spec, 2, 3));
    assert.deepEqual([stopFirst.replaced, stopFirst.waiting], [3, 0]);
    const order = UpdateConfigOrder.START_FIRST;
    const update = make("UpdateConfig", { order });
    assert.equal((await plan("s1", { ...sized(spec, 2, 3), update })).waiting, 3);
  });

  it("puts a task of a global service on each node that fits", async () => {
    const placement = make("Placement", { constraints: ["node.id!=n2"] });
    const spec = aServiceSpec("all", { mode: "global", global: {} } as never);
    const seen = await plan("", { ...spec, task: { ...spec.task!, placement } });
    assert.deepEqual(seen.shares, { n1: 1, n3: 1 });
  });

  it("refuses what writing the service would refuse", async () => {
    await refused(plan("s9", aServiceSpec("web")), "not-found", "service s9 not found");
    await refused(plan("", aServiceSpec("")), "invalid", /name/);
    await running(1);
    await refused(plan("", aServiceSpec("web")), "exists", /service web already exists/);
  });

  it("tells which services survive that nodes go down", async () => {
    const web = sizedService("web", { cpus: 2 });
    const db = sizedService("db", { cpus: 4 });
    const on = (id: string, nodeId: string, service = web, slot = 1): Task =>
      aTask(id, service, { nodeId, slot, status: RUNNING });
    const tasks = [on("w1", "n1"), on("w2", "n2", web, 2), on("d1", "n3", db)];
    for (const task of tasks) await harness.put("task", task);
    const fate = async (...down: readonly string[]) =>
      (await harness.api.whatIf({ down }, harness.call)).services.map((each) =>
        [each.name, each.untouched, each.moved, each.lost].join(" "),
      );
    assert.deepEqual(await fate("n1"), ["web 1 1 0"]);
    assert.deepEqual(await fate("n3"), ["db 0 0 1"]);
    assert.deepEqual(await fate("n1", "n2"), ["web 0 0 2"]);
    await harness.put("task", aTask("w3", web, { slot: 3 }));
    assert.deepEqual(await fate("n1"), ["web 1 1 0"], "a task that waits is not untouched");
    await refused(fate(), "invalid", "name a node that goes down");
    await refused(fate("n9"), "not-found", "node n9 not found");
  });
});
