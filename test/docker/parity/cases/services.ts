import { IMAGE } from "../../engine.ts";
import { del, filtered, get, gets, post, type Step } from "../step.ts";

const PLACEMENT = { Constraints: ["node.labels.never==1"] };
const container = (more: object = {}): object => ({ ContainerSpec: { Image: IMAGE, ...more } });
const create = (template: object, more: object = {}): Step =>
  post("/services/create", {
    Name: "bad",
    TaskTemplate: { ...container(), Placement: PLACEMENT, ...template },
    ...more,
  });
const limits = (more: object): object => ({ Resources: { Limits: more } });
const ports = (...Ports: readonly object[]): object => ({ EndpointSpec: { Ports } });
const name = (Name: string): Step => post("/services/create", { Name, TaskTemplate: container() });

/** Specs that are refused. */
export const REFUSED: readonly Step[] = [
  ...[{}, undefined, "nonsense", { Name: "x" }].map((body) => post("/services/create", body)),
  post("/services/create", { Name: "x", TaskTemplate: {} }),
  post("/services/create", { Name: "x", TaskTemplate: { ContainerSpec: {} } }),
  ...["a b", "-a", "a.b", "x".repeat(64)].map(name),
  ...[
    container({ Image: "UPPER:x:y" }),
    limits({ NanoCPUs: 5 }),
    limits({ MemoryBytes: -5 }),
    { Resources: { Reservations: { MemoryBytes: 5 } } },
    { RestartPolicy: { Condition: "sometimes" } },
    { RestartPolicy: { Delay: -1 } },
    { RestartPolicy: { Window: -1 } },
    { RestartPolicy: { MaxAttempts: -1 } },
    { Placement: { Constraints: ["nonsense"] } },
    { Placement: { Constraints: ["node.@==x"] } },
    { Placement: { Constraints: ["node.id==!"] } },
    { Runtime: "weird" },
    { Runtime: "plugin" },
    { Runtime: "attachment" },
    container({ Mounts: [{ Type: "weird" }] }),
    container({
      Mounts: ["/x", "/y"].map((Source) => ({ Type: "bind", Source, Target: "/a" })),
    }),
    container({ Healthcheck: { Test: ["CMD", "x"], Interval: 5 } }),
    container({ Healthcheck: { Retries: -1 } }),
    container({ Healthcheck: { Timeout: -1 } }),
    container({ Privileges: { CredentialSpec: {} } }),
    container({ Privileges: { CredentialSpec: { File: "a", Registry: "b" } } }),
    container({ Privileges: { CredentialSpec: { Config: "nope" } } }),
    ...["A={{.Nope}}", "A={{"].map((line) => container({ Env: [line] })),
    container({ Hostname: "{{.Nope}}" }),
    container({ Labels: { a: 5 } }),
    container({ Env: "x" }),
    container({ StopGracePeriod: "10s" }),
  ].map((template) => create(template)),
  ...[
    { Mode: { Replicated: {}, Global: {} } },
    { Mode: { Replicated: { Replicas: -1 } } },
    { Mode: { ReplicatedJob: { MaxConcurrent: -1 } } },
    { Mode: { ReplicatedJob: {} }, UpdateConfig: {} },
    { UpdateConfig: { FailureAction: "weird" } },
    { UpdateConfig: { Order: "weird" } },
    { UpdateConfig: { Delay: -1 } },
    { UpdateConfig: { Monitor: -1 } },
    { UpdateConfig: { MaxFailureRatio: 2 } },
    { UpdateConfig: { Parallelism: -1 } },
    { EndpointSpec: { Mode: "weird" } },
    { EndpointSpec: { Mode: "dnsrr", Ports: [{ TargetPort: 80 }] } },
    ports({ TargetPort: 80, PublishedPort: 9 }, { TargetPort: 81, PublishedPort: 9 }),
  ].map((more) => create({}, more)),
];

const FULL = {
  Name: "full",
  Labels: { a: "b", empty: "" },
  TaskTemplate: {
    ContainerSpec: {
      Image: IMAGE,
      Command: ["c"],
      Args: ["a"],
      Env: ["A=b"],
      Sysctls: { a: "b" },
      Init: true,
      TTY: true,
      OpenStdin: true,
      ReadOnly: true,
      Hosts: ["1.2.3.4 a"],
      DNSConfig: { Nameservers: ["8.8.8.8"], Search: ["x"], Options: ["y"] },
      CapabilityAdd: ["CAP_NET_ADMIN"],
      CapabilityDrop: ["CAP_CHOWN"],
      Ulimits: [{ Name: "nofile", Soft: 5, Hard: 10 }],
      Groups: ["1"],
      User: "2",
      Dir: "/",
      Hostname: "h",
      StopSignal: "SIGINT",
      StopGracePeriod: 5e9,
      Labels: { l: "m" },
      Healthcheck: { Test: ["CMD", "true"], Interval: 1e9, Timeout: 2e9, Retries: 3 },
      Mounts: [
        {
          Type: "volume",
          Source: "v",
          Target: "/v",
          ReadOnly: true,
          VolumeOptions: {
            NoCopy: true,
            Labels: { a: "b" },
            DriverConfig: { Name: "local", Options: { x: "y" } },
          },
        },
        { Type: "tmpfs", Target: "/t", TmpfsOptions: { SizeBytes: 1000, Mode: 511 } },
        { Type: "bind", Source: "/tmp", Target: "/b", BindOptions: { Propagation: "rslave" } },
      ],
      Privileges: {
        CredentialSpec: { File: "x" },
        SELinuxContext: { Disable: true, User: "u", Role: "r", Type: "t", Level: "l" },
      },
    },
    Resources: {
      Limits: { NanoCPUs: 1e9, MemoryBytes: 1e8, Pids: 5 },
      Reservations: {
        NanoCPUs: 5e8,
        MemoryBytes: 1e7,
        GenericResources: [{ DiscreteResourceSpec: { Kind: "gpu", Value: 2 } }],
      },
    },
    RestartPolicy: {},
    Placement: {
      Constraints: ["node.labels.never==1", "node.role == manager"],
      Preferences: [{ Spread: { SpreadDescriptor: "node.labels.zone" } }],
      MaxReplicas: 3,
      Platforms: [{ Architecture: "x86_64", OS: "linux" }],
    },
    ForceUpdate: 3,
  },
  Mode: { Replicated: {} },
  UpdateConfig: {},
  RollbackConfig: {
    Parallelism: 2,
    Delay: 1e9,
    FailureAction: "continue",
    Monitor: 2e9,
    MaxFailureRatio: 0.5,
    Order: "start-first",
  },
  EndpointSpec: {},
};

const waits = (tasks: readonly { Status: { Err?: string } }[]): boolean =>
  Boolean(tasks[0]?.Status.Err);

/** Every field of a spec, and the defaults of one without any. */
export const FIELDS: readonly Step[] = [
  post("/services/create", FULL),
  ...gets("/services/full", "/services/full?insertDefaults=true"),
  get("/services/full?insertDefaults=maybe"),
  filtered("/tasks", { service: ["full"] }, { until: waits }),
  del("/services/full"),
  create({}, { Name: "bare" }),
  ...gets("/services/bare", "/services/bare?insertDefaults=1", "/v1.24/services/bare"),
  filtered("/tasks", { service: ["bare"] }, { until: waits }),
  del("/services/bare"),
  post("/v1.30/services/create", {
    Name: "old",
    TaskTemplate: {
      ...container({ Sysctls: { a: "b" }, CapabilityAdd: ["CAP_CHOWN"] }),
      Placement: { ...PLACEMENT, MaxReplicas: 3 },
      Resources: { Limits: { Pids: 4 } },
    },
  }),
  ...gets("/v1.41/services/old", "/v1.24/services/old"),
  del("/services/old"),
  create({ RestartPolicy: { Condition: "any" } }, { Name: "gj", Mode: { GlobalJob: {} } }),
  get("/services/gj"),
  del("/services/gj"),
];

const web = (Name: string, port: object): Step =>
  create({}, { Name, ...ports({ TargetPort: 80, ...port }) });
const HOST = { PublishMode: "host" };

/** Published ports. */
export const PORTS: readonly Step[] = [
  web("p1", { PublishedPort: 18_099 }),
  web("p2", { PublishedPort: 18_099 }),
  web("p2", { PublishedPort: 18_099, ...HOST }),
  web("p2", { PublishedPort: 18_099, Protocol: "udp" }),
  web("h1", { PublishedPort: 18_100, ...HOST }),
  web("h2", { PublishedPort: 18_100, ...HOST }),
  post(
    "/services/create",
    { Name: "h3", TaskTemplate: container(), ...ports({ TargetPort: 80, PublishedPort: 18_100 }) },
    { compare: "nothing" },
  ),
  web("dyn", {}),
  ...["p1", "dyn"].map((service) =>
    get(`/services/${service}`, {
      until: ({ Endpoint }: { Endpoint: { Ports?: unknown } }) => Boolean(Endpoint.Ports),
    }),
  ),
  ...["p1", "p2", "h1", "h2", "dyn"].map((service) => del(`/services/${service}`)),
];
