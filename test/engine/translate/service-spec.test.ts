import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonObject } from "../../../engine/json-object.ts";
import { limitToVersion } from "../../../engine/translate/service-limits.ts";
import { readServiceSpec, serviceSpecJson } from "../../../engine/translate/service-spec.ts";
import { codec } from "../../../proto/codec.ts";
import type { ServiceSpec } from "../../../proto/generated.ts";

const word = fc.string({ minLength: 0, maxLength: 6 });
const words = fc.array(word, { maxLength: 3 });
const count = fc.nat({ max: 5 });
const duration = fc.constantFrom(0, 1, 1_000_000_000, 7_776_000_000_000_000);
const flag = fc.boolean();
const labels = fc.dictionary(
  word.filter((key) => !key.startsWith("skep.")),
  word,
);

/** An object of which every field may be missing or null, as clients send them. */
function some(fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  const nullable = Object.entries(fields).map(([key, value]) => [key, fc.option(value)] as const);
  return fc.record(Object.fromEntries(nullable), { requiredKeys: [] });
}

const list = (item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> =>
  fc.array(item, { maxLength: 2 });
const oneOf = (...choices: readonly string[]): fc.Arbitrary<string> =>
  fc.constantFrom("", ...choices);

const driver = some({ Name: word, Options: labels });
const file = some({ Name: word, UID: word, GID: word, Mode: count });
const resources = some({
  NanoCPUs: count,
  MemoryBytes: count,
  Pids: count,
  GenericResources: list(
    fc.oneof(
      fc.record({ NamedResourceSpec: some({ Kind: word, Value: word }) }),
      fc.record({ DiscreteResourceSpec: some({ Kind: word, Value: count }) }),
    ),
  ),
});

const workload = {
  Labels: labels,
  Command: words,
  Hostname: word,
  Env: words,
  Dir: word,
  User: word,
  StopSignal: word,
  StopGracePeriod: duration,
  Mounts: list(
    some({
      Type: oneOf("bind", "volume", "tmpfs", "npipe", "cluster"),
      Source: word,
      Target: word,
      ReadOnly: flag,
      Consistency: oneOf("cached", "delegated", "consistent", "default"),
      BindOptions: some({ Propagation: oneOf("rshared", "private"), NonRecursive: flag }),
      VolumeOptions: some({ NoCopy: flag, Labels: labels, Subpath: word, DriverConfig: driver }),
      TmpfsOptions: some({ SizeBytes: count, Mode: count, Options: list(words) }),
    }),
  ),
  Healthcheck: some({ Test: words, Interval: duration, Retries: count, StartInterval: duration }),
  Secrets: list(some({ File: file, SecretID: word, SecretName: word })),
  Configs: list(
    fc.oneof(
      fc.record({ File: file, ConfigID: word, ConfigName: word }),
      fc.record({ Runtime: fc.constant({}), ConfigID: word }),
    ),
  ),
  Ulimits: list(some({ Name: word, Hard: count, Soft: count })),
};

const container = some({
  ...workload,
  Image: word,
  Args: words,
  Groups: words,
  Privileges: some({
    CredentialSpec: fc.oneof(
      fc.record({ File: fc.constant("f") }),
      fc.record({ Registry: fc.constant("r") }),
      fc.record({ Config: fc.constant("c") }),
    ),
    SELinuxContext: some({ Disable: flag, User: word, Role: word, Type: word, Level: word }),
    Seccomp: some({ Mode: oneOf("default", "unconfined", "custom"), Profile: oneOf("e30=") }),
    AppArmor: some({ Mode: oneOf("default", "disabled") }),
    NoNewPrivileges: flag,
  }),
  Init: flag,
  TTY: flag,
  OpenStdin: flag,
  ReadOnly: flag,
  Hosts: words,
  DNSConfig: some({ Nameservers: words, Search: words, Options: words }),
  Isolation: oneOf("default", "process", "hyperv"),
  Sysctls: labels,
  CapabilityAdd: words,
  CapabilityDrop: words,
  OomScoreAdj: count,
});

const restOfTemplate = {
  Resources: some({ Limits: resources, Reservations: resources, SwapBytes: count }),
  RestartPolicy: some({
    Condition: oneOf("none", "on-failure", "any"),
    Delay: duration,
    MaxAttempts: count,
    Window: duration,
  }),
  Placement: some({
    Constraints: words,
    Preferences: list(some({ Spread: some({ SpreadDescriptor: word }) })),
    MaxReplicas: count,
    Platforms: list(some({ Architecture: word, OS: word })),
  }),
  Networks: list(some({ Target: word, Aliases: words, DriverOpts: labels })),
  LogDriver: driver,
  ForceUpdate: count,
  Runtime: oneOf("container"),
};

const update = some({
  Parallelism: count,
  Delay: duration,
  FailureAction: oneOf("pause", "continue", "rollback"),
  Monitor: duration,
  MaxFailureRatio: fc.constantFrom(0, 0.25, 1),
  Order: oneOf("stop-first", "start-first"),
});

const restOfSpec = {
  Name: word,
  Mode: fc.oneof(
    fc.constant({}),
    fc.record({ Replicated: some({ Replicas: count }) }),
    fc.constant({ Global: {} }),
    fc.record({ ReplicatedJob: some({ MaxConcurrent: count, TotalCompletions: count }) }),
    fc.constant({ GlobalJob: {} }),
  ),
  UpdateConfig: update,
  RollbackConfig: update,
  EndpointSpec: some({
    Mode: oneOf("vip", "dnsrr"),
    Ports: list(
      some({
        Name: word,
        Protocol: oneOf("tcp", "udp", "sctp"),
        TargetPort: count,
        PublishedPort: count,
        PublishMode: oneOf("ingress", "host"),
      }),
    ),
  }),
};

const placementLabels = {
  "skep.strategy": oneOf("spread", "binpack", "random"),
  "skep.affinity": oneOf("a", "a=b,c"),
  "skep.anti-affinity": oneOf("d"),
  "skep.scheduler": oneOf("mine"),
  "skep.depends-on": oneOf("db", "db:healthy,init:completed"),
};
const schedule = fc.record({
  "skep.schedule": fc.constant("* * * * *"),
  "skep.schedule.time-zone": oneOf("Europe/Berlin"),
  "skep.schedule.concurrency": oneOf("allow", "forbid", "replace"),
  "skep.schedule.starting-deadline": oneOf("1m30s"),
});

const containerService = fc.record({
  ...restOfSpec,
  Labels: fc
    .tuple(
      labels,
      fc.record({ ...placementLabels, "skep.privileged": oneOf("true", "false") }),
      fc.oneof(fc.constant({}), schedule),
    )
    .map((parts) => Object.assign({}, ...parts) as object),
  TaskTemplate: fc
    .tuple(some(restOfTemplate), container)
    .map(([rest, ContainerSpec]) => ({ ...rest, ContainerSpec: ContainerSpec ?? {} })),
});

const processService = fc.record({
  ...restOfSpec,
  Labels: fc
    .tuple(labels, fc.record({ ...placementLabels, "skep.root-fs": oneOf("/srv/root") }))
    .map((parts) => Object.assign({}, ...parts, { "skep.runtime": "process" }) as object),
  TaskTemplate: fc.record({
    ...restOfTemplate,
    ContainerSpec: some(workload).map((fields) => ({ ...fields, Image: "process", Args: ["x"] })),
  }),
});

const read = (json: object): ServiceSpec =>
  readServiceSpec(JsonObject.parse(JSON.stringify(json)), "");

describe("service specs", () => {
  it("come back from their printed form as they were", () => {
    fc.assert(
      fc.property(fc.oneof(containerService, processService), (json) => {
        const spec = read(json);
        assert.deepEqual(read(serviceSpecJson(spec)), spec);
      }),
    );
  });

  it("print the same after a journey over the wire", () => {
    fc.assert(
      fc.property(fc.oneof(containerService, processService), (json) => {
        const spec = read(json);
        const wire = codec("ServiceSpec");
        const carried = wire.decode(wire.encode(spec));
        assert.equal(
          JSON.stringify(serviceSpecJson(carried)),
          JSON.stringify(serviceSpecJson(spec)),
        );
      }),
    );
  });

  it("are read without regard to the case of keys", () => {
    const raise = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(raise);
      return typeof value === "object" && value !== null
        ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k.toUpperCase(), raise(v)]))
        : value;
    };
    const template = some(restOfTemplate).map((rest) => ({ ...rest, ContainerSpec: {} }));
    const plain = fc
      .record({ ...restOfSpec, TaskTemplate: template })
      .filter((json) => !JSON.stringify(json).includes("Opt"));
    fc.assert(
      fc.property(plain, (json) => {
        assert.deepEqual(read(raise(json) as object), read(json));
      }),
    );
  });

  it("lose only what an old API version did not have", () => {
    fc.assert(
      fc.property(containerService, fc.constantFrom(1024, 1040), (json, version) => {
        const spec = read(json);
        const limited = limitToVersion(spec, version);
        assert.deepEqual(limitToVersion(limited, version), limited);
        assert.deepEqual(limited.annotations, spec.annotations);
        assert.deepEqual(limited.update, spec.update);
        assert.equal(limitToVersion(spec, 1041), spec);
      }),
    );
  });
});
