import assert from "node:assert/strict";
import fc from "fast-check";
import { NodeSet } from "../../../manager/scheduler/node-set.ts";
import { Pipeline } from "../../../manager/scheduler/pipeline.ts";
import { planMoves, type Move } from "../../../manager/scheduler/rebalance/plan-moves.ts";
import { make } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  PlacementStrategy,
  TaskState,
  type Node,
  type Service,
  type Task,
} from "../../../proto/generated.ts";
import { aTask } from "../../fakes/objects.ts";
import { sizedNode, sizedService } from "./cases.ts";

const { SPREAD, BINPACK, RANDOM } = PlacementStrategy;
const RUNNING = make("TaskStatus", { state: TaskState.RUNNING });
const ALL = Number.MAX_SAFE_INTEGER;

/** Running tasks of a service, one for each of the nodes named. */
function running(service: Service, ...nodeIds: readonly string[]): readonly Task[] {
  return nodeIds.map((nodeId, at) =>
    aTask(`${service.id}-${at}`, service, { slot: at + 1, nodeId, status: RUNNING }),
  );
}

function picture(nodes: readonly Node[], tasks: readonly Task[]): NodeSet {
  const set = new NodeSet();
  for (const node of nodes)
    set.putNode(
      node,
      tasks.filter((task) => task.nodeId === node.id),
    );
  return set;
}

interface Wish {
  readonly movesMax?: number;
  readonly mayTake?: (id: string) => boolean;
}

function plan(
  nodes: readonly Node[],
  services: readonly (readonly Task[])[],
  { movesMax = ALL, mayTake = () => true }: Wish = {},
): readonly Move[] {
  const options = {
    defaultStrategy: SPREAD,
    movesMax,
    mayTake: ({ id }: { id: string }) => mayTake(id),
  };
  const moves = planMoves(services, picture(nodes, services.flat()), options);
  return [...moves].filter((move) => move !== null);
}

/** Where the tasks are once the moves are made. */
function after(tasks: readonly Task[], moves: readonly Move[]): readonly Task[] {
  const targets = new Map(moves.map(({ task, toNodeId }) => [task.id, toNodeId]));
  return tasks.map((task) => ({ ...task, nodeId: targets.get(task.id) ?? task.nodeId }));
}

function countsOf(nodes: readonly Node[], tasks: readonly Task[]): readonly number[] {
  return nodes.map(({ id }) => tasks.filter(({ nodeId }) => nodeId === id).length);
}

const fleet = (count: number): readonly Node[] =>
  Array.from({ length: count }, (_, at) => sizedNode(`n${at}`, 8, 8));
const labelled = (id: string, zone: string): Node =>
  sizedNode(id, 8, 8, {
    spec: make("NodeSpec", {
      annotations: make("Annotations", { labels: { zone } }),
      availability: NodeAvailability.ACTIVE,
    }),
  });

describe("planning moves", () => {
  it("fills a new node, and then has nothing more to do", () => {
    const nodes = fleet(3);
    const web = running(sizedService("web", {}), "n0", "n0", "n0", "n1", "n1", "n1");
    const moves = plan(nodes, [web]);
    assert.deepEqual(countsOf(nodes, after(web, moves)), [2, 2, 2]);
    assert.equal(moves.length, 2);
    assert.deepEqual(plan(nodes, [after(web, moves)]), []);
  });

  it("evens out services of one task each by what runs on the nodes in all", () => {
    const nodes = fleet(2);
    const services = ["a", "b", "c", "d"].map((id) => running(sizedService(id, {}), "n0"));
    const moves = plan(nodes, services);
    assert.deepEqual(countsOf(nodes, after(services.flat(), moves)), [2, 2]);
  });

  it("keeps to the number of moves allowed, and shares it among the services", () => {
    const services = ["a", "b"].map((id) =>
      running(sizedService(id, {}), ...Array<string>(6).fill("n0")),
    );
    const moves = plan(fleet(3), services, { movesMax: 4 });
    assert.deepEqual(
      moves.map(({ task }) => task.serviceId),
      ["a", "b", "a", "b"],
    );
  });

  it("leaves alone the nodes that may not take anything yet", () => {
    const web = running(sizedService("web", {}), "n0", "n0", "n0", "n0");
    const moves = plan(fleet(3), [web], { mayTake: (id) => id !== "n2" });
    assert.deepEqual(new Set(moves.map(({ toNodeId }) => toNodeId)), new Set(["n1"]));
  });

  it("counts a task that moves on both nodes: it starts there before it stops here", () => {
    const nodes = [sizedNode("n0", 3, 8), sizedNode("n1", 3, 8)];
    const far = { placement: { constraints: ["node.id==n0"] } };
    const big = running(sizedService("big", { cpus: 3 }), "n0");
    // On n1 there is no room for anything but what n0 would have to give up first.
    const small = running(sizedService("small", { cpus: 3, ...far }), "n1");
    assert.deepEqual(plan(nodes, [big, small]), []);
  });

  it("evens out the branches of a preference before the nodes within", () => {
    const nodes = [labelled("n0", "a"), labelled("n1", "a"), labelled("n2", "b")];
    const placement = { preferences: [{ spreadDescriptor: "node.labels.zone" }] };
    const web = running(sizedService("web", { placement }), "n0", "n0", "n0", "n1", "n1", "n2");
    const moves = plan(nodes, [web]);
    const [first, second, third] = countsOf(nodes, after(web, moves));
    assert.equal(third, 3);
    assert.equal(Math.abs((first ?? 0) - (second ?? 0)), 1);
  });

  it("brings tasks to those they want to be near to", () => {
    const cache = running(
      sizedService("cache", {
        labels: { tier: "cache" },
        placement: { constraints: ["node.id==n1"] },
      }),
      "n1",
    );
    const affinities = [{ serviceLabel: "tier=cache", apart: false }];
    const web = running(sizedService("web", { placement: { affinities } }), "n0", "n2");
    const moves = plan(fleet(3), [cache, web]);
    assert.deepEqual(
      moves.map(({ task, toNodeId }) => `${task.serviceId} ${toNodeId}`),
      ["web n1", "web n1"],
    );
  });

  it("empties the emptier nodes under binpack", () => {
    const placement = { strategy: BINPACK };
    const service = sizedService("web", { cpus: 2, placement });
    const web = running(service, "n0", "n0", "n0", "n1", "n2");
    const nodes = fleet(3);
    const used = countsOf(nodes, after(web, plan(nodes, [web]))).filter((count) => count > 0);
    assert.equal(used.length, 2);
  });

  it("moves nothing under random: any node is as good as another", () => {
    const web = running(sizedService("web", { placement: { strategy: RANDOM } }), "n0", "n0", "n0");
    assert.deepEqual(plan(fleet(3), [web]), []);
  });

  const service = fc.record({
    cpus: fc.integer({ min: 0, max: 3 }),
    maxReplicas: fc.integer({ min: 0, max: 4 }),
    strategy: fc.constantFrom(SPREAD, BINPACK, RANDOM),
    homes: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 8 }),
    prefers: fc.boolean(),
  });

  it("comes to an end, breaks no filter on the way and finds nothing to add", () => {
    const property = fc.property(fc.array(service, { maxLength: 4 }), (wishes) => {
      const nodes = ["a", "a", "b", "b", "c"].map((zone, at) => labelled(`n${at}`, zone));
      const services = wishes.map(({ cpus, maxReplicas, strategy, homes, prefers }, at) => {
        const preferences = prefers ? [{ spreadDescriptor: "node.labels.zone" }] : [];
        const placement = { maxReplicas, strategy, preferences };
        const of = sizedService(`s${at}`, { cpus, placement });
        return running(of, ...homes.map((home) => `n${home}`));
      });
      const moves = plan(nodes, services);
      assert(moves.length <= 500);
      // With the old tasks still there, each successor passes the filters in its turn.
      const held = picture(nodes, services.flat());
      for (const { task, toNodeId } of moves) {
        const target = held.get(toNodeId);
        assert(target && new Pipeline(task).fits(target), `${task.id} does not fit`);
        target.add({ ...task, id: `${task.id}-moved`, nodeId: toNodeId });
      }
      const spread = wishes.every(({ strategy }) => strategy === SPREAD);
      const roomy = wishes.every(({ cpus, maxReplicas }) => cpus === 0 && maxReplicas === 0);
      if (!spread || !roomy) return;
      const settled = services.map((tasks) => after(tasks, moves));
      assert.deepEqual(plan(nodes, settled), []);
      wishes.forEach(({ prefers }, at) => {
        const counts = countsOf(nodes, settled[at] ?? []);
        if (!prefers) assert(Math.max(...counts) - Math.min(...counts) <= 1);
      });
    });
    fc.assert(property, { numRuns: 300 });
  });
});
