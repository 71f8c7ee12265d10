import assert from "node:assert/strict";
import { isSwarmError } from "../../../../lib/errors.ts";
import { make, type Fields } from "../../../../proto/codec.ts";
import {
  MountType,
  PortProtocol,
  PublishMode,
  type ContainerSpec,
  type Task,
} from "../../../../proto/generated.ts";
import { graceSeconds, toContainer } from "../../../../worker/runtime/docker/container-config.ts";
import { boundPorts, exposedPorts } from "../../../../worker/runtime/docker/host-config.ts";
import { taskScope } from "../../../../worker/runtime/task-scope.ts";
import { containerTask, processTask } from "../tasks.ts";

const NODE = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };

function created(spec: Fields<ContainerSpec>, fields: Fields<Task> = {}) {
  const task = containerTask("task1", { image: "nginx:1", ...spec }, fields);
  return toContainer(task, taskScope(task, NODE), []);
}

const host = (spec: Fields<ContainerSpec>, fields: Fields<Task> = {}) =>
  created(spec, fields).HostConfig ?? {};

describe("container configuration", () => {
  it("maps command to entrypoint and args to command, and leaves the image's own otherwise", () => {
    const full = created({ command: ["sh", "-c"], args: ["true"] });
    assert.deepEqual([full.Entrypoint, full.Cmd], [["sh", "-c"], ["true"]]);
    const bare = created({});
    assert.equal("Entrypoint" in bare || "Cmd" in bare || "StopSignal" in bare, false);
  });

  it("is on the node's own network that the task names, and else on the engine's choice", () => {
    const on = (nodeNetwork: string) => {
      const networks = [make("NetworkAttachmentConfig", { target: "n", nodeNetwork })];
      const { spec } = containerTask("t", { image: "nginx:1" });
      return host({}, { spec: spec && { ...spec, networks } });
    };
    assert.equal(on("host").NetworkMode, "host");
    assert.equal("NetworkMode" in on(""), false);
  });

  it("names a global task's container after its node", () => {
    assert.equal(created({}, { slot: 0 }).name, "web.node1.task1");
  });

  it("lets the task's labels win over the spec's, and swarm mode's over both", () => {
    const labels = { a: "spec", b: "spec", "com.docker.swarm.task.id": "spec" };
    const annotations = make("Annotations", { labels: { b: "task" } });
    const found = created({ labels }, { annotations }).Labels ?? {};
    assert.equal(found["a"], "spec");
    assert.equal(found["b"], "task");
    assert.equal(found["com.docker.swarm.task.id"], "task1");
  });

  it("expands values of the environment and names assigned resources", () => {
    const { Env: env } = created(
      { env: ["A={{.Task.Slot}}=x", "UNSET"] },
      {
        assignedGenericResources: [
          make("GenericResource", { resource: "named", named: { kind: "gpu", value: "id1" } }),
          make("GenericResource", { resource: "named", named: { kind: "gpu", value: "id2" } }),
          make("GenericResource", { resource: "discrete", discrete: { kind: "ssd", value: 3 } }),
        ],
      },
    );
    assert.deepEqual(env, [
      "A=3=x",
      "UNSET",
      "DOCKER_RESOURCE_GPU=id1,id2",
      "DOCKER_RESOURCE_SSD=3",
    ]);
  });

  it("limits what is limited; swap is memory plus swap", () => {
    const limits = make("Resources", { nanoCpus: 5e8, memoryBytes: 1 << 20, pids: 7 });
    const reservations = make("Resources", { memoryBytes: 1 << 30 });
    const resources = make("ResourceRequirements", {
      limits,
      reservations,
      swapBytes: { value: 1024 },
      memorySwappiness: { value: 10 },
    });
    const spec = { ...containerTask("t", { image: "i" }).spec!, resources };
    const { NanoCpus, Memory, MemorySwap, MemorySwappiness, PidsLimit } = host({}, { spec });
    assert.deepEqual(
      [NanoCpus, Memory, MemorySwap, MemorySwappiness, PidsLimit],
      [5e8, 1 << 20, (1 << 20) + 1024, 10, 7],
    );
    const unlimited = { ...resources, swapBytes: { value: -1 } };
    assert.equal(host({}, { spec: { ...spec, resources: unlimited } }).MemorySwap, -1);
  });

  it("turns privileges into the engine's security options", () => {
    const privileges = make("Privileges", {
      credentialSpec: { source: "file", file: "spec.json" },
      selinuxContext: { disable: false, user: "u", role: "", type: "t", level: "" },
      seccomp: { mode: "unconfined", profile: new Uint8Array() },
      apparmor: { mode: "disabled" },
      noNewPrivileges: true,
    });
    assert.deepEqual(host({ privileges }).SecurityOpt, [
      "credentialspec=file://spec.json",
      "label=user:u",
      "label=type:t",
      "seccomp=unconfined",
      "apparmor=unconfined",
      "no-new-privileges=true",
    ]);
  });

  it("maps mounts of every type, templates expanded", () => {
    const mounts = [
      make("Mount", { type: MountType.BIND, source: "/srv", target: "/a", readOnly: true }),
      make("Mount", {
        type: MountType.VOLUME,
        source: "data-{{.Task.Slot}}",
        target: "/{{.Service.Name}}",
        volume: make("MountVolumeOptions", {
          noCopy: true,
          labels: { of: "{{.Task.ID}}" },
          driver: make("Driver", { name: "local", options: { o: "{{.Node.Hostname}}" } }),
        }),
      }),
      make("Mount", {
        type: MountType.TMPFS,
        target: "/t",
        tmpfs: make("MountTmpfsOptions", {
          sizeBytes: 4096,
          mode: 0o700,
          options: [{ words: ["exec"] }, { words: ["uid", "7"] }],
        }),
      }),
      make("Mount", {
        type: MountType.BIND,
        source: "/b",
        target: "/b",
        consistency: "cached",
        bind: make("MountBindOptions", { propagation: "rshared", readOnlyForceRecursive: true }),
      }),
    ];
    assert.deepEqual(host({ mounts }).Mounts, [
      { Type: "bind", Source: "/srv", Target: "/a", ReadOnly: true },
      {
        Type: "volume",
        Source: "data-3",
        Target: "/web",
        ReadOnly: false,
        VolumeOptions: {
          NoCopy: true,
          Labels: { of: "task1" },
          DriverConfig: { Name: "local", Options: { o: "host-a" } },
        },
      },
      {
        Type: "tmpfs",
        Source: "",
        Target: "/t",
        ReadOnly: false,
        TmpfsOptions: { SizeBytes: 4096, Mode: 0o700, Options: [["exec"], ["uid", "7"]] },
      },
      {
        Type: "bind",
        Source: "/b",
        Target: "/b",
        ReadOnly: false,
        Consistency: "cached",
        BindOptions: {
          Propagation: "rshared",
          NonRecursive: false,
          CreateMountpoint: false,
          ReadOnlyNonRecursive: false,
          ReadOnlyForceRecursive: true,
        },
      },
    ]);
  });

  it("puts secrets below /run/secrets unless their target says where, and configs at theirs", () => {
    const task = containerTask("task1", { image: "nginx:1" });
    const place = (kind: "secret" | "config", name: string) => ({
      file: { kind, target: make("FileTarget", { name }), data: new Uint8Array() },
      path: `/host/${name}`,
    });
    const files = [place("secret", "key"), place("secret", "/etc/key"), place("config", "c.conf")];
    const mounts = toContainer(task, taskScope(task, NODE), files).HostConfig?.Mounts ?? [];
    assert.deepEqual(
      mounts.map(({ Source, Target, ReadOnly }) => [Source, Target, ReadOnly]),
      [
        ["/host/key", "/run/secrets/key", true],
        ["/host//etc/key", "/etc/key", true],
        ["/host/c.conf", "/c.conf", true],
      ],
    );
  });

  it("publishes host ports only, and reads back what was bound", () => {
    const port = (targetPort: number, publishMode: PublishMode, published: number) =>
      make("PortConfig", {
        targetPort,
        publishMode,
        publishedPort: published,
        protocol: PortProtocol.UDP,
      });
    const endpoint = make("Endpoint", {
      ports: [port(53, PublishMode.HOST, 5353), port(80, PublishMode.INGRESS, 8080)],
    });
    const task = containerTask("task1", { image: "i" }, { endpoint });
    assert.deepEqual(exposedPorts(task), { "53/udp": {} });
    assert.deepEqual(host({}, { endpoint }).PortBindings, { "53/udp": [{ HostPort: "5353" }] });
    const bound = { "53/udp": [{ HostPort: "5353" }, { HostPort: "5353" }], "80/tcp": null };
    assert.deepEqual(boundPorts(bound), [port(53, PublishMode.HOST, 5353)]);
  });

  it("rounds the grace period up to the engine's seconds", () => {
    const grace = (value: number) =>
      graceSeconds(make("ContainerSpec", { stopGracePeriodNs: { value } }));
    assert.equal(grace(1.2e9), 2);
    assert.equal(grace(0), 0);
    assert.equal(graceSeconds(make("ContainerSpec")), 10);
  });

  it("refuses other kinds of task, no image, and templates of unknown fields", () => {
    const refuses = (act: () => unknown, code: "invalid" | "failed-precondition") =>
      assert.throws(act, (error) => isSwarmError(error, code));
    const process = processTask("t", { command: ["true"] });
    refuses(() => toContainer(process, taskScope(process, NODE), []), "failed-precondition");
    refuses(() => created({ image: "" }), "invalid");
    refuses(() => created({ hostname: "{{.Nope}}" }), "invalid");
  });
});
