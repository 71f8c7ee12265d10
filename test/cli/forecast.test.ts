import assert from "node:assert/strict";
import { FakeDockerApi } from "../fakes/docker-api.ts";
import { runSwarm, words } from "./harness.ts";
import { fillSwarm, service, task } from "./objects.ts";

const LACK = {
  Filter: "resources",
  What: "memory",
  Needed: "9GiB",
  Available: "8GiB",
  Change: "free 1GiB of memory on node n1",
};
const VERDICTS = {
  TaskID: "t1",
  NodeID: "",
  State: "pending",
  Message: "",
  Err: "no suitable node (insufficient resources on 1 node)",
  SmallestChange: LACK.Change,
  Nodes: [
    { NodeID: "n1", Hostname: "n1", ServiceTasks: 1, Tasks: 2, Lacks: [LACK] },
    { NodeID: "n2", Hostname: "n2", ServiceTasks: 0, Tasks: 3, Lacks: [] },
  ],
};
const PLAN = {
  Placements: [{ NodeID: "n1", Hostname: "n1", Tasks: 2 }],
  Kept: 1,
  Replaced: 0,
  Removed: 0,
  Waiting: 1,
  Explanation: "no suitable node",
};

const whyPath = (id: string): string => `/skep/v1/tasks/${id.padEnd(25, "0")}/why`;

describe("forecasts", () => {
  let api: FakeDockerApi;
  beforeEach(async () => {
    api = await FakeDockerApi.open();
    fillSwarm(api);
    api.objects.services.push(service("s2", "web2", 3));
    api.objects.tasks.push(task("t1", { service: "s2", slot: 1, node: "aa" }, "pending"));
  });
  afterEach(() => api.close());

  const answering = (path: string, json: unknown) =>
    api.script((request) => (request.path === path ? { json } : undefined));
  const print = async (line: string): Promise<string> => {
    const run = await runSwarm(words(line), api);
    assert.equal(run.err, "");
    assert.equal(run.status, 0);
    return run.out;
  };

  it("take a task by the name that service ps shows, the newest one of its slot", async () => {
    const at = (id: string, slot: number, made: string) => ({
      ...task(id, { service: "s2", slot, node: "aa" }, "pending"),
      CreatedAt: made,
    });
    api.objects.tasks.push(
      at("t2", 7, "2026-01-01T00:00:00Z"),
      at("t3", 7, "2026-01-02T00:00:00Z"),
    );
    answering(whyPath("t3"), VERDICTS);
    assert.match(await print("task why web2.7"), /^pending: no suitable node/);
    for (const name of ["web2.9", "nothing.1", "nothing"]) {
      const run = await runSwarm(words(`task why ${name}`), api);
      assert.equal(run.err, `swarm: no such task: ${name}. "swarm task ls" lists them\n`);
      assert.equal(run.status, 1);
    }
  });

  it("show why a task waits, and the smallest way out", async () => {
    answering(whyPath("t1"), VERDICTS);
    assert.equal(
      await print("task why t1"),
      [
        "pending: no suitable node (insufficient resources on 1 node)",
        "",
        "NODE      FILTER      WHAT      NEEDED    AVAILABLE",
        "n1        resources   memory    9GiB      8GiB",
        "n2        fits",
        "",
        "It would fit if you: free 1GiB of memory on node n1",
        "",
      ].join("\n"),
    );
  });

  it("are JSON or a template's text for programs", async () => {
    answering(whyPath("t1"), VERDICTS);
    for (const command of ["task why t1", "task why-not t1 aa"]) {
      assert.deepEqual(JSON.parse(await print(`${command} --format json`)), VERDICTS);
      assert.equal(await print(`${command} --format {{.State}}`), "pending\n");
    }
    const loss = { KeepsQuorum: true, Services: [] };
    answering("/skep/v1/nodes/what-if", loss);
    assert.equal(await print("node what-if --down aa --format json"), `${JSON.stringify(loss)}\n`);
  });

  it("say in sentences why a task is not on a node", async () => {
    const [first, second] = VERDICTS.Nodes;
    answering(whyPath("t1"), { ...VERDICTS, Nodes: [first] });
    assert.equal(
      await print("task why-not t1 aa"),
      "The task does not fit on n1:\n" +
        "  resources: memory 9GiB is needed, there is 8GiB\n" +
        "It would if you: free 1GiB of memory on node n1\n",
    );
    answering(whyPath("t1"), { ...VERDICTS, Nodes: [second] });
    const text = "The task fits on n2, which has 3 other tasks, 0 of them of the same service";
    assert.equal(await print("task why-not t1 aa"), `${text}; another node came first.\n`);
  });

  it("plan a service, and create or update nothing", async () => {
    answering("/skep/v1/services/plan", PLAN);
    const expected =
      "1 task kept, 0 replaced, 0 removed, 2 placed\n\n" +
      "NODE      NEW TASKS\nn1        2\n\n" +
      "1 task would wait: no suitable node\n\nNothing was changed.\n";
    assert.equal(
      await print("service create --plan --no-resolve-image --name new --replicas 2 nginx"),
      expected,
    );
    assert.equal(await print("service update --plan --replicas 5 web2"), expected);
    const posts = api.requests.filter(({ method }) => method === "POST");
    assert.deepEqual(
      posts.map(({ path, query }) => [path, query["id"]?.slice(0, 2)]),
      [
        ["/skep/v1/services/plan", undefined],
        ["/skep/v1/services/plan", "s2"],
      ],
    );
  });

  it("tell which services survive that nodes go down", async () => {
    const fate = { ServiceID: "s2", Name: "web2", Untouched: 1, Moved: 1, Lost: 1 };
    const Services = [{ ...fate, Explanation: "no suitable node" }];
    answering("/skep/v1/nodes/what-if", { KeepsQuorum: false, Services });
    const out = await print("node what-if --down aa bb");
    assert.match(out, /^The managers left are no majority/);
    assert.match(out, /web2 +no +1 +1 +1 +no suitable node\n$/);
    assert.match(api.requests.at(-1)?.query["down"] ?? "", /^aa0*,bb0*$/);
  });

  it("need the nodes that go down to be named", async () => {
    const run = await runSwarm(words("node what-if"), api);
    assert.notEqual(run.status, 0);
    assert.match(run.err, /--down/);
  });
});
