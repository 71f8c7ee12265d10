import assert from "node:assert/strict";
import { make } from "../../../proto/codec.ts";
import { TaskState, type Service } from "../../../proto/generated.ts";
import { Rig } from "../rig.ts";

const TIME = "2026-01-02T03:04:05.67Z";

describe("/tasks", () => {
  let rig: Rig;
  let web: Service;
  beforeEach(async () => {
    rig = await Rig.open();
    rig.node.activate();
    web = await service("web");
  });
  afterEach(() => rig.close());

  async function service(name: string): Promise<Service> {
    const spec = { Name: name, TaskTemplate: { ContainerSpec: { Image: "nginx" } } };
    assert.equal((await rig.post("/services/create", spec)).status, 201);
    return rig.control.services.find(name);
  }

  it("prints a running task exactly as Docker does", async () => {
    const network = rig.control.putNetwork(
      make("Network", {
        id: "n".repeat(25),
        spec: make("NetworkSpec", { annotations: { name: "ov", labels: {} } }),
        driverState: {
          name: "overlay",
          options: { "com.docker.network.driver.overlay.vxlanid_list": "4097" },
        },
        ipam: make("IpamOptions", {
          driver: { name: "default", options: {} },
          configs: [make("IpamConfig", { subnet: "10.0.1.0/24", gateway: "10.0.1.1" })],
        }),
      }),
    );
    const task = rig.control.putTask(web, {
      nodeId: "w".repeat(25),
      status: make("TaskStatus", {
        timestampMs: Date.UTC(2026, 0, 2, 3, 4, 6),
        state: TaskState.RUNNING,
        message: "started",
        container: { containerId: "abc", pid: 42, exitCode: 0 },
        ports: [make("PortConfig", { targetPort: 80, publishedPort: 8080, publishMode: 1 })],
      }),
      networks: [make("NetworkAttachment", { networkId: network.id, addresses: ["10.0.1.3/24"] })],
    });
    const seen = (await rig.get(`/tasks/${task.id}`)).json() as Record<string, unknown>;
    assert.deepEqual(seen, {
      ID: task.id,
      Version: { Index: 14 },
      CreatedAt: TIME,
      UpdatedAt: TIME,
      Labels: {},
      Spec: { ContainerSpec: { Image: "nginx", Isolation: "default" }, ForceUpdate: 0 },
      ServiceID: web.id,
      Slot: 1,
      NodeID: "w".repeat(25),
      Status: {
        Timestamp: "2026-01-02T03:04:06Z",
        State: "running",
        Message: "started",
        ContainerStatus: { ContainerID: "abc", PID: 42, ExitCode: 0 },
        PortStatus: {
          Ports: [{ Protocol: "tcp", TargetPort: 80, PublishedPort: 8080, PublishMode: "host" }],
        },
      },
      DesiredState: "running",
      NetworksAttachments: [
        {
          Network: {
            ID: network.id,
            Version: { Index: 13 },
            CreatedAt: TIME,
            UpdatedAt: TIME,
            Spec: { Name: "ov", Labels: {}, Scope: "swarm" },
            DriverState: {
              Name: "overlay",
              Options: { "com.docker.network.driver.overlay.vxlanid_list": "4097" },
            },
            IPAMOptions: {
              Driver: { Name: "default" },
              Configs: [{ Subnet: "10.0.1.0/24", Gateway: "10.0.1.1" }],
            },
          },
          Addresses: ["10.0.1.3/24"],
        },
      ],
      Volumes: [],
    });
  });

  it("says why a task waits, in its status and its labels", async () => {
    const task = rig.control.putTask(web, {
      slot: 0,
      status: make("TaskStatus", {
        timestampMs: 0,
        state: TaskState.PENDING,
        message: "pending task scheduling",
        err: "no suitable node (scheduling constraints not satisfied on 2 nodes)",
      }),
      origin: make("TaskOrigin", {
        restarts: 3,
        notBeforeMs: Date.UTC(2026, 0, 2, 3, 5),
        reason: "task: non-zero exit (1)",
      }),
    });
    const seen = (await rig.get(`/tasks/${task.id}`)).json() as Record<string, unknown>;
    assert.ok(!("Slot" in seen) && !("NodeID" in seen));
    assert.deepEqual(seen["Status"], {
      Timestamp: "0001-01-01T00:00:00Z",
      State: "pending",
      Message: "pending task scheduling",
      Err: "no suitable node (scheduling constraints not satisfied on 2 nodes)",
      PortStatus: {},
    });
    assert.deepEqual(seen["Labels"], {
      "skep.reason": "task: non-zero exit (1)",
      "skep.restarts": "3",
      "skep.not-before": "2026-01-02T03:05:00Z",
    });
  });

  it("finds services and nodes in filters by id, name or prefix, and misses with 404", async () => {
    const node = rig.control.putNode({ hostname: "w1" });
    const other = await service("cache");
    const a = rig.control.putTask(web, { nodeId: node.id });
    const b = rig.control.putTask(other, { desiredState: TaskState.SHUTDOWN });
    const ids = async (filters: object): Promise<string[]> => {
      const reply = await rig.get(`/tasks?filters=${encodeURIComponent(JSON.stringify(filters))}`);
      assert.equal(reply.status, 200, reply.text);
      return (reply.json() as { ID: string }[]).map(({ ID }) => ID).sort();
    };
    assert.deepEqual(await ids({}), [a.id, b.id].sort());
    assert.deepEqual(await ids({ service: ["web"] }), [a.id]);
    assert.deepEqual(await ids({ service: { [other.id.slice(0, 8)]: true } }), [b.id]);
    assert.deepEqual(await ids({ node: ["w1"] }), [a.id]);
    assert.deepEqual(await ids({ "desired-state": ["running"] }), [a.id]);
    assert.deepEqual(await ids({ name: ["cache.1"], "_up-to-date": ["true"] }), [b.id]);
    const missing = await rig.get(`/tasks?filters={"service":["nope"]}`);
    assert.equal(missing.status, 404);
    assert.equal(missing.message(), "service nope not found");
    const self = await rig.get(`/tasks?filters={"node":["self"]}`);
    assert.equal(self.status, 404);
    const bad = await rig.get(`/tasks?filters={"desired-state":["up"]}`);
    assert.equal(bad.message(), "Invalid desired-state filter: 'up'");
  });

  it("lists a task each time as it is then, and with its networks as they are then", async () => {
    const network = rig.control.putNetwork(make("Network", { id: "n".repeat(25) }));
    const networks = [make("NetworkAttachment", { networkId: network.id })];
    const plain = rig.control.putTask(web);
    rig.control.putTask(web, { networks });
    const listed = async (): Promise<unknown> => {
      const list = (await rig.get("/tasks")).json() as readonly { readonly ID: string }[];
      for (const task of list)
        assert.deepEqual(task, (await rig.get(`/tasks/${task.ID}`)).json(), "as by itself");
      assert.equal(list.length, 2);
      return list;
    };
    const first = await listed();
    assert.deepEqual(await listed(), first);
    rig.control.putTask(web, { ...plain, desiredState: TaskState.SHUTDOWN });
    rig.control.putNetwork({ ...network, driverState: { name: "bridge", options: {} } });
    const later = JSON.stringify(await listed());
    assert.match(later, /"DesiredState":"shutdown"/);
    assert.match(later, /"DriverState":\{"Name":"bridge"\}/);
  });

  it("streams long lists whole", async () => {
    for (let slot = 1; slot <= 1234; slot++) rig.control.putTask(web, { slot });
    const reply = await rig.get("/tasks");
    assert.equal(reply.headers["transfer-encoding"], "chunked");
    const tasks = reply.json() as { Slot: number }[];
    assert.equal(new Set(tasks.map(({ Slot }) => Slot)).size, 1234);
    assert.equal((await rig.docker().listTasks()).length, 1234);
  });

  it("deletes a task through a verb of its own", async () => {
    const task = rig.control.putTask(web);
    assert.equal((await rig.request("DELETE", `/skep/v1/tasks/${task.id}`)).status, 204);
    assert.equal((await rig.get(`/tasks/${task.id}`)).status, 404);
    assert.equal((await rig.request("DELETE", `/v1.41/tasks/${task.id}`)).status, 404);
  });
});
