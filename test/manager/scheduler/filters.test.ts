import assert from "node:assert/strict";
import fc from "fast-check";
import { SeededRandom } from "../../../lib/random.ts";
import { NO_FACTS, type ClusterFacts } from "../../../manager/scheduler/cluster-facts.ts";
import { NodeSet } from "../../../manager/scheduler/node-set.ts";
import { Pipeline } from "../../../manager/scheduler/pipeline.ts";
import { Placer } from "../../../manager/scheduler/placer.ts";
import { judge } from "../../../manager/scheduler/verdict.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  MountType,
  NodeAvailability,
  PlacementStrategy,
  PortProtocol,
  PublishMode,
  TaskState,
  VolumeAccessModeScope,
  VolumeAccessModeSharing,
  type ContainerSpec,
  type GenericResource,
  type Node,
  type NodeDescription,
  type Task,
  type Volume,
} from "../../../proto/generated.ts";
import { aNode, aTask } from "../../fakes/objects.ts";
import { sizedNode, sizedService, type Wish } from "./cases.ts";

const RUNNING = make("TaskStatus", { state: TaskState.RUNNING });

function described(id: string, fields: Fields<NodeDescription>): Node {
  const { description } = sizedNode(id, 8, 8);
  return aNode(id, { description: { ...make("NodeDescription", { ...description, ...fields }) } });
}

function withPlugins(id: string, ...plugins: readonly (readonly [string, string])[]): Node {
  const list = plugins.map(([type, name]) => ({ type, name }));
  return described(id, { engine: make("EngineDescription", { plugins: list }) });
}

function aContainerTask(id: string, container: Fields<ContainerSpec>, more: Fields<Task> = {}) {
  const service = sizedService("web", {});
  const spec = service.spec?.task;
  assert(spec?.runtime === "container");
  return aTask(id, service, {
    spec: { ...spec, container: make("ContainerSpec", { ...spec.container, ...container }) },
    ...more,
  });
}

/** Whether the node lets the task in, and what the filter says if not. */
function refusal(node: Node, task: Task, facts: ClusterFacts = NO_FACTS): string {
  const nodes = new NodeSet(facts);
  nodes.putNode(node, []);
  const info = nodes.get(node.id);
  assert(info);
  const pipeline = new Pipeline(task);
  const isFit = pipeline.fits(info);
  assert.equal(judge(task, info).lacks.length === 0, isFit);
  return isFit ? "" : pipeline.explain([info]).text;
}

const missingPlugin = "no suitable node (missing plugin on 1 node)";

describe("the filter of sticky volumes", () => {
  it("lets a replica onto the node that holds its volumes only", () => {
    const held = aContainerTask("t", {}, { volumeNodeId: "n1" });
    assert.equal(refusal(described("n1", {}), held), "");
    const refused = "no suitable node (volumes of the replica are not on 1 node)";
    assert.equal(refusal(described("n2", {}), held), refused);
    assert.equal(refusal(described("n2", {}), aContainerTask("t", {})), "");
    const gone = { ...NO_FACTS, isMember: (id: string) => id !== "n1" };
    assert.equal(refusal(described("n2", {}), held, gone), "", "n1 was removed");
  });
});

describe("the device filter", () => {
  const refused = "no suitable node (missing device on 1 node)";
  const task = (...devices: string[]) => aContainerTask("t", { devices });
  const node = (...devices: string[]) => described("n", { devices });

  it("lets a task in where every device is offered that it asks for", () => {
    assert.equal(refusal(node("/dev/a", "x.com/y=0"), task("/dev/a:/dev/b:r", "x.com/y=0")), "");
    assert.equal(refusal(node("/dev/a"), task("/dev/a", "/dev/b")), refused);
    assert.equal(refusal(node(), task("x.com/y=0")), refused);
    assert.equal(refusal(node(), task()), "");
  });
});

describe("the plugin filter", () => {
  const volume = (name: string) =>
    aContainerTask("t", {
      mounts: [
        make("Mount", {
          type: MountType.VOLUME,
          target: "/data",
          volume: make("MountVolumeOptions", { driver: make("Driver", { name }) }),
        }),
      ],
    });
  const log = (name: string) => aContainerTask("t", {}, { logDriver: make("Driver", { name }) });

  it("wants the drivers of volumes, but for the local one, with or without :latest", () => {
    assert.equal(refusal(withPlugins("n"), volume("local")), "");
    assert.equal(refusal(withPlugins("n"), volume("nfs")), missingPlugin);
    assert.equal(refusal(withPlugins("n", ["Volume", "nfs"]), volume("nfs")), "");
    assert.equal(refusal(withPlugins("n", ["Volume", "nfs:latest"]), volume("nfs")), "");
    assert.equal(refusal(withPlugins("n", ["Log", "nfs"]), volume("nfs")), missingPlugin);
  });

  it("wants a log driver only of nodes that say which they have", () => {
    assert.equal(refusal(withPlugins("n"), log("fluentd")), "");
    assert.equal(refusal(withPlugins("n", ["Log", "json-file"]), log("fluentd")), missingPlugin);
    assert.equal(refusal(withPlugins("n", ["Log", "json-file"]), log("none")), "");
    assert.equal(refusal(withPlugins("n", ["Log", "fluentd"]), log("fluentd")), "");
  });

  it("wants the drivers of networks that not every engine has", () => {
    const drivers: Record<string, string> = { net1: "overlay", net2: "weave" };
    const facts = { ...NO_FACTS, networkDriver: (id: string) => drivers[id] ?? "" };
    const on = (id: string): Task => {
      const task = aContainerTask("t", {});
      const networks = [make("NetworkAttachmentConfig", { target: id })];
      return { ...task, spec: task.spec && { ...task.spec, networks } };
    };
    assert.equal(refusal(withPlugins("n"), on("net1"), facts), "");
    assert.equal(refusal(withPlugins("n"), on("net2"), facts), missingPlugin);
    assert.equal(refusal(withPlugins("n", ["Network", "weave:latest"]), on("net2"), facts), "");
  });
});

describe("the volume filter", () => {
  const { SINGLE_NODE, MULTI_NODE } = VolumeAccessModeScope;
  const { NONE, READ_ONLY, ONE_WRITER, ALL } = VolumeAccessModeSharing;
  const refused = "no suitable node (cannot fulfill requested CSI volume mounts on 1 node)";

  const aVolume = (
    id: string,
    fields: Fields<Volume> = {},
    scope: VolumeAccessModeScope = MULTI_NODE,
    sharing: VolumeAccessModeSharing = ALL,
  ) =>
    make("Volume", {
      id,
      spec: make("VolumeSpec", {
        annotations: make("Annotations", { name: id }),
        driver: make("Driver", { name: "ebs" }),
        accessMode: make("VolumeAccessMode", { scope, sharing }),
        availability: NodeAvailability.ACTIVE,
      }),
      volumeInfo: make("VolumeInfo", { volumeId: `ebs-${id}` }),
      ...fields,
    });
  const factsOf = (...volumes: readonly Volume[]): ClusterFacts => ({
    ...NO_FACTS,
    volume: (id) => volumes.find((volume) => volume.id === id),
    volumesOn: (nodeId) =>
      volumes.filter((volume) => volume.publishStatus.some((one) => one.nodeId === nodeId)),
    volumes: (source) =>
      volumes.filter(({ id, spec }) => id === source || `group:${spec?.group}` === source),
  });
  const node = (id: string, zone = "a"): Node =>
    described(id, {
      csiInfo: [make("CsiNodeInfo", { pluginName: "ebs", accessibleTopology: { zone } })],
    });
  const user = (id: string, sources: readonly string[], readOnly = false): Task =>
    aContainerTask(id, {
      mounts: sources.map((source, at) =>
        make("Mount", { type: MountType.CLUSTER, source, target: `/m${at}`, readOnly }),
      ),
    });
  /** Where tasks go that come one after the other; the empty text for none. */
  const place = (facts: ClusterFacts, nodes: readonly Node[], tasks: readonly Task[]) => {
    const placer = new Placer(facts);
    for (const each of nodes) placer.nodes.putNode(each, []);
    for (const task of tasks) placer.note(task);
    const options = {
      defaultStrategy: PlacementStrategy.SPREAD,
      nowMs: 0,
      random: new SeededRandom("volumes"),
    };
    return [...placer.decide(options)].flatMap((decision) =>
      decision && "nodeId" in decision ? [decision] : [],
    );
  };

  it("wants a volume that is there, active and reached from the node", () => {
    const task = user("t", ["v1"]);
    const segments = (zone: string) => ({
      volumeInfo: make("VolumeInfo", {
        volumeId: "x",
        accessibleTopology: [{ segments: { zone } }],
      }),
    });
    assert.equal(refusal(node("n"), task, factsOf(aVolume("v1"))), "");
    assert.equal(refusal(node("n"), task, factsOf()), refused);
    assert.equal(refusal(node("n"), task, factsOf(aVolume("v1", { volumeInfo: null }))), refused);
    assert.equal(refusal(node("n"), task, factsOf(aVolume("v1", segments("a")))), "");
    assert.equal(refusal(node("n"), task, factsOf(aVolume("v1", segments("b")))), refused);
    assert.equal(refusal(sizedNode("n", 8, 8), task, factsOf(aVolume("v1"))), refused);
    const spec = make("VolumeSpec", {
      ...aVolume("v1").spec,
      availability: NodeAvailability.DRAIN,
    });
    assert.equal(refusal(node("n"), task, factsOf(aVolume("v1", { spec }))), refused);
  });

  it("gives a node no more volumes of a driver than the driver lets it have", () => {
    const limited = (id: string) =>
      described(id, {
        csiInfo: [make("CsiNodeInfo", { pluginName: "ebs", maxVolumesPerNode: 2 })],
      });
    const leaving = [make("VolumePublishStatus", { nodeId: "n1", state: 3 })];
    const other = make("VolumeSpec", {
      ...aVolume("x").spec,
      driver: make("Driver", { name: "nfs" }),
    });
    const facts = factsOf(
      aVolume("old", { publishStatus: leaving }),
      aVolume("foreign", { spec: other, publishStatus: leaving }),
      ...["v1", "v2", "v3", "v4"].map((id) => aVolume(id)),
    );
    const count = (...sources: readonly (readonly string[])[]): number =>
      place(
        facts,
        [limited("n1")],
        sources.map((names, at) => ({ ...user(`t${at}`, names), serviceId: `s${at}` })),
      ).length;
    assert.equal(count(["v1"]), 1, "beside the one that is not away yet");
    assert.equal(count(["v1"], ["v1"]), 2, "one volume counts once");
    assert.equal(count(["v1"], ["v2"]), 1);
    assert.equal(count(["old"], ["v1"]), 2, "the one that is there counts as itself");
    assert.equal(count(["v1", "v2"]), 0, "those of one task count together");
    assert.equal(place(facts, [limited("n2")], [user("t", ["v1", "v2"])]).length, 1);
  });

  it("keeps all users of a single-node volume together", () => {
    const facts = factsOf(aVolume("v1", {}, SINGLE_NODE));
    const tasks = [user("t1", ["v1"]), user("t2", ["v1"]), user("t3", ["v1"])];
    const placed = place(facts, [node("n1"), node("n2")], tasks);
    assert.equal(placed.length, 3);
    assert.equal(new Set(placed.map(({ nodeId }) => nodeId)).size, 1);
    assert.deepEqual(placed[0]?.volumes, [{ id: "v1", source: "v1", target: "/m0" }]);
  });

  it("shares a volume as its access mode says", () => {
    const count = (sharing: VolumeAccessModeSharing, ...readOnly: readonly boolean[]) => {
      const facts = factsOf(aVolume("v1", {}, MULTI_NODE, sharing));
      // Tasks of one service are alike; those that read only are another's.
      const tasks = readOnly.map((only, at) => ({
        ...user(`t${at}`, ["v1"], only),
        serviceId: only ? "readers" : "writers",
      }));
      return place(facts, [node("n1"), node("n2")], tasks).length;
    };
    assert.equal(count(NONE, false, false), 1);
    assert.equal(count(READ_ONLY, true, true), 2);
    assert.equal(count(READ_ONLY, false), 0);
    assert.equal(count(ONE_WRITER, true, false, false, true), 3);
    assert.equal(count(ALL, false, false, true), 3);
  });

  it("gives each mount of a group a volume of its own, and one is free again with its task", () => {
    const group = (id: string) => {
      const spec = make("VolumeSpec", { ...aVolume(id, {}, SINGLE_NODE, NONE).spec, group: "g" });
      return aVolume(id, { spec });
    };
    const facts = factsOf(group("v1"), group("v2"));
    const nodes = new NodeSet(facts);
    nodes.putNode(node("n1"), []);
    const info = nodes.get("n1");
    assert(info);
    const both = user("t1", ["group:g", "group:g"]);
    assert(new Pipeline(both).fits(info));
    const volumes = [
      { id: "v1", source: "group:g", target: "/m0" },
      { id: "v2", source: "group:g", target: "/m1" },
    ];
    const held = { ...both, nodeId: "n1", status: RUNNING, volumes };
    nodes.putTask(held, undefined);
    const next = user("t2", ["group:g"]);
    assert.equal(new Pipeline(next).fits(info), false);
    assert.equal(judge(next, info).lacks[0]?.available, "in use");
    nodes.takeOpenings();
    nodes.putTask({ ...held, status: make("TaskStatus", { state: TaskState.SHUTDOWN }) }, held);
    assert(new Pipeline(next).fits(info));
    assert.equal(nodes.takeOpenings().get("n1"), "node");
  });
});

describe("every filter", () => {
  const named = (kind: string, count: number): readonly GenericResource[] =>
    Array.from({ length: count }, (_, at) => ({
      resource: "named",
      named: { kind, value: `${kind}${at}` },
    }));
  const discrete = (kind: string, value: number): GenericResource => ({
    resource: "discrete",
    discrete: { kind, value },
  });
  const small = fc.integer({ min: 0, max: 3 });
  const fleet = fc.array(
    fc.record({
      cpus: fc.integer({ min: 0, max: 8 }),
      gpus: small,
      licences: small,
      os: fc.constantFrom("linux", "windows"),
      runtimes: fc.constantFrom(["docker"], ["process"], ["docker", "process"]),
      availability: fc.constantFrom(NodeAvailability.ACTIVE, NodeAvailability.PAUSE),
      nfs: fc.boolean(),
    }),
    { minLength: 1, maxLength: 6 },
  );
  const wish = fc.record({
    tasks: fc.integer({ min: 1, max: 8 }),
    cpus: small,
    gpus: small,
    licences: small,
    os: fc.constantFrom("", "linux", "windows"),
    maxReplicas: small,
    port: fc.constantFrom(0, 80, 443),
    protocol: fc.constantFrom(PortProtocol.TCP, PortProtocol.UDP),
    nfs: fc.boolean(),
    strategy: fc.constantFrom(
      PlacementStrategy.SPREAD,
      PlacementStrategy.BINPACK,
      PlacementStrategy.RANDOM,
    ),
    prefers: fc.boolean(),
  });

  it("lets through each task that is placed, with all the others there", () => {
    const property = fc.property(fleet, fc.array(wish, { maxLength: 4 }), (f, wishes) => {
      const placer = new Placer();
      f.forEach((each, at) => {
        const { description } = sizedNode(`n${at}`, each.cpus, 8);
        assert(description?.resources);
        const generic = [...named("gpu", each.gpus), discrete("licence", each.licences)];
        const node = described(`n${at}`, {
          resources: { ...description.resources, generic },
          platform: { os: each.os, architecture: "x86_64" },
          runtimes: each.runtimes,
          engine: make("EngineDescription", {
            plugins: each.nfs ? [{ type: "Volume", name: "nfs" }] : [],
          }),
        });
        const spec = make("NodeSpec", { availability: each.availability });
        placer.nodes.putNode({ ...node, spec }, []);
      });
      wishes.forEach((each, service) => {
        for (const task of tasksOf(each, `s${service}`)) placer.note(task);
      });
      const random = new SeededRandom("all");
      const options = { defaultStrategy: PlacementStrategy.SPREAD, nowMs: 0, random };
      const decisions = [...placer.decide(options)];
      for (const decision of decisions) {
        if (!decision || !("nodeId" in decision)) continue;
        const info = placer.nodes.get(decision.nodeId);
        assert(info);
        const stored = [...info.tasks].find(({ id }) => id === decision.task.id);
        assert(stored);
        assert.deepEqual(judge(stored, info).lacks, []);
        info.add(stored);
      }
      for (const info of placer.nodes.all()) {
        const claims = [...info.tasks].flatMap((task) => task.assignedGenericResources);
        const names = claims.flatMap((c) => (c.resource === "named" ? [c.named.value] : []));
        assert.equal(new Set(names).size, names.length, "a named resource is given once");
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  type Each = typeof wish extends fc.Arbitrary<infer T> ? T : never;

  function tasksOf(each: Each, id: string): readonly Task[] {
    const placement: Wish["placement"] = {
      strategy: each.strategy,
      maxReplicas: each.maxReplicas,
      platforms: each.os ? [{ os: each.os, architecture: "amd64" }] : [],
      preferences: each.prefers ? [{ spreadDescriptor: "node.labels.zone" }] : [],
    };
    const service = sizedService(id, { cpus: each.cpus, placement });
    const spec = service.spec?.task;
    assert(spec?.runtime === "container" && spec.resources?.reservations);
    const generic = [discrete("gpu", each.gpus), discrete("licence", each.licences)];
    const reservations = { ...spec.resources.reservations, generic };
    const mounts = each.nfs
      ? [
          make("Mount", {
            type: MountType.VOLUME,
            target: "/d",
            volume: make("MountVolumeOptions", { driver: make("Driver", { name: "nfs" }) }),
          }),
        ]
      : [];
    const ports = [
      make("PortConfig", {
        publishMode: PublishMode.HOST,
        publishedPort: each.port,
        protocol: each.protocol,
      }),
    ];
    return Array.from({ length: each.tasks }, (_, at) =>
      aTask(`${id}-${at}`, service, {
        slot: at + 1,
        endpoint: make("Endpoint", { spec: make("EndpointSpec", { ports }) }),
        spec: {
          ...spec,
          container: { ...spec.container, mounts },
          resources: { ...spec.resources, reservations } as typeof spec.resources,
        },
      }),
    );
  }
});
