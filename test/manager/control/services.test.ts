import assert from "node:assert/strict";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  PublishMode,
  TaskState,
  UpdateServiceRequestRollback,
  UpdateStatusState,
  type ContainerSpec,
  type PortConfig,
  type Service,
  type ServiceSpec,
} from "../../../proto/generated.ts";
import { aConfig, aSecret, aTask } from "../../fakes/objects.ts";
import { aServiceSpec, ControlHarness, refused } from "./harness.ts";

const container = (fields: Fields<ContainerSpec>): Fields<ServiceSpec> => ({
  task: make("TaskSpec", {
    runtime: "container",
    container: make("ContainerSpec", { image: "busybox", ...fields }),
  }),
});

const port = (publishedPort: number, fields: Fields<PortConfig> = {}) =>
  make("PortConfig", { targetPort: 80, publishedPort, ...fields });
const publishing = (...ports: PortConfig[]): Fields<ServiceSpec> => ({
  endpoint: make("EndpointSpec", { ports }),
});
const HOST = { publishMode: PublishMode.HOST };

describe("control: services", () => {
  let harness: ControlHarness;
  beforeEach(() => {
    harness = new ControlHarness();
  });

  async function create(name: string, fields: Fields<ServiceSpec> = {}): Promise<Service> {
    const request = make("CreateServiceRequest", { spec: aServiceSpec(name, fields) });
    const { service } = await harness.api.createService(request, harness.call);
    assert(service);
    return service;
  }

  async function update(
    service: Service,
    fields: Fields<ServiceSpec>,
    options: { readonly registryAuthFromPrevious?: boolean } = {},
  ): Promise<Service> {
    const spec = aServiceSpec(service.spec?.annotations?.name ?? "", fields);
    const version = harness.stored("service", service.id).meta?.version ?? null;
    const request = make("UpdateServiceRequest", { id: service.id, version, spec, ...options });
    const response = await harness.api.updateService(request, harness.call);
    assert(response.service);
    return response.service;
  }

  async function rollback(service: Service): Promise<Service> {
    const request = make("UpdateServiceRequest", {
      id: service.id,
      version: harness.stored("service", service.id).meta?.version ?? null,
      rollback: UpdateServiceRequestRollback.PREVIOUS,
    });
    const response = await harness.api.updateService(request, harness.call);
    assert(response.service);
    return response.service;
  }

  const ingress = () =>
    harness.put(
      "network",
      make("Network", {
        id: "net-ingress",
        spec: make("NetworkSpec", {
          annotations: make("Annotations", { name: "ingress" }),
          ingress: true,
        }),
      }),
    );

  it("stores a new service and finds it by id, by name and by a prefix of the id", async () => {
    const { id, meta } = await create("web");
    assert.match(id, /^[0-9a-z]{25}$/);
    assert.equal(meta?.version?.index, 1);
    for (const ref of [id, "web", id.slice(0, 6)]) {
      const request = make("GetServiceRequest", { ref });
      const { service } = await harness.api.getService(request, harness.call);
      assert.equal(service?.id, id);
    }
  });

  it("refuses a name that is taken, whatever its case", async () => {
    await create("web");
    await refused(
      create("WEB"),
      "exists",
      "name conflicts with an existing object: service WEB already exists",
    );
  });

  it("says which service it did not find", async () => {
    const request = make("GetServiceRequest", { ref: "nope" });
    await refused(
      harness.api.getService(request, harness.call),
      "not-found",
      "service nope not found",
    );
  });

  it("takes a service without a mode for one replica", async () => {
    const spec = { ...aServiceSpec("web"), mode: undefined } as ServiceSpec;
    const request = make("CreateServiceRequest", { spec });
    const { service } = await harness.api.createService(request, harness.call);
    assert.equal(service?.spec?.mode, "replicated");
    assert.equal(service.spec.replicated.replicas, 1);
  });

  it("gives a service that publishes nothing its endpoint at once", async () => {
    const plain = await create("plain");
    assert.deepEqual(plain.endpoint?.ports, []);
    const fields = publishing();
    const empty = await create("empty", fields);
    assert.deepEqual(empty.endpoint?.spec, fields.endpoint);
    const waiting = await create("waiting", publishing(port(8080, HOST)));
    assert.equal(waiting.endpoint, null);
  });

  it("waits for a read barrier only when asked for a linearizable read", async () => {
    await create("web");
    for (const consistency of [0, 1] as const) {
      const request = make("GetServiceRequest", { ref: "web", consistency });
      await harness.api.getService(request, harness.call);
      assert.equal(harness.barriers, consistency);
    }
  });

  describe("update", () => {
    it("needs the version that was read, and refuses a stale one", async () => {
      const service = await create("web");
      const spec = aServiceSpec("web", { mode: "replicated", replicated: { replicas: 2 } });
      const without = make("UpdateServiceRequest", { id: service.id, spec });
      await refused(harness.api.updateService(without, harness.call), "invalid", /version/);
      const first = { ...without, version: service.meta?.version ?? null };
      await harness.api.updateService(first, harness.call);
      await refused(
        harness.api.updateService(first, harness.call),
        "out-of-sequence",
        "update out of sequence",
      );
    });

    it("lets only one of two updates win that were made from the same version", async () => {
      const service = await create("web");
      harness.raft.hold();
      const racing = [update(service, { ...container({ image: "a" }) }), update(service, {})];
      harness.raft.release();
      const outcomes = await Promise.allSettled(racing);
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ["fulfilled", "rejected"],
      );
    });

    it("keeps the previous spec, gives the new one a version, and clears the status", async () => {
      const service = await create("web");
      await harness.store.update((tx) => {
        const stored = harness.stored("service", service.id);
        const updateStatus = make("UpdateStatus", { state: UpdateStatusState.COMPLETED });
        tx.update("service", { ...stored, updateStatus });
      });
      const before = harness.stored("service", service.id);
      const after = await update(service, container({ image: "nginx" }));
      assert.deepEqual(after.previousSpec, before.spec);
      assert.deepEqual(after.previousSpecVersion, before.specVersion);
      assert.deepEqual(after.specVersion, before.meta?.version);
      assert.equal(after.updateStatus, null);
    });

    it("refuses to rename a service or to change its mode", async () => {
      const service = await create("web");
      const { version = null } = service.meta ?? {};
      const renamed = make("UpdateServiceRequest", {
        id: service.id,
        version,
        spec: aServiceSpec("other"),
      });
      await refused(
        harness.api.updateService(renamed, harness.call),
        "unimplemented",
        "renaming services is not supported",
      );
      await refused(
        update(service, { mode: "global", global: {} }),
        "unimplemented",
        "service mode change is not allowed",
      );
    });

    it("runs a job anew on every update", async () => {
      const job = {
        mode: "replicatedJob",
        replicatedJob: { maxConcurrent: 1, totalCompletions: 2 },
      };
      const service = await create("job", job as Fields<ServiceSpec>);
      assert.equal(service.jobStatus?.jobIteration?.index, 0);
      const after = await update(service, job as Fields<ServiceSpec>);
      assert.equal(after.jobStatus?.jobIteration?.index, 1);
    });

    it("leaves the runs of a scheduled job to its schedule", async () => {
      const schedule = make("Schedule", { cron: "0 3 * * *" });
      const job = { mode: "globalJob", globalJob: {}, schedule } as Fields<ServiceSpec>;
      const service = await create("nightly", job);
      assert.equal(service.jobStatus?.lastExecutionMs, 0);
      const after = await update(service, job);
      assert.equal(after.jobStatus?.jobIteration?.index, 0);
    });
  });

  describe("rollback", () => {
    it("exchanges spec and previous spec with their versions and says who asked", async () => {
      const first = await create("web");
      const second = await update(first, container({ image: "nginx" }));
      const third = await rollback(second);
      assert.deepEqual(third.spec, first.spec);
      assert.deepEqual(third.specVersion, first.specVersion);
      assert.deepEqual(third.previousSpec, second.spec);
      assert.deepEqual(third.previousSpecVersion, second.specVersion);
      assert.equal(third.updateStatus?.state, UpdateStatusState.ROLLBACK_STARTED);
      assert.equal(third.updateStatus?.message, "manually requested rollback");
    });

    it("of a job runs it anew and leaves no status: nothing would ever end it", async () => {
      const job = {
        mode: "replicatedJob" as const,
        replicatedJob: { maxConcurrent: 1, totalCompletions: 1 },
      };
      const first = await create("batch", job);
      const second = await update(first, { ...job, ...container({ image: "nginx" }) });
      const third = await rollback(second);
      assert.deepEqual(third.spec, first.spec);
      assert.equal(third.jobStatus?.jobIteration?.index, 2);
      assert.equal(third.updateStatus, null);
    });

    it("is refused without a previous spec", async () => {
      const service = await create("web");
      await refused(
        rollback(service),
        "failed-precondition",
        `service ${service.id} does not have a previous spec`,
      );
    });

    it("is refused when the previous spec needs a secret that is gone", async () => {
      await harness.put("secret", aSecret("sec"));
      const file = make("FileTarget", { name: "sec" });
      const secrets = [make("SecretReference", { secretId: "sec", secretName: "sec", file })];
      const service = await create("web", container({ secrets }));
      await update(service, {});
      const remove = make("RemoveSecretRequest", { ref: "sec" });
      await harness.api.removeSecret(remove, harness.call);
      await refused(rollback(service), "invalid", "secret not found: sec");
    });
  });

  describe("registry credentials", () => {
    const auth = (service: Service): string => {
      const task = harness.stored("service", service.id).spec?.task;
      return task?.runtime === "container" ? task.container.registryAuth : "";
    };

    it("are never returned", async () => {
      const service = await create("web", container({ registryAuth: "c2VjcmV0" }));
      const after = await update(service, container({ image: "nginx" }));
      const list = await harness.api.listServices(make("ListServicesRequest"), harness.call);
      for (const shown of [service, after, ...list.services])
        assert(!JSON.stringify(shown).includes("c2VjcmV0"));
      assert.equal(auth(service), "c2VjcmV0");
    });

    it("are carried over from the spec, or on request from the previous one", async () => {
      const service = await create("web", container({ registryAuth: "one" }));
      await update(service, container({ registryAuth: "two" }));
      await update(service, container({ image: "nginx" }));
      assert.equal(auth(service), "two");
      await update(service, container({ registryAuth: "three" }));
      await update(service, container({}), { registryAuthFromPrevious: true });
      assert.equal(auth(service), "two");
    });
  });

  describe("ports", () => {
    it("on the routing mesh belong to one service", async () => {
      await ingress();
      const web = await create("web", publishing(port(8080)));
      const taken = `port '8080' is already in use by service 'web' (${web.id}) as an ingress port`;
      await refused(create("b", publishing(port(8080))), "invalid", taken);
      await refused(create("c", publishing(port(8080, HOST))), "invalid", taken);
      await create("d", publishing(port(8080, { protocol: 1 })));
    });

    it("on the routing mesh go to one of two services created at the same moment", async () => {
      await ingress();
      harness.raft.hold();
      const web = create("web", publishing(port(8080)));
      const late = create("late", publishing(port(8080)));
      harness.raft.release();
      const text = `port '8080' is already in use by service 'web' (${(await web).id}) as an ingress port`;
      await refused(late, "invalid", text);
    });

    for (const [first, second] of [
      [port(8080), port(8080, HOST)],
      [port(8080, HOST), port(8080)],
    ] as const)
      it(`of both kinds go to the first of two services (${first.publishMode})`, async () => {
        await ingress();
        harness.raft.hold();
        const web = create("web", publishing(first));
        const late = create("late", publishing(second));
        harness.raft.release();
        const { id } = await web;
        await refused(late, "invalid", new RegExp(`'8080' is already in use by .*\\(${id}\\)`));
      });

    it("on the host collide with the routing mesh only", async () => {
      await ingress();
      const web = await create("web", publishing(port(8080, HOST)));
      await create("b", publishing(port(8080, HOST)));
      await refused(
        create("c", publishing(port(8080))),
        "invalid",
        `port '8080' is already in use by service 'web' (${web.id}) as a host-published port`,
      );
    });

    it("that the service itself has are no conflict in an update", async () => {
      await ingress();
      const web = await create("web", publishing(port(8080)));
      await update(web, publishing(port(8080), port(8081)));
    });

    it("on the routing mesh need the ingress network", async () => {
      await refused(
        create("web", publishing(port(8080))),
        "failed-precondition",
        "service needs ingress network, but no ingress network is present",
      );
    });
  });

  describe("references", () => {
    it("to networks may be names and are stored as ids", async () => {
      const request = make("CreateNetworkRequest", {
        spec: make("NetworkSpec", { annotations: make("Annotations", { name: "back" }) }),
      });
      const { network } = await harness.api.createNetwork(request, harness.call);
      const base = aServiceSpec("web").task ?? make("TaskSpec");
      const networks = [make("NetworkAttachmentConfig", { target: "back", aliases: ["w"] })];
      const service = await create("web", { task: { ...base, networks } });
      assert.equal(service.spec?.task?.networks[0]?.target, network?.id);
      const missing = [make("NetworkAttachmentConfig", { target: "nope" })];
      await refused(
        create("b", { task: { ...base, networks: missing } }),
        "not-found",
        "network nope not found",
      );
    });

    it("to networks that every node has keep the name that nodes know", async () => {
      const labels = { "com.docker.swarm.predefined": "true" };
      const annotations = make("Annotations", { name: "host", labels });
      const spec = make("NetworkSpec", { annotations });
      await harness.put("network", make("Network", { id: "net-host", spec }));
      const base = aServiceSpec("web").task ?? make("TaskSpec");
      for (const [index, target] of ["host", "net-host"].entries()) {
        // Whatever a client says of it, it is the swarm that knows.
        const networks = [make("NetworkAttachmentConfig", { target, nodeNetwork: "bridge" })];
        const service = await create(`s${index}`, { task: { ...base, networks } });
        const [stored] = service.spec?.task?.networks ?? [];
        assert.deepEqual([stored?.target, stored?.nodeNetwork], ["net-host", "host"]);
      }
    });

    it("to the ingress network are refused", async () => {
      await ingress();
      const base = aServiceSpec("web").task ?? make("TaskSpec");
      const networks = [make("NetworkAttachmentConfig", { target: "ingress" })];
      await refused(
        create("web", { task: { ...base, networks } }),
        "invalid",
        'Service cannot be explicitly attached to the ingress network "ingress"',
      );
    });

    it("to services it waits for must not lead back to it", async () => {
      const after = (...names: string[]): Fields<ServiceSpec> => ({
        dependsOn: names.map((serviceName) => make("ServiceDependency", { serviceName })),
      });
      const db = await create("db");
      await create("api", after("db", "cache"));
      await create("web", after("api", "db"));
      await refused(
        update(db, after("WEB")),
        "invalid",
        "services would wait for each other: db → WEB → api → db",
      );
      await refused(create("cache", after("web")), "invalid", /cache → web → api → cache/);
      await update(db, after("other"));
    });

    it("to secrets and configs must match in id and name", async () => {
      await harness.put("secret", aSecret("s1", "x"));
      await harness.put("config", aConfig("c1", "x"));
      const file = make("FileTarget", { name: "f" });
      const secret = (secretId: string, secretName: string) =>
        make("SecretReference", { secretId, secretName, file });
      await refused(
        create("web", container({ secrets: [secret("s1", "y")] })),
        "invalid",
        "secret not found: y",
      );
      const config = { configId: "c2", configName: "z", target: "file", file } as const;
      await refused(
        create("web", container({ configs: [config] })),
        "invalid",
        "config not found: z",
      );
      await create("web", container({ secrets: [secret("s1", "x")] }));
    });
  });

  it("fills in defaults only when asked, and never stores them", async () => {
    const { id } = await create("web");
    const request = make("GetServiceRequest", { ref: id, insertDefaults: true });
    const { service } = await harness.api.getService(request, harness.call);
    const { spec } = service ?? {};
    assert.equal(spec?.task?.restart?.delayNs?.value, 5e9);
    assert.equal(spec.task.restart.condition, 2);
    assert.equal(spec.update?.parallelism, 1);
    assert.equal(spec.rollback?.monitorNs?.value, 5e9);
    assert(spec.task.runtime === "container");
    assert.equal(spec.task.container.stopGracePeriodNs?.value, 10e9);
    assert.equal(harness.stored("service", id).spec?.update, null);
  });

  it("counts running tasks whatever is wanted of them", async () => {
    const service = await create("web", { mode: "replicated", replicated: { replicas: 3 } });
    const running = make("TaskStatus", { state: TaskState.RUNNING });
    await harness.put("task", aTask("t1", service, { status: running }));
    const leaving = { status: running, desiredState: TaskState.SHUTDOWN };
    await harness.put("task", aTask("t2", service, leaving));
    await harness.put("task", aTask("t3", service));
    const request = make("ListServiceStatusesRequest", { serviceIds: [service.id, "gone"] });
    const { statuses } = await harness.api.listServiceStatuses(request, harness.call);
    assert.deepEqual(statuses, [
      { serviceId: service.id, desired: 3, running: 2, completed: 0 },
      { serviceId: "gone", desired: 0, running: 0, completed: 0 },
    ]);
  });

  it("counts of a job only the tasks of its current iteration", async () => {
    const service = await create("job", {
      mode: "replicatedJob",
      replicatedJob: { maxConcurrent: 2, totalCompletions: 4 },
    });
    const done = make("TaskStatus", { state: TaskState.COMPLETE });
    const old = { status: done, jobIteration: { index: 7 } };
    await harness.put("task", aTask("t1", service, old));
    await harness.put("task", aTask("t2", service, { status: done, jobIteration: { index: 0 } }));
    const request = make("ListServiceStatusesRequest", { serviceIds: [service.id] });
    const { statuses } = await harness.api.listServiceStatuses(request, harness.call);
    assert.deepEqual(statuses, [{ serviceId: service.id, desired: 2, running: 0, completed: 1 }]);
  });

  it("removes the service and leaves its tasks to the orchestrator", async () => {
    const service = await create("web");
    await harness.put("task", aTask("t1", service));
    await harness.api.removeService(make("RemoveServiceRequest", { ref: "web" }), harness.call);
    assert.equal(harness.store.view.service.size, 0);
    assert.equal(harness.store.view.task.size, 1);
  });
});
