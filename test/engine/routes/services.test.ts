import assert from "node:assert/strict";
import { PlacementStrategy } from "../../../proto/generated.ts";
import { Rig } from "../rig.ts";

const TIME = "2026-01-02T03:04:05.67Z";

/** What `docker service create --name web --replicas 2 -p 8080:80 nginx` sends. */
const CLI_SPEC = {
  Name: "web",
  Labels: {},
  TaskTemplate: {
    ContainerSpec: { Image: "nginx:latest", Init: false, DNSConfig: {} },
    Resources: { Limits: {}, Reservations: {} },
    Placement: {},
    ForceUpdate: 0,
  },
  Mode: { Replicated: { Replicas: 2 } },
  EndpointSpec: {
    Mode: "vip",
    Ports: [{ Protocol: "tcp", TargetPort: 80, PublishedPort: 8080, PublishMode: "ingress" }],
  },
};

describe("/services", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.open();
    rig.node.activate();
  });
  afterEach(() => rig.close());

  async function create(spec: object, path = "/services/create"): Promise<string> {
    const reply = await rig.post(path, spec);
    assert.equal(reply.status, 201, reply.text);
    return (reply.json() as { ID: string }).ID;
  }

  it("reads back a service of the CLI exactly as Docker prints it", async () => {
    const id = await create(CLI_SPEC);
    const reply = await rig.get(`/v1.41/services/${id}?insertDefaults=false`);
    const port = { Protocol: "tcp", TargetPort: 80, PublishedPort: 8080, PublishMode: "ingress" };
    assert.deepEqual(reply.json(), {
      ID: id,
      Version: { Index: 12 },
      CreatedAt: TIME,
      UpdatedAt: TIME,
      Spec: {
        Name: "web",
        Labels: {},
        TaskTemplate: {
          ContainerSpec: {
            Image: "nginx:latest",
            Init: false,
            DNSConfig: {},
            Isolation: "default",
          },
          Resources: { Limits: {}, Reservations: {} },
          Placement: {},
          ForceUpdate: 0,
          Runtime: "container",
        },
        Mode: { Replicated: { Replicas: 2 } },
        EndpointSpec: { Mode: "vip", Ports: [port] },
      },
      Endpoint: { Spec: {} },
    });
  });

  it("keeps every field of a full spec through create, inspect and update", async () => {
    const id = await create(FULL_SPEC);
    const { Spec } = (await rig.get(`/services/${id}`)).json() as { Spec: object };
    assert.deepEqual(Spec, FULL_SPEC);
    const again = await rig.post(`/services/${id}/update?version=12`, Spec);
    assert.equal(again.text, '{"Warnings":null}\n');
    const updated = (await rig.get(`/services/full`)).json() as { Spec: object };
    assert.deepEqual(updated.Spec, FULL_SPEC);
  });

  it("gives a nameless service a name, one replica and no endpoint of its own", async () => {
    const id = await create({ TaskTemplate: { ContainerSpec: { Image: "nginx" } } });
    const { Spec } = (await rig.get(`/services/${id}`)).json() as { Spec: Record<string, unknown> };
    assert.match(String(Spec["Name"]), /^[a-z]+_[a-z]+$/);
    assert.deepEqual(Spec["Mode"], { Replicated: { Replicas: 1 } });
    assert.equal(Spec["EndpointSpec"], undefined);
    assert.deepEqual(Spec["Labels"], {});
    await create({ Name: "e", TaskTemplate: { ContainerSpec: { Image: "i" } }, EndpointSpec: {} });
    const e = (await rig.get("/services/e")).json() as { Spec: Record<string, unknown> };
    assert.deepEqual(e.Spec["EndpointSpec"], { Mode: "vip" });
  });

  it("stores registry credentials and never shows them", async () => {
    const reply = await rig.post("/services/create", CLI_SPEC, { "X-Registry-Auth": "c2VjcmV0" });
    const { ID } = reply.json() as { ID: string };
    const task = rig.control.services.find(ID).spec?.task;
    assert.ok(task?.runtime === "container");
    assert.equal(task.container.registryAuth, "c2VjcmV0");
    assert.ok(!(await rig.get(`/services/${ID}`)).text.includes("c2VjcmV0"));
  });

  it("refuses contradictions in Docker's words", async () => {
    const container = { ContainerSpec: { Image: "nginx" } };
    const cases: readonly (readonly [object, string])[] = [
      [{ Mode: { Global: {}, Replicated: {} } }, "must specify only one service mode"],
      [
        { TaskTemplate: { ...container, NetworkAttachmentSpec: {}, Runtime: "plugin" } },
        "mismatched Runtime and *Spec fields",
      ],
      [{ TaskTemplate: {} }, "mismatched Runtime and *Spec fields"],
      [{ UpdateConfig: { Order: "any" } }, "unrecognized update order any"],
      [{ TaskTemplate: { ...container, Runtime: "jail" } }, "unsupported runtime"],
      [
        { TaskTemplate: { ...container, RestartPolicy: { Condition: "never" } } },
        'invalid RestartCondition: "never"',
      ],
      [{ EndpointSpec: { Mode: "any" } }, 'invalid resolution mode: "any"'],
    ];
    for (const [fields, message] of cases) {
      const spec = { Name: "x", TaskTemplate: container, ...fields };
      const reply = await rig.post("/services/create", spec);
      assert.equal(reply.status, 400, message);
      assert.equal(reply.message(), message);
    }
  });

  it("gives refusals of the cluster the look and status of gRPC errors", async () => {
    await create(CLI_SPEC);
    const twice = await rig.post("/services/create", CLI_SPEC);
    assert.equal(twice.status, 409);
    assert.equal(
      twice.message(),
      "rpc error: code = AlreadyExists desc = name conflicts with an existing object: " +
        "service web already exists",
    );
    const stale = await rig.post("/services/web/update?version=1", CLI_SPEC);
    assert.equal(stale.status, 500);
    assert.equal(stale.message(), "rpc error: code = Unknown desc = update out of sequence");
    const missing = await rig.get("/services/nope");
    assert.equal(missing.status, 404);
    assert.equal(missing.message(), "service nope not found");
    const renamed = await rig.post("/services/web/update?version=12", { ...CLI_SPEC, Name: "x" });
    assert.equal(renamed.status, 501);
    const noVersion = await rig.post("/services/web/update", CLI_SPEC);
    assert.equal(noVersion.status, 400);
    assert.equal(
      noVersion.message(),
      `invalid service version '': strconv.ParseUint: parsing "": invalid syntax`,
    );
  });

  it("rolls back to the previous spec and shows the state of it", async () => {
    const id = await create(CLI_SPEC);
    const refused = await rig.post(`/services/${id}/update?version=12&rollback=previous`, CLI_SPEC);
    assert.equal(refused.status, 400);
    const scaled = { ...CLI_SPEC, Mode: { Replicated: { Replicas: 5 } } };
    await rig.post(`/services/${id}/update?version=12`, scaled);
    const back = await rig.post(`/services/${id}/update?version=13&rollback=previous`, scaled);
    assert.equal(back.status, 200, back.text);
    const service = (await rig.get(`/services/${id}`)).json() as Record<string, unknown>;
    assert.deepEqual(service["UpdateStatus"], {
      State: "rollback_started",
      StartedAt: TIME,
      Message: "manually requested rollback",
    });
    const odd = await rig.post(`/services/${id}/update?version=14&rollback=foo`, scaled);
    assert.equal(odd.message(), "unrecognized rollback option foo");
  });

  it("lists with filters in both forms and adds counts on request only", async () => {
    await create(CLI_SPEC);
    const other = { ContainerSpec: { Image: "redis" } };
    await create({
      Name: "cache",
      Labels: { tier: "b" },
      TaskTemplate: other,
      Mode: { Global: {} },
    });
    rig.control.putTask(rig.control.services.find("web"));
    const names = async (filters: object, more = ""): Promise<string[]> => {
      const query = encodeURIComponent(JSON.stringify(filters));
      const list = (await rig.get(`/services?filters=${query}${more}`)).json() as {
        Spec: { Name: string };
      }[];
      return list.map(({ Spec }) => Spec.Name).sort();
    };
    assert.deepEqual(await names({}), ["cache", "web"]);
    assert.deepEqual(await names({ name: ["we"] }), ["web"]);
    assert.deepEqual(await names({ name: { we: true, ca: false } }), ["cache", "web"]);
    assert.deepEqual(await names({ label: ["tier"], mode: ["global"] }), ["cache"]);
    assert.deepEqual(await names({ label: { "tier=": true } }), ["cache"]);
    assert.deepEqual(await names({ label: ["tier=c"] }), []);
    const bad = await rig.get(`/services?filters=${encodeURIComponent('{"foo":["x"]}')}`);
    assert.equal(bad.status, 400);
    assert.equal(bad.message(), "invalid filter 'foo'");

    const plain = (await rig.get("/services")).json() as object[];
    assert.ok(plain.every((service) => !("ServiceStatus" in service)));
    const counted = (await rig.get(`/services?status=True&filters={"name":["web"]}`)).json();
    assert.deepEqual(counted[0]["ServiceStatus"], {
      RunningTasks: 1,
      DesiredTasks: 2,
      CompletedTasks: 0,
    });
    assert.equal((await rig.get("/services?status=maybe")).status, 400);
    const old = (await rig.get("/v1.40/services?status=true")).json() as object[];
    assert.ok(old.every((service) => !("ServiceStatus" in service)));
  });

  it("drops fields that the client's API version did not have", async () => {
    const spec = {
      Name: "old",
      TaskTemplate: {
        ContainerSpec: { Image: "nginx", CapabilityAdd: ["CAP_NET_ADMIN"], Sysctls: { a: "1" } },
        Placement: { MaxReplicas: 3 },
      },
      Mode: { ReplicatedJob: { TotalCompletions: 3 } },
    };
    await create(spec, "/v1.39/services/create");
    const { Spec } = (await rig.get("/services/old")).json() as {
      Spec: { TaskTemplate: Record<string, object>; Mode: object };
    };
    assert.deepEqual(Spec.Mode, { Replicated: { Replicas: 1 } });
    assert.deepEqual(Spec.TaskTemplate["Placement"], {});
    assert.deepEqual(Spec.TaskTemplate["ContainerSpec"], {
      Image: "nginx",
      Isolation: "default",
    });
  });

  it("is served to dockerode", async () => {
    const docker = rig.docker();
    const service = await docker.createService(CLI_SPEC as never);
    const seen = await docker.getService(service.id).inspect();
    assert.equal(seen.Spec.Name, "web");
    await docker.getService("web").update({
      version: seen.Version.Index,
      ...CLI_SPEC,
      Mode: { Replicated: { Replicas: 3 } },
    });
    const [listed] = await docker.listServices({ filters: { name: ["web"] } });
    assert.deepEqual(listed?.Spec?.Mode, { Replicated: { Replicas: 3 } });
    await docker.getService("web").remove();
    assert.deepEqual(await docker.listServices(), []);
  });

  it("carries extensions as labels outside and fields inside", async () => {
    const labels = {
      app: "x",
      "skep.strategy": "binpack",
      "skep.runtime": "process",
      "skep.depends-on": "db:healthy,cache",
    };
    const id = await create({
      Name: "proc",
      Labels: labels,
      TaskTemplate: {
        ContainerSpec: { Image: "process:latest", Command: ["node"], Args: ["s.js"], Env: ["A=1"] },
      },
    });
    const stored = rig.control.services.find(id).spec;
    assert.deepEqual(stored?.annotations?.labels, { app: "x" });
    assert.ok(stored.task?.runtime === "process");
    assert.deepEqual(stored.task.process.command, ["node", "s.js"]);
    assert.equal(stored.task.placement?.strategy, PlacementStrategy.BINPACK);
    assert.deepEqual(
      stored.dependsOn.map(({ serviceName, condition }) => [serviceName, condition]),
      [
        ["db", 1],
        ["cache", 0],
      ],
    );
    const { Spec } = (await rig.get(`/services/${id}`)).json() as {
      Spec: { Labels: object; TaskTemplate: Record<string, unknown> };
    };
    assert.deepEqual(Spec.Labels, labels);
    assert.equal(Spec.TaskTemplate["Runtime"], "container");
    assert.deepEqual(Spec.TaskTemplate["ContainerSpec"], {
      Image: "process",
      Args: ["node", "s.js"],
      Env: ["A=1"],
      Isolation: "default",
    });
    const update = await rig.post(`/services/${id}/update?version=12`, Spec);
    assert.equal(update.status, 200, update.text);
    assert.deepEqual(rig.control.services.find(id).spec, stored);
  });

  it("refuses extensions it does not know and fields a process cannot have", async () => {
    const process = { Image: "process", Args: ["true"] };
    const cases: readonly (readonly [object, object, RegExp])[] = [
      [{ "skep.stategy": "spread" }, process, /unknown label "skep.stategy"/],
      [{ "skep.strategy": "best" }, process, /invalid skep.strategy: "best"/],
      [{ "skep.runtime": "process" }, { Image: "nginx", Args: ["x"] }, /takes the image "process"/],
      [{ "skep.runtime": "process" }, { Image: "process" }, /needs a command/],
      [
        { "skep.runtime": "process" },
        { ...process, OpenStdin: true },
        /cannot have ContainerSpec.OpenStdin/,
      ],
      [{ "skep.runtime": "process", "skep.privileged": "true" }, process, /is for containers/],
      [{ "skep.privileged": "yes" }, { Image: "x" }, /"yes" is neither true nor false/],
      [{ "skep.schedule.concurrency": "forbid" }, process, /need skep.schedule/],
    ];
    for (const [Labels, ContainerSpec, message] of cases) {
      const spec = { Name: "x", Labels, TaskTemplate: { ContainerSpec } };
      const reply = await rig.post("/services/create", spec);
      assert.equal(reply.status, 400);
      assert.match(reply.message(), message);
    }
    assert.equal(rig.control.services.rows.size, 0);
  });
});

const UPDATE_CONFIG = {
  Parallelism: 2,
  Delay: 1_000_000_000,
  FailureAction: "rollback",
  Monitor: 5_000_000_000,
  MaxFailureRatio: 0.5,
  Order: "start-first",
};

/** Every field that reads back as it was sent. */
const FULL_SPEC = {
  Name: "full",
  Labels: { a: "b" },
  TaskTemplate: {
    ContainerSpec: {
      Image: "nginx:1@sha256:0123",
      Command: ["/bin/sh"],
      Args: ["-c", "true"],
      Labels: { c: "d" },
      Hostname: "h",
      Env: ["A=1"],
      Dir: "/srv",
      User: "www",
      StopSignal: "SIGINT",
      Mounts: [
        {
          Type: "volume",
          Source: "data",
          Target: "/data",
          VolumeOptions: { NoCopy: true, Labels: { x: "y" }, DriverConfig: { Name: "local" } },
        },
        {
          Type: "bind",
          Source: "/etc",
          Target: "/host",
          ReadOnly: true,
          Consistency: "cached",
          BindOptions: { Propagation: "rslave" },
        },
        {
          Type: "tmpfs",
          Target: "/tmp",
          TmpfsOptions: { SizeBytes: 1024, Mode: 511, Options: [["exec"]] },
        },
      ],
      StopGracePeriod: 0,
      Healthcheck: {
        Test: ["CMD", "true"],
        Interval: 1_000_000_000,
        Timeout: 2_000_000_000,
        StartPeriod: 3_000_000_000,
        StartInterval: 4_000_000_000,
        Retries: 3,
      },
      Secrets: [
        {
          File: { Name: "s", UID: "0", GID: "0", Mode: 292 },
          SecretID: "sid",
          SecretName: "sname",
        },
      ],
      Configs: [
        { File: { Name: "c", UID: "1", GID: "2", Mode: 0 }, ConfigID: "cid", ConfigName: "cname" },
        { Runtime: {}, ConfigID: "cid2", ConfigName: "cname2" },
      ],
      Ulimits: [{ Name: "nofile", Hard: 20, Soft: 10 }],
      Groups: ["adm"],
      Privileges: {
        CredentialSpec: { Config: "cid2", File: "", Registry: "" },
        SELinuxContext: { Disable: true, User: "u", Role: "r", Type: "t", Level: "l" },
        Seccomp: { Mode: "custom", Profile: "e30=" },
        AppArmor: { Mode: "disabled" },
        NoNewPrivileges: true,
      },
      Init: true,
      TTY: true,
      OpenStdin: true,
      ReadOnly: true,
      Hosts: ["10.0.0.1 a b"],
      DNSConfig: { Nameservers: ["1.1.1.1"], Search: ["x.org"], Options: ["ndots:2"] },
      Isolation: "default",
      Sysctls: { "net.core.somaxconn": "1024" },
      CapabilityAdd: ["CAP_NET_ADMIN"],
      CapabilityDrop: ["CAP_KILL"],
      OomScoreAdj: -5,
    },
    Resources: {
      Limits: { NanoCPUs: 1_500_000_000, MemoryBytes: 5 * 2 ** 30, Pids: 100 },
      Reservations: {
        NanoCPUs: 500_000_000,
        GenericResources: [
          { NamedResourceSpec: { Kind: "GPU", Value: "uuid-1" } },
          { DiscreteResourceSpec: { Kind: "SSD", Value: 3 } },
        ],
      },
      SwapBytes: -1,
      MemorySwappiness: 10,
    },
    RestartPolicy: {
      Condition: "on-failure",
      Delay: 1_000_000_000,
      MaxAttempts: 3,
      Window: 9_000_000_000,
    },
    Placement: {
      Constraints: ["node.role == worker"],
      Preferences: [{ Spread: { SpreadDescriptor: "node.labels.zone" } }],
      MaxReplicas: 2,
      Platforms: [{ Architecture: "amd64", OS: "linux" }],
    },
    Networks: [{ Target: "netid", Aliases: ["w"], DriverOpts: { k: "v" } }],
    LogDriver: { Name: "json-file", Options: { "max-size": "1m" } },
    ForceUpdate: 7,
    Runtime: "container",
  },
  Mode: { ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 4 } },
  UpdateConfig: UPDATE_CONFIG,
  RollbackConfig: { ...UPDATE_CONFIG, FailureAction: "pause", Order: "stop-first" },
  EndpointSpec: {
    Mode: "dnsrr",
    Ports: [
      {
        Name: "p",
        Protocol: "udp",
        TargetPort: 53,
        PublishedPort: 5353,
        PublishMode: "host",
      },
    ],
  },
};
