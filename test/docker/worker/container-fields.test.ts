import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerInspectInfo } from "dockerode";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  MountType,
  PortProtocol,
  PublishMode,
  type ContainerSpec,
  type PortConfig,
  type Task,
} from "../../../proto/generated.ts";
import { exited } from "../../../worker/agent/task-machine.ts";
import type { Runtime, TaskController, TaskFiles } from "../../../worker/runtime/runtime.ts";
import { containerTask, noFiles } from "../../worker/runtime/tasks.ts";
import { eventually, linesOf } from "../../worker/runtime/wait.ts";
import { NODE, openEngineRuntime } from "../engine-runtime.ts";
import { IMAGE, useEngine } from "../engine.ts";

const { signal } = new AbortController();

/**
 * What the comparisons with swarm mode itself do not reach (test/docker/engine/parity.test.ts,
 * test/docker/system/same-flags.test.ts).
 */
describe("a container's fields", function () {
  this.timeout(60_000);
  const engine = useEngine();
  let dir: string;
  let runtime: Runtime;
  let number = 0;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "skep-fields-"));
    runtime = await openEngineRuntime(engine().host, dir);
  });

  afterEach(async () => {
    await runtime.adopt(new Set(), signal);
    await runtime.close();
    rmSync(dir, { recursive: true });
  });

  function container(
    spec: Fields<ContainerSpec>,
    fields: Fields<Task> = {},
    files: TaskFiles = noFiles,
  ): TaskController {
    const base = { image: IMAGE, command: ["sleep", "1000"], stopGracePeriodNs: { value: 0 } };
    return runtime.controller(containerTask(`f${++number}`, { ...base, ...spec }, fields), files);
  }

  async function started(...args: Parameters<typeof container>): Promise<TaskController> {
    const controller = container(...args);
    await controller.prepare(signal);
    await controller.start(signal);
    return controller;
  }

  async function inspected(controller: TaskController): Promise<ContainerInspectInfo> {
    const id = (await controller.facts(signal))?.containerId ?? "";
    return engine().docker.getContainer(id).inspect();
  }

  it("command and arguments are entrypoint and command", async () => {
    const found = await inspected(
      await started({ command: ["sh", "-c"], args: ["sleep 99", "x"] }),
    );
    assert.deepEqual(found.Config.Entrypoint, ["sh", "-c"]);
    assert.deepEqual(found.Config.Cmd, ["sleep 99", "x"]);
  });

  it("memory, swap, swappiness, CPU, process count and OOM score are limits of the engine", async () => {
    const limits = make("Resources", { nanoCpus: 5e8, memoryBytes: 64 << 20, pids: 50 });
    const resources = make("ResourceRequirements", {
      limits,
      swapBytes: { value: 32 << 20 },
      memorySwappiness: { value: 10 },
    });
    const { spec } = containerTask("x", { image: IMAGE, command: ["sleep", "9"], oomScoreAdj: 77 });
    const controller = runtime.controller(
      containerTask(`f${++number}`, {}, { spec: spec && { ...spec, resources } }),
      noFiles,
    );
    await controller.prepare(signal);
    const name = `web.3.f${number}`;
    const { HostConfig: host } = await engine().docker.getContainer(name).inspect();
    assert.deepEqual(
      [host.NanoCpus, host.Memory, host.PidsLimit, host.OomScoreAdj],
      [5e8, 64 << 20, 50, 77],
    );
    // A kernel that does not account for swap makes the engine drop these two.
    if (host.MemorySwap !== -1) assert.equal(host.MemorySwap, 96 << 20);
    assert.ok(host.MemorySwappiness === 10 || host.MemorySwappiness === null);
  });

  it("security options of every kind", async () => {
    const profile = Buffer.from(JSON.stringify({ defaultAction: "SCMP_ACT_ALLOW" }));
    const privileges = make("Privileges", {
      seccomp: { mode: "custom", profile },
      apparmor: { mode: "disabled" },
      noNewPrivileges: true,
    });
    const controller = container({ privileges });
    await controller.prepare(signal);
    const { HostConfig: host } = await engine().docker.getContainer(`web.3.f${number}`).inspect();
    assert.deepEqual(host.SecurityOpt, [
      `seccomp=${profile.toString("utf8")}`,
      "apparmor=unconfined",
      "no-new-privileges=true",
    ]);
    assert.equal((host as { Isolation?: string }).Isolation, "default");
  });

  it("a privileged container is one for the engine too, and others are not", async () => {
    for (const privileged of [true, false]) {
      // Not started: that takes capabilities that a machine of CI may lack itself.
      await container({ privileged }).prepare(signal);
      const { HostConfig: host } = await engine().docker.getContainer(`web.3.f${number}`).inspect();
      assert.equal(host.Privileged, privileged);
    }
  });

  it("templates are expanded in environment, host name and mounts", async () => {
    const root = join(dir, "bind", NODE.hostname);
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, "who"), "here");
    const controller = await started({
      command: ["sh", "-c", "echo $WHERE $(hostname) $(cat /at/3/who); sleep 1000"],
      env: ["WHERE={{.Node.ID}}/{{.Service.ID}}"],
      hostname: "{{.Service.Name}}-{{.Task.Slot}}",
      mounts: [
        make("Mount", {
          type: MountType.BIND,
          source: join(dir, "bind", "{{.Node.Hostname}}"),
          target: "/at/{{.Task.Slot}}",
        }),
      ],
    });
    await eventually(async () => (await linesOf(controller)).length === 1);
    assert.deepEqual(await linesOf(controller), ["stdout node1/service1 web-3 here"]);
  });

  it("a cluster volume is a bind of the place where the node has published it", async () => {
    const path = join(dir, "published");
    const volumes = [{ id: "v1", source: "data", target: "/data" }];
    const mounts = [
      make("Mount", { type: MountType.CLUSTER, source: "data", target: "/data", readOnly: true }),
    ];
    const waiting = container({ mounts }, { volumes });
    await assert.rejects(waiting.prepare(signal), { code: "unavailable" });
    mkdirSync(path);
    writeFileSync(join(path, "file"), "of the volume");
    const files = { ...noFiles, volume: (id: string) => (id === "v1" ? path : "") };
    const command = ["sh", "-c", "cat /data/file; touch /data/no || exit 3"];
    const controller = await started({ command, mounts }, { volumes }, files);
    assert.equal((await controller.wait(signal)).code, 3);
    const lines = await linesOf(controller, { stderr: false });
    assert.deepEqual(lines, ["stdout of the volume"]);
  });

  it("a part of a volume is mounted, or refused where the engine would mount all of it", async () => {
    const volume = make("MountVolumeOptions", { subpath: "part" });
    const mount = { type: MountType.VOLUME, source: "parts", target: "/data" };
    const whole = await started({
      command: ["busybox", "mkdir", "-p", "/data/part/inner"],
      mounts: [make("Mount", mount)],
    });
    await whole.wait(signal);
    const command = ["test", "-d", "/data/inner"];
    const mounts = [make("Mount", { ...mount, volume })];
    const { ApiVersion } = await engine().docker.version();
    if (Number(ApiVersion.split(".")[1]) >= 45) {
      const part = await started({ command, mounts });
      assert.equal((await part.wait(signal)).code, 0);
    } else
      await assert.rejects(container({ command, mounts }).prepare(signal), {
        code: "failed-precondition",
        message: /mounts volumes as a whole: part of volume parts needs an engine from 26\.0 on$/,
      });
  });

  it("a container that takes more memory than it may is said to have", async () => {
    const limits = make("Resources", { memoryBytes: 16 << 20 });
    const { spec } = containerTask("x", {
      image: IMAGE,
      command: ["sh", "-c", "x=12345678; while :; do x=$x$x; done"],
    });
    const resources = make("ResourceRequirements", { limits, swapBytes: { value: 0 } });
    const controller = runtime.controller(
      containerTask(`f${++number}`, {}, { spec: spec && { ...spec, resources } }),
      noFiles,
    );
    await controller.prepare(signal);
    await controller.start(signal);
    const { err } = exited(await controller.wait(signal));
    assert.equal(err, "task: non-zero exit (137): out of memory");
  });

  it("ports of the host are bound and told of as they are, also those that the engine chose", async () => {
    const port = (targetPort: number, protocol: PortProtocol): PortConfig =>
      make("PortConfig", { targetPort, protocol, publishMode: PublishMode.HOST });
    const ports = [port(80, PortProtocol.TCP), port(53, PortProtocol.UDP)];
    const command = ["sh", "-c", "exec busybox nc -ll -p 80 -e echo hello"];
    const controller = await started({ command }, { endpoint: make("Endpoint", { ports }) });
    const told = (await controller.facts(signal))?.ports ?? [];
    const keys = told.map(({ targetPort, protocol }) => `${targetPort}/${protocol}`);
    assert.deepEqual(new Set(keys), new Set([`53/${PortProtocol.UDP}`, `80/${PortProtocol.TCP}`]));
    for (const { publishMode, publishedPort } of told) {
      assert.equal(publishMode, PublishMode.HOST);
      assert.ok(publishedPort > 1024);
    }
    const found = (await inspected(controller)).NetworkSettings.Ports["80/tcp"];
    assert.equal(
      Number(found?.[0]?.HostPort),
      told.find((one) => one.targetPort === 80)?.publishedPort,
    );
    await controller.shutdown(signal);
    assert.deepEqual(
      (await controller.facts(signal))?.ports,
      [],
      "a port that is free is not told of",
    );
  });

  it("a port of the host that is taken fails the task with the engine's reason", async () => {
    const ports = [
      make("PortConfig", { targetPort: 80, publishedPort: 18_080, publishMode: PublishMode.HOST }),
    ];
    const endpoint = make("Endpoint", { ports });
    await started({}, { endpoint });
    await assert.rejects(started({}, { endpoint }), /port is already allocated/);
  });
});
