import assert from "node:assert/strict";
import fc from "fast-check";
import { make } from "../../../proto/codec.ts";
import { NodeAvailability, PlacementStrategy, type Task } from "../../../proto/generated.ts";
import { counts, placeAll, sizedNode, sizedService, tasksOf } from "./cases.ts";

const { SPREAD, BINPACK, RANDOM } = PlacementStrategy;
const STRATEGIES = [SPREAD, BINPACK, RANDOM];

const strategy = fc.constantFrom(...STRATEGIES);
const names = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`);

/** Fewest nodes of capacity `size` that hold all `items`, tried out. */
function fewestBins(items: readonly number[], size: number, most: number): number {
  const sorted = items.toSorted((a, b) => b - a);
  const free: number[] = [];
  let best = most;
  const place = (at: number): void => {
    if (free.length >= best) return;
    const item = sorted[at];
    if (item === undefined) {
      best = free.length;
      return;
    }
    const tried = new Set<number>();
    for (let bin = 0; bin < free.length; bin++) {
      const left = free[bin] ?? 0;
      if (left < item || tried.has(left)) continue;
      tried.add(left);
      free[bin] = left - item;
      place(at + 1);
      free[bin] = left;
    }
    free.push(size - item);
    place(at + 1);
    free.pop();
  };
  place(0);
  return best;
}

describe("placement strategies", () => {
  const fleet = fc.array(
    fc.record({
      cpus: fc.integer({ min: 1, max: 8 }),
      gib: fc.integer({ min: 1, max: 8 }),
      zone: fc.constantFrom("a", "b", "c"),
    }),
    { minLength: 1, maxLength: 12 },
  );
  const wish = fc.record({
    cpus: fc.integer({ min: 0, max: 3 }),
    gib: fc.integer({ min: 0, max: 3 }),
    tasks: fc.integer({ min: 1, max: 25 }),
    maxReplicas: fc.integer({ min: 0, max: 3 }),
    zone: fc.constantFrom("", "a", "b"),
    prefers: fc.boolean(),
    near: fc.constantFrom("", "near", "apart"),
  });

  it("never break a filter, and leave nothing waiting that would fit", () => {
    const property = fc.property(fleet, fc.array(wish, { maxLength: 4 }), strategy, (f, w, s) => {
      const nodes = f.map(({ cpus, gib, zone }, i) =>
        sizedNode(`n${i}`, cpus, gib, {
          spec: make("NodeSpec", {
            annotations: make("Annotations", { labels: { zone } }),
            availability: NodeAvailability.ACTIVE,
          }),
        }),
      );
      const services = w.map(({ cpus, gib, maxReplicas, zone, prefers, near }, i) =>
        sizedService(`s${i}`, {
          cpus,
          gib,
          labels: { app: `${i}` },
          placement: {
            strategy: s,
            maxReplicas,
            constraints: zone ? [`node.labels.zone==${zone}`] : [],
            preferences: prefers ? [{ spreadDescriptor: "node.labels.zone" }] : [],
            affinities: near ? [{ serviceLabel: "app", apart: near === "apart" }] : [],
          },
        }),
      );
      const tasks = services.flatMap((service, i) => [...tasksOf(service, w[i]!.tasks)]);
      const placed = placeAll(nodes, tasks);
      const used = f.map(() => ({ cpus: 0, gib: 0 }));
      const perService = w.map(() => f.map(() => 0));
      for (const { task, nodeId } of placed) {
        const at = Number(nodeId.slice(1));
        const service = Number(task.serviceId.slice(1));
        used[at]!.cpus += w[service]!.cpus;
        used[at]!.gib += w[service]!.gib;
        perService[service]![at]!++;
        assert.ok(w[service]!.zone === "" || f[at]!.zone === w[service]!.zone);
      }
      used.forEach(({ cpus, gib }, at) => assert.ok(cpus <= f[at]!.cpus && gib <= f[at]!.gib));
      w.forEach(({ maxReplicas, cpus, gib, zone, tasks: wanted }, service) => {
        const each = perService[service]!;
        if (maxReplicas > 0) assert.ok(each.every((count) => count <= maxReplicas));
        const fits = f.some(
          (node, at) =>
            node.cpus - used[at]!.cpus >= cpus &&
            node.gib - used[at]!.gib >= gib &&
            (zone === "" || node.zone === zone) &&
            (maxReplicas === 0 || each[at]! < maxReplicas),
        );
        const got = each.reduce((sum, count) => sum + count, 0);
        if (got < wanted) assert.equal(fits, false);
      });
    });
    fc.assert(property, { numRuns: 200 });
  });

  it("of equal seeds place alike", () => {
    const property = fc.property(fleet, fc.integer(), strategy, (f, seed, s) => {
      const nodes = f.map(({ cpus }, i) => sizedNode(`n${i}`, cpus, 8));
      const tasks = tasksOf(sizedService("web", { cpus: 1, placement: { strategy: s } }), 20);
      const once = placeAll(nodes, tasks, { seed: `${seed}` });
      assert.deepEqual(placeAll(nodes, tasks, { seed: `${seed}` }), once);
    });
    fc.assert(property);
  });

  it("spread evens out over equal nodes to a difference of one", () => {
    const size = fc.integer({ min: 1, max: 20 });
    const services = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 4 });
    const property = fc.property(size, services, (n, perService) => {
      const nodes = names(n).map((id) => sizedNode(id, 64, 64));
      const tasks = perService.flatMap((count, i) => [
        ...tasksOf(sizedService(`s${i}`, { placement: { strategy: SPREAD } }), count),
      ]);
      const placed = placeAll(nodes, tasks);
      const even = (each: readonly number[]) => Math.max(...each) - Math.min(...each) <= 1;
      assert.ok(even(counts(nodes, placed)));
      perService.forEach((_, i) => {
        const own = placed.filter(({ task }) => task.serviceId === `s${i}`);
        assert.ok(even(counts(nodes, own)));
      });
    });
    fc.assert(property);
  });

  it("spread evens out each service, whatever else is on the nodes", () => {
    const size = fc.integer({ min: 1, max: 20 });
    const count = fc.integer({ min: 1, max: 60 });
    const property = fc.property(size, count, count, (n, others, own) => {
      const nodes = names(n).map((id) => sizedNode(id, 64, 64));
      const web = tasksOf(sizedService("web", { placement: { strategy: SPREAD } }), own);
      const other = tasksOf(sizedService("other", { placement: { strategy: RANDOM } }), others);
      const placed = placeAll(nodes, [...other, ...web]);
      const each = counts(
        nodes,
        placed.filter(({ task }) => task.serviceId === "web"),
      );
      assert.ok(Math.max(...each) - Math.min(...each) <= 1);
    });
    fc.assert(property);
  });

  it("binpack begins with the node that takes most of the tasks", () => {
    const nodes = [sizedNode("n0", 2, 8), sizedNode("n1", 8, 8), sizedNode("n2", 4, 8)];
    const tasks = tasksOf(sizedService("web", { cpus: 2, placement: { strategy: BINPACK } }), 4);
    assert.deepEqual(counts(nodes, placeAll(nodes, tasks)), [0, 4, 0]);
  });

  it("binpack uses the fewest nodes in 95 of 100 small cases, tried out one by one", () => {
    const SIZE = 8;
    const NODES = 9;
    const items = fc.array(fc.integer({ min: 1, max: SIZE }), { minLength: 1, maxLength: 9 });
    const samples = fc.sample(items, { numRuns: 400, seed: 7 });
    const optimal = samples.filter((sizes) => {
      const nodes = names(NODES).map((id) => sizedNode(id, SIZE, 8));
      const tasks: readonly Task[] = sizes.flatMap((cpus, i) => [
        ...tasksOf(sizedService(`s${i}`, { cpus, placement: { strategy: BINPACK } }), 1),
      ]);
      const placed = placeAll(nodes, tasks);
      assert.equal(placed.length, sizes.length);
      const used = counts(nodes, placed).filter((count) => count > 0).length;
      return used === fewestBins(sizes, SIZE, NODES + 1);
    });
    const share = optimal.length / samples.length;
    assert.ok(share >= 0.95, `the fewest nodes in ${(share * 100).toFixed(1)} % of cases`);
  });

  it("random treats nodes that fit alike, by a chi-square test", () => {
    const NODES = 10;
    const TASKS = 5_000;
    // The value that chance passes once in a thousand with nine degrees of freedom.
    const CRITICAL = 27.88;
    for (const seed of ["a", "b", "c"]) {
      const nodes = names(NODES).map((id) => sizedNode(id, 64, 64));
      const tasks = tasksOf(sizedService("web", { placement: { strategy: RANDOM } }), TASKS);
      const expected = TASKS / NODES;
      const chiSquare = counts(nodes, placeAll(nodes, tasks, { seed }))
        .map((count) => (count - expected) ** 2 / expected)
        .reduce((sum, part) => sum + part, 0);
      assert.ok(chiSquare < CRITICAL, `chi-square ${chiSquare} with seed ${seed}`);
    }
  });
});

describe("placement preferences", () => {
  const SIZES = { a: 3, b: 1, c: 2 };
  const nodes = Object.entries(SIZES).flatMap(([zone, count]) =>
    Array.from({ length: count }, (_, at) =>
      sizedNode(`${zone}${at}`, 64, 64, {
        spec: make("NodeSpec", {
          annotations: make("Annotations", { labels: { zone } }),
          availability: NodeAvailability.ACTIVE,
        }),
      }),
    ),
  );

  for (const s of STRATEGIES)
    it(`divide tasks evenly among their branches, by strategy ${s}`, () => {
      const preferences = [{ spreadDescriptor: "node.labels.zone" }];
      const service = sizedService("web", { cpus: 1, placement: { strategy: s, preferences } });
      const placed = placeAll(nodes, tasksOf(service, 30));
      for (const zone of Object.keys(SIZES))
        assert.equal(placed.filter(({ nodeId }) => nodeId.startsWith(zone)).length, 10);
    });
});

describe("affinities", () => {
  const nodes = names(6).map((id) => sizedNode(id, 8, 8));

  for (const s of STRATEGIES) {
    it(`puts tasks near those of services with a label, by strategy ${s}`, () => {
      const cache = sizedService("cache", { cpus: 1, labels: { tier: "cache" } });
      const affinities = [{ serviceLabel: "tier=cache", apart: false }];
      const web = sizedService("web", { cpus: 1, placement: { strategy: s, affinities } });
      const placed = placeAll(nodes, [...tasksOf(cache, 2), ...tasksOf(web, 8)]);
      const homes = new Set(placed.filter((p) => p.task.serviceId === "cache").map(nodeOf));
      assert.equal(homes.size, 2);
      for (const each of placed) assert.ok(homes.has(each.nodeId));
    });

    it(`keeps tasks apart as long as there are nodes, by strategy ${s}`, () => {
      const affinities = [{ serviceLabel: "quorum", apart: true }];
      const placement = { strategy: s, affinities };
      const service = sizedService("db", { cpus: 1, labels: { quorum: "" }, placement });
      const each = counts(nodes, placeAll(nodes, tasksOf(service, 6)));
      assert.deepEqual(each, [1, 1, 1, 1, 1, 1]);
      assert.equal(placeAll(nodes, tasksOf(service, 9)).length, 9);
    });
  }
});

function nodeOf({ nodeId }: { readonly nodeId: string }): string {
  return nodeId;
}
