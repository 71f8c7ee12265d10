import assert from "node:assert/strict";
import fc from "fast-check";
import { isSwarmError, type SwarmError } from "../../../../lib/errors.ts";
import { checkService } from "../../../../manager/control/validate/service.ts";
import { codec, make, type Fields } from "../../../../proto/codec.ts";
import {
  EndpointSpecMode,
  MountType,
  PublishMode,
  type ContainerSpec,
  type PlacementStrategy,
  type PortConfig,
  type ProcessSpec,
  type Resources,
  type ServiceSpec,
  type TaskSpec,
  type UpdateConfig,
} from "../../../../proto/generated.ts";
import { aServiceSpec } from "../harness.ts";

const BASE = make("ContainerSpec", { image: "busybox" });
const container = (fields: Fields<ContainerSpec>, rest: Fields<TaskSpec> = {}) => ({
  task: make("TaskSpec", { ...rest, runtime: "container", container: { ...BASE, ...fields } }),
});
const task = (fields: Fields<TaskSpec>): Fields<ServiceSpec> => container({}, fields);
const process = (fields: Fields<ProcessSpec>): Fields<ServiceSpec> => ({
  task: make("TaskSpec", {
    runtime: "process",
    process: make("ProcessSpec", { command: ["sleep", "1"], ...fields }),
  }),
});
const limits = (fields: Fields<Resources>) =>
  task({
    resources: make("ResourceRequirements", { limits: make("Resources", fields) }),
  });
const ports = (mode: EndpointSpecMode, ...configs: Fields<PortConfig>[]): Fields<ServiceSpec> => ({
  endpoint: make("EndpointSpec", {
    mode,
    ports: configs.map((fields) => make("PortConfig", { targetPort: 80, ...fields })),
  }),
});
const updating = (fields: Fields<UpdateConfig>): Fields<ServiceSpec> => ({
  update: make("UpdateConfig", fields),
});
const placed = (...constraints: string[]) =>
  task({ placement: make("Placement", { constraints }) });
const file = (name: string) => make("FileTarget", { name });

function errorOf(fields: Fields<ServiceSpec>, name = "web"): SwarmError | undefined {
  try {
    checkService(aServiceSpec(name, fields));
    return undefined;
  } catch (error) {
    assert(isSwarmError(error), String(error));
    return error;
  }
}

const REFUSED: [string, Fields<ServiceSpec>][] = [
  ["TaskSpec: missing runtime", { task: null }],
  [
    'unknown ulimit "files": use one of as, core, cpu, data, fsize, locks, memlock, msgqueue, nice, ' +
      "nofile, nproc, rss, rtprio, rttime, sigpending, stack",
    container({ ulimits: [{ name: "files", soft: 1, hard: 1 }] }),
  ],
  ["TaskSpec: missing runtime", { task: make("TaskSpec") }],
  ["ContainerSpec: image reference must be provided", container({ image: "" })],
  ['ContainerSpec: "Nginx" is not a valid repository/tag', container({ image: "Nginx" })],
  ['ContainerSpec: "a b" is not a valid repository/tag', container({ image: "a b" })],
  ["invalid cpu value 0.0001: Must be at least 0.001", limits({ nanoCpus: 1e5 })],
  ["invalid memory value 1000: Must be at least 4MiB", limits({ memoryBytes: 1000 })],
  ["invalid memory value -1: Must be at least 4MiB", limits({ memoryBytes: -1 })],
  [
    "TaskSpec: restart-delay cannot be negative",
    task({ restart: make("RestartPolicy", { delayNs: { value: -1 } }) }),
  ],
  [
    "TaskSpec: restart-window cannot be negative",
    task({ restart: make("RestartPolicy", { windowNs: { value: -1 } }) }),
  ],
  ["invalid RestartCondition: 9", task({ restart: make("RestartPolicy", { condition: 9 as 0 }) })],
  ["TaskSpec: update-delay cannot be negative", updating({ delayNs: -1 })],
  ["TaskSpec: update-monitor cannot be negative", updating({ monitorNs: { value: -1 } })],
  [
    "TaskSpec: update-maxfailureratio cannot be less than 0 or bigger than 1",
    updating({ maxFailureRatio: 1.5 }),
  ],
  [
    "TaskSpec: update-maxfailureratio cannot be less than 0 or bigger than 1",
    updating({ maxFailureRatio: Number.NaN }),
  ],
  [
    "Jobs may not have an update config",
    { mode: "globalJob", globalJob: {}, ...updating({}) } as Fields<ServiceSpec>,
  ],
  [
    "Number of replicas must be non-negative",
    { mode: "replicated", replicated: { replicas: 2 ** 64 - 1 } },
  ],
  [
    "Maximum concurrent jobs must not be negative",
    { mode: "replicatedJob", replicatedJob: { maxConcurrent: -1, totalCompletions: 1 } },
  ],
  [
    "ContainerSpec: duplicate mount point: /data",
    container({
      mounts: ["a", "b"].map((source) =>
        make("Mount", { type: MountType.VOLUME, source, target: "/data" }),
      ),
    }),
  ],
  [
    "ContainerSpec: Interval in HealthConfig cannot be less than 1ms",
    container({ healthcheck: make("HealthConfig", { intervalNs: 10 }) }),
  ],
  [
    "ContainerSpec: StartPeriod in HealthConfig cannot be less than 1ms",
    container({ healthcheck: make("HealthConfig", { startPeriodNs: -1 }) }),
  ],
  [
    'ContainerSpec: environment: unknown field .Node.Name in template "A={{.Node.Name}}"',
    container({ env: ["A={{.Node.Name}}"] }),
  ],
  [
    'ContainerSpec: hostname: unclosed action in template "{{.Node.ID"',
    container({ hostname: "{{.Node.ID" }),
  ],
  [
    "malformed secret reference",
    container({ secrets: [make("SecretReference", { secretId: "s", file: file("f") })] }),
  ],
  [
    "malformed file secret reference, invalid target file name provided",
    container({
      secrets: [make("SecretReference", { secretId: "s", secretName: "s", file: file("") })],
    }),
  ],
  [
    "secret references 'a' and 'b' have a conflicting target: 'f'",
    container({
      secrets: ["a", "b"].map((name) =>
        make("SecretReference", { secretId: name, secretName: name, file: file("f") }),
      ),
    }),
  ],
  [
    "CredentialSpec references config 'c1', but that config isn't in config references " +
      "with RuntimeTarget",
    container({
      privileges: make("Privileges", { credentialSpec: { source: "config", config: "c1" } }),
    }),
  ],
  [
    "EndpointSpec: port published with ingress mode can't be used with dnsrr mode",
    ports(EndpointSpecMode.DNSRR, { publishedPort: 80 }),
  ],
  [
    "EndpointSpec: duplicate published ports provided",
    ports(EndpointSpecMode.VIP, { publishedPort: 80 }, { publishedPort: 80, targetPort: 81 }),
  ],
  ["EndpointSpec: invalid target port 0", ports(EndpointSpecMode.VIP, { targetPort: 0 })],
  [
    "EndpointSpec: invalid published port 70000",
    ports(EndpointSpecMode.VIP, { publishedPort: 70_000 }),
  ],
  ["key 'node.@' is invalid", placed("node.@==x")],
  [
    "invalid placement strategy: 9",
    task({ placement: make("Placement", { strategy: 9 as PlacementStrategy }) }),
  ],
  ["ProcessSpec: a command must be provided", process({ command: [] })],
  ['ProcessSpec: environment "=x" must have the form KEY=value', process({ env: ["=x"] })],
  [
    'ProcessSpec: the working directory must be an absolute path, not "tmp"',
    process({ dir: "tmp" }),
  ],
  ["a schedule needs the mode replicated-job or global-job", { schedule: make("Schedule") }],
  [
    "service web cannot depend on itself",
    { dependsOn: [make("ServiceDependency", { serviceName: "WEB" })] },
  ],
  ["forceUpdate is out of range", task({ forceUpdate: 2 ** 60 })],
];

const ACCEPTED: [string, Fields<ServiceSpec>][] = [
  [
    "an image with registry, tag and digest",
    container({ image: `r.example:5000/a/b_c:v1@sha256:${"a".repeat(64)}` }),
  ],
  ["no replicas at all", { mode: "replicated", replicated: { replicas: 0 } }],
  ["several ports to be chosen", ports(EndpointSpecMode.VIP, {}, {})],
  [
    "one port for two protocols",
    ports(EndpointSpecMode.VIP, { publishedPort: 53 }, { publishedPort: 53, protocol: 1 }),
  ],
  [
    "host ports without a virtual IP",
    ports(EndpointSpecMode.DNSRR, { publishedPort: 80, publishMode: PublishMode.HOST }),
  ],
  [
    "the known templates",
    container({ env: ["A={{.Task.Slot}}.{{.Service.Labels.x}}"], hostname: "{{.Node.Hostname}}" }),
  ],
  ["the smallest resources", limits({ nanoCpus: 1e6, memoryBytes: 4 << 20 })],
  ["a process", process({ env: ["A=", "B={{.Task.Name}}"], dir: "/tmp" })],
  ["every operator", placed("node.role==manager", "node.labels.a != b")],
  [
    "a nightly job",
    {
      mode: "globalJob",
      globalJob: {},
      schedule: make("Schedule", { cron: "0 3 * * *", timeZone: "Europe/Zurich" }),
    },
  ],
  ["delays of a year", updating({ delayNs: 365 * 86_400e9 })],
];

describe("control: validation of a service", () => {
  for (const [text, fields] of REFUSED)
    it(`refuses: ${text}`, () => {
      const error = errorOf(fields);
      assert.equal(error?.message, text);
      assert.equal(error.code, "invalid");
    });

  for (const [what, fields] of ACCEPTED)
    it(`accepts ${what}`, () => assert.equal(errorOf(fields), undefined));

  it("refuses a constraint without an operator", () => {
    assert.match(errorOf(placed("node.id"))?.message ?? "", /expected one operator from ==, !=/);
  });

  it("leaves fields of another value in templates to those who expand them", () => {
    const env = ["A={{with .Service}}{{.Name}}{{end}}", "B={{range .Service.Labels}}{{.}}{{end}}"];
    assert.equal(errorOf(container({ env })), undefined);
  });

  it("does not know services of network attachments", () => {
    const spec = make("TaskSpec", { runtime: "attachment", attachment: { containerId: "c" } });
    assert.equal(errorOf({ task: spec })?.code, "unimplemented");
  });

  it("takes for a name exactly what may be part of a host name", () => {
    const letter = fc.constantFrom("a", "z", "A", "Z", "0", "9");
    const name = fc.array(fc.oneof(letter, fc.constantFrom("-", "_", ".", " ", "é")), {
      minLength: 1,
      maxLength: 70,
    });
    fc.assert(
      fc.property(name, (characters) => {
        const text = characters.join("");
        const fit =
          text.length <= 63 &&
          characters.every((c) => /[a-zA-Z0-9_-]/.test(c)) &&
          /[a-zA-Z0-9]/.test(text[0] ?? "") &&
          /[a-zA-Z0-9]/.test(text.at(-1) ?? "");
        assert.equal(errorOf({}, text) === undefined, fit);
      }),
    );
  });

  it("lets no number in that would come out of replication changed", () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()), (value) => {
        const count = value + 0; // -0 is 0 to everybody
        const spec = aServiceSpec("web", {
          ...task({ forceUpdate: count }),
          ...updating({ delayNs: count * 1e9 }),
        });
        try {
          checkService(spec);
        } catch {
          return;
        }
        const messages = codec("ServiceSpec");
        const copy = messages.decode(messages.encode(spec));
        assert.equal(copy.task?.forceUpdate, count);
        assert.equal(copy.update?.delayNs, count * 1e9);
      }),
    );
  });
});
