import assert from "node:assert/strict";
import { newId } from "../../../lib/ids.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  NodeRole,
  TaskState,
  type ListFilter,
  type Page,
  type Service,
  type TaskSpec,
} from "../../../proto/generated.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";
import { aServiceSpec, ControlHarness, refused } from "./harness.ts";

describe("control: tasks and lists", () => {
  let harness: ControlHarness;
  beforeEach(() => {
    harness = new ControlHarness();
  });

  async function list(filter: Fields<ListFilter>, page: Fields<Page> | null = null) {
    const request = make("ListTasksRequest", {
      filter: make("ListFilter", filter),
      page: page && make("Page", page),
    });
    const { tasks, next } = await harness.api.listTasks(request, harness.call);
    return { ids: tasks.map(({ id }) => id), next };
  }

  async function three(): Promise<Service> {
    const labels = { tier: "front", empty: "" };
    const annotations = make("Annotations", { name: "web", labels });
    const service = aService("s1", { name: "web", spec: { annotations } });
    await harness.put("service", service);
    await harness.put("task", aTask("t1", service, { nodeId: "n1", slot: 1 }));
    await harness.put("task", aTask("t2", service, { nodeId: "n2", slot: 2 }));
    const orphan = { nodeId: "n2", desiredState: TaskState.SHUTDOWN };
    await harness.put("task", aTask("u3", null, orphan));
    return service;
  }

  it("find a task by id or prefix, and remove it outright", async () => {
    await three();
    const get = make("GetTaskRequest", { ref: "u" });
    assert.equal((await harness.api.getTask(get, harness.call)).task?.id, "u3");
    await refused(
      harness.api.getTask(make("GetTaskRequest", { ref: "t" }), harness.call),
      "invalid",
      "task t is ambiguous (2 matches found)",
    );
    await harness.api.removeTask(make("RemoveTaskRequest", { ref: "u3" }), harness.call);
    assert.deepEqual((await list({})).ids, ["t1", "t2"]);
  });

  it("take several values of a filter as alternatives and all filters together", async () => {
    await three();
    const cases: [Fields<ListFilter>, string[]][] = [
      [{ serviceIds: ["s1"] }, ["t1", "t2"]],
      [{ serviceIds: ["s1"], nodeIds: ["n2"] }, ["t2"]],
      [{ nodeIds: ["n1", "n2"] }, ["t1", "t2", "u3"]],
      [{ ids: ["u3", "t1", "t1", "nope"] }, ["u3", "t1"]],
      [{ idPrefixes: ["t"], desiredStates: [TaskState.RUNNING] }, ["t1", "t2"]],
      [{ desiredStates: [TaskState.SHUTDOWN] }, ["u3"]],
      [{ namePrefixes: ["web.1"] }, ["t1"]],
      [{ names: ["web.2.t2"] }, ["t2"]],
      [{ labels: ["tier=front"] }, ["t1", "t2"]],
      [{ labels: ["tier", "empty="] }, ["t1", "t2"]],
      [{ labels: ["tier=front", "toString"] }, []],
      [{ runtimes: ["container"], serviceIds: ["s1"] }, ["t1", "t2"]],
      [{ runtimes: ["process"] }, []],
    ];
    for (const [filter, ids] of cases)
      assert.deepEqual((await list(filter)).ids, ids, JSON.stringify(filter));
  });

  it("come in pages that neither repeat nor lose what stays", async () => {
    await three();
    const first = await list({}, { limit: 2 });
    assert.deepEqual(first, { ids: ["t1", "t2"], next: "t2" });
    await harness.api.removeTask(make("RemoveTaskRequest", { ref: "t2" }), harness.call);
    const second = await list({}, { limit: 2, after: first.next });
    assert.deepEqual(second, { ids: ["u3"], next: "" });
  });

  it("come in pages of any size that together hold every object once", async () => {
    const service = await three();
    const ids: string[] = [];
    await harness.store.update((tx) => {
      for (let n = 0; n < 5_000; n++) {
        const id = newId(harness.random);
        ids.push(id);
        tx.create("task", aTask(id, service));
      }
    });
    ids.sort();
    for (const limit of [1_300, 5_000, 9_000]) {
      const seen: string[] = [];
      for (let after = ""; ;) {
        const page = await list({ serviceIds: ["s1"] }, { limit, after });
        seen.push(...page.ids.filter((id) => id.length > 2));
        after = page.next;
        if (after === "") break;
        assert.equal(page.ids.length, limit);
      }
      assert.deepEqual(seen, ids);
    }
  });

  it("refuse a filter of another kind", async () => {
    await refused(list({ roles: [NodeRole.MANAGER] }), "invalid", /roles does not apply to a task/);
  });

  it("tell tasks that run what is wanted from those that do not", async () => {
    const service = await three();
    const with_ = async (fields: Partial<Service["spec"]>, index: number): Promise<string[]> => {
      await harness.store.update((tx) => {
        const stored = harness.stored("service", service.id);
        const spec = { ...stored.spec, ...fields } as Service["spec"];
        tx.update("service", { ...stored, spec, specVersion: { index } });
      });
      return (await list({ upToDate: true })).ids;
    };
    const task = service.spec?.task ?? make("TaskSpec");
    assert(task.runtime === "container");
    assert.deepEqual((await list({ upToDate: true })).ids, ["t1", "t2"]);
    const replicas = { mode: "replicated", replicated: { replicas: 9 } } as const;
    assert.deepEqual(await with_(replicas, 7), ["t1", "t2"]);
    const moved: TaskSpec = { ...task, placement: make("Placement", { maxReplicas: 1 }) };
    assert.deepEqual(await with_({ task: moved }, 8), ["t1", "t2"]);
    const changed: TaskSpec = { ...task, container: { ...task.container, image: "nginx" } };
    assert.deepEqual(await with_({ task: changed }, 9), []);
  });

  it("hide registry credentials of tasks", async () => {
    const task = make("TaskSpec", {
      runtime: "container",
      container: make("ContainerSpec", { image: "busybox", registryAuth: "c2VjcmV0" }),
    });
    const service = aService("s1", { spec: { ...aServiceSpec("web"), task } });
    await harness.put("service", service);
    await harness.put("task", aTask("t1", service));
    const { tasks } = await harness.api.listTasks(make("ListTasksRequest"), harness.call);
    assert(!JSON.stringify(tasks).includes("c2VjcmV0"));
  });

  it("select nodes by host name, engine labels, own labels, role and membership", async () => {
    const description = make("NodeDescription", {
      hostname: "Alpha",
      engine: make("EngineDescription", { labels: { zone: "a" } }),
    });
    await harness.put("node", aNode("n1", { description, role: NodeRole.MANAGER }));
    const annotations = make("Annotations", { labels: { disk: "ssd" } });
    await harness.put("node", aNode("n2", { spec: make("NodeSpec", { annotations }) }));
    const cases: [Fields<ListFilter>, string[]][] = [
      [{ names: ["alpha"] }, ["n1"]],
      [{ namePrefixes: ["ALP"] }, ["n1"]],
      [{ labels: ["zone=a"] }, ["n1"]],
      [{ nodeLabels: ["disk=ssd"] }, ["n2"]],
      [{ roles: [NodeRole.MANAGER] }, ["n1"]],
      [{ memberships: [0] }, ["n2"]],
      [{ idPrefixes: ["n1", "n2"], roles: [NodeRole.WORKER] }, ["n2"]],
    ];
    for (const [fields, ids] of cases) {
      const request = make("ListNodesRequest", { filter: make("ListFilter", fields) });
      const { nodes } = await harness.api.listNodes(request, harness.call);
      assert.deepEqual(
        nodes.map(({ id }) => id),
        ids,
        JSON.stringify(fields),
      );
    }
  });

  it("select services by mode and runtime", async () => {
    await harness.put("service", aService("s1"));
    const job = { mode: "globalJob", globalJob: {} } as const;
    await harness.put("service", aService("s2", { spec: job }));
    for (const [modes, ids] of [
      [["replicated"], ["s1"]],
      [["global-job", "global"], ["s2"]],
    ]) {
      const filter = make("ListFilter", { modes, runtimes: ["container"] });
      const request = make("ListServicesRequest", { filter });
      const { services } = await harness.api.listServices(request, harness.call);
      assert.deepEqual(
        services.map(({ id }) => id),
        ids,
      );
    }
  });
});
