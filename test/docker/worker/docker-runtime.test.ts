import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../lib/clock.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import { silentLog } from "../../../lib/log.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { retry } from "../../../lib/retry.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import { MountType, PublishMode, type ContainerSpec, type Task } from "../../../proto/generated.ts";
import { openRuntime } from "../../../worker/runtime/open-runtime.ts";
import type {
  LogLine,
  Runtime,
  TaskController,
  TaskFiles,
} from "../../../worker/runtime/runtime.ts";
import { containerTask, noFiles } from "../../worker/runtime/tasks.ts";
import { eventually, linesOf } from "../../worker/runtime/wait.ts";
import { IMAGE } from "../busybox-image.ts";
import { IMAGES, NODE, openEngineRuntime } from "../engine-runtime.ts";
import { useEngine } from "../engine.ts";

const signal = new AbortController().signal;
const clock = systemClock;
const random = new SeededRandom("docker");
/** As an agent tries a step again that failed for now. */
const RETRY = { backoff: { firstMs: 100, maxMs: 100, factor: 1 }, attemptsMax: 200 };

describe("docker runtime", function () {
  this.timeout(60_000);
  const engine = useEngine();
  let dir: string;
  let runtime: Runtime;
  let number = 0;

  const open = (): Promise<Runtime> => openEngineRuntime(engine().host, dir);

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-docker-"));
    runtime = await open();
  });

  afterEach(async () => {
    await runtime.adopt(new Set(), signal);
    await runtime.close();
    await rm(dir, { recursive: true });
  });

  function container(spec: Fields<ContainerSpec>, fields: Fields<Task> = {}): TaskController {
    const task = containerTask(`t${++number}`, { image: IMAGE, ...spec }, fields);
    return runtime.controller(task, noFiles);
  }

  async function run(
    script: string,
    spec: Fields<ContainerSpec> = {},
    fields: Fields<Task> = {},
  ): Promise<TaskController> {
    const controller = container({ command: ["sh", "-c", script], ...spec }, fields);
    await controller.prepare(signal);
    await controller.start(signal);
    return controller;
  }

  async function output(controller: TaskController): Promise<string[]> {
    await controller.wait(signal);
    return linesOf(controller);
  }

  it("describes the engine", async () => {
    const description = await runtime.describe(signal);
    assert.deepEqual(description.runtimes, ["docker"]);
    assert.match(description.engineVersion, /^\d+\./);
    assert.ok(description.resources.nanoCpus >= 1e9);
    assert.ok(description.plugins.some(({ type, name }) => type === "Volume" && name === "local"));
  });

  it("runs a container and tells how it ended", async () => {
    assert.deepEqual(await (await run("exit 0")).wait(signal), { code: 0, error: "" });
    assert.deepEqual(await (await run("exit 3")).wait(signal), { code: 3, error: "" });
  });

  it("gives it name, labels, environment, directory, user and hostname of the spec", async () => {
    const controller = await run("echo $A $(pwd) $(id -u):$(id -g) $(hostname); sleep 1000", {
      env: ["A={{.Task.Name}}"],
      dir: "/tmp",
      user: "12:34",
      hostname: "{{.Service.Name}}-{{.Task.Slot}}",
      labels: { own: "label" },
    });
    const { containerId } = (await controller.facts(signal)) ?? { containerId: "" };
    const found = await engine().docker.getContainer(containerId).inspect();
    const taskId = `t${number}`;
    assert.equal(found.Name, `/web.3.${taskId}`);
    assert.deepEqual(found.Config.Labels, {
      own: "label",
      "com.docker.swarm.task": "",
      "com.docker.swarm.task.id": taskId,
      "com.docker.swarm.task.name": `web.3.${taskId}`,
      "com.docker.swarm.node.id": "node1",
      "com.docker.swarm.service.id": "service1",
      "com.docker.swarm.service.name": "web",
    });
    await eventually(async () => (await linesOf(controller)).length === 1);
    assert.deepEqual(await linesOf(controller), [`stdout web.3.${taskId} /tmp 12:34 web-3`]);
  });

  it("limits, mounts and protects as the spec says", async () => {
    const controller = await run(
      "sleep 1000",
      {
        readOnly: true,
        init: { value: true },
        stopSignal: "SIGUSR1",
        capabilityDrop: ["CHOWN"],
        sysctls: { "net.ipv4.ip_forward": "0" },
        ulimits: [{ name: "nofile", soft: 100, hard: 200 }],
        hosts: ["10.0.0.9 db db2"],
        dnsConfig: { nameservers: ["10.0.0.1"], search: ["example.org"], options: ["ndots:1"] },
        privileges: make("Privileges", { noNewPrivileges: true }),
        mounts: [make("Mount", { type: MountType.TMPFS, target: "/scratch" })],
      },
      {
        endpoint: make("Endpoint", {
          ports: [
            make("PortConfig", {
              targetPort: 80,
              publishedPort: 8080,
              publishMode: PublishMode.HOST,
            }),
          ],
        }),
      },
    );
    const { containerId } = (await controller.facts(signal)) ?? { containerId: "" };
    const { HostConfig: host, Config: config } = await engine()
      .docker.getContainer(containerId)
      .inspect();
    assert.equal(host.ReadonlyRootfs, true);
    assert.equal(host.Init, true);
    assert.deepEqual(host.CapDrop, ["CHOWN"]);
    assert.deepEqual(host.Sysctls, { "net.ipv4.ip_forward": "0" });
    assert.deepEqual(host.Ulimits, [{ Name: "nofile", Soft: 100, Hard: 200 }]);
    assert.deepEqual(host.ExtraHosts, ["db:10.0.0.9", "db2:10.0.0.9"]);
    assert.deepEqual(host.Dns, ["10.0.0.1"]);
    assert.deepEqual(host.SecurityOpt, ["no-new-privileges=true"]);
    assert.deepEqual(host.PortBindings, { "80/tcp": [{ HostIp: "", HostPort: "8080" }] });
    assert.equal(host.Mounts?.[0]?.Target, "/scratch");
    assert.equal((config as { StopSignal?: string }).StopSignal, "SIGUSR1");
  });

  it("does nothing when asked to prepare or start again", async () => {
    const controller = await run("sleep 1000");
    const before = await controller.facts(signal);
    await controller.prepare(signal);
    await controller.start(signal);
    assert.deepEqual(await controller.facts(signal), before);
  });

  it("stops with the stop signal, and kills after the grace period", async () => {
    const spec = { stopSignal: "SIGUSR1", stopGracePeriodNs: { value: 1e9 } };
    const polite = await run('trap "exit 7" USR1; echo up; while :; do sleep 0.01; done', spec);
    await eventually(async () => (await linesOf(polite)).length === 1);
    await polite.shutdown(signal);
    assert.equal((await polite.wait(signal)).code, 7);
    const stubborn = await run("sleep 1000", { ...spec, stopGracePeriodNs: { value: 0 } });
    await stubborn.shutdown(signal);
    assert.equal((await stubborn.wait(signal)).code, 137);
  });

  it("removes the container, and does not mind that there is none", async () => {
    const controller = await run("sleep 1000", { stopGracePeriodNs: { value: 0 } });
    await controller.remove(signal);
    assert.equal(await controller.facts(signal), null);
    await controller.remove(signal);
    await controller.shutdown(signal);
  });

  it("waits without asking again and again, and sees the end at once", async () => {
    const controller = await run("sleep 1000");
    const ended = controller.wait(signal);
    const { containerId } = (await controller.facts(signal)) ?? { containerId: "" };
    await engine().docker.getContainer(containerId).kill();
    assert.equal((await ended).code, 137);
  });

  it("is running only when healthy", async () => {
    const healthcheck = make("HealthConfig", {
      test: ["CMD-SHELL", "test -e /tmp/ok"],
      intervalNs: 100e6,
      timeoutNs: 2e9,
      retries: 100,
    });
    const controller = container({ command: ["sleep", "1000"], healthcheck });
    await controller.prepare(signal);
    let started = false;
    const start = controller.start(signal).then(() => {
      started = true;
    });
    await eventually(async () => (await controller.facts(signal)) !== null);
    assert.equal(started, false);
    const { containerId } = (await controller.facts(signal)) ?? { containerId: "" };
    const exec = await engine()
      .docker.getContainer(containerId)
      .exec({ Cmd: ["touch", "/tmp/ok"] });
    await exec.start({});
    await start;
  });

  it("fails when it gets unhealthy, whatever it exits with", async () => {
    const healthcheck = make("HealthConfig", {
      test: ["CMD-SHELL", "echo is it well?; cat /tmp/bad || exit 0; exit 1"],
      intervalNs: 100e6,
      timeoutNs: 30e9,
      retries: 1,
    });
    const script = 'trap "exit 0" TERM; echo up; while :; do sleep 0.01; done';
    const controller = await run(script, { healthcheck });
    const { containerId } = (await controller.facts(signal)) ?? { containerId: "" };
    const exec = await engine()
      .docker.getContainer(containerId)
      .exec({ Cmd: ["sh", "-c", "echo no database > /tmp/b; busybox mv /tmp/b /tmp/bad"] });
    await exec.start({});
    assert.deepEqual(await controller.wait(signal), {
      code: 0,
      error: "unhealthy container: is it well? no database",
    });
  });

  it("tells why it never got healthy: by what the check printed, its exit code or the time", async () => {
    const cases = [
      ["echo sick >&2; exit 3", 30e9, /^unhealthy container: sick$/],
      ["exit 3", 30e9, /^unhealthy container: its check exited with 3$/],
      ["sleep 1000", 200e6, /^unhealthy container: Health check exceeded timeout \(200ms\)/],
    ] as const;
    for (const [check, timeoutNs, message] of cases) {
      const healthcheck = make("HealthConfig", {
        test: ["CMD-SHELL", check],
        intervalNs: 100e6,
        timeoutNs,
        retries: 1,
      });
      const spec = { healthcheck, stopGracePeriodNs: { value: 0 } };
      await assert.rejects(run("sleep 1000", spec), { message });
    }
  });

  it("gives secrets and configs as files of their own mode and owner", async () => {
    const spec = make("SecretSpec", { data: Buffer.from("pass") });
    const files: TaskFiles = {
      ...noFiles,
      secret: (id) => make("Secret", { id, spec }),
      config: (id) =>
        make("Config", { id, spec: make("ConfigSpec", { data: Buffer.from("conf") }) }),
    };
    const target = (name: string, mode: number) =>
      make("FileTarget", { name, mode, uid: "7", gid: "8" });
    const task = containerTask("secret-task", {
      image: IMAGE,
      command: ["sh", "-c", "cd /run/secrets; cat a; echo; cat /etc/app.conf; stat -c %a:%u:%g a"],
      secrets: [make("SecretReference", { secretId: "s1", file: target("a", 0o400) })],
      configs: [
        make("ConfigReference", {
          configId: "c1",
          target: "file",
          file: target("/etc/app.conf", 0o444),
        }),
      ],
    });
    const controller = runtime.controller(task, files);
    await controller.prepare(signal);
    await controller.start(signal);
    assert.deepEqual(await output(controller), ["stdout pass", "stdout conf400:7:8"]);
  });

  it("reads logs with stream, time, tail and follow", async () => {
    const controller = await run("seq 1 3; echo err >&2; sleep 0.2; echo last");
    assert.deepEqual(await linesOf(controller, { follow: true, stderr: false }), [
      "stdout 1",
      "stdout 2",
      "stdout 3",
      "stdout last",
    ]);
    assert.deepEqual(await linesOf(controller, { stdout: false }), ["stderr err"]);
    assert.deepEqual(await linesOf(controller, { tail: 1, stderr: false }), ["stdout last"]);
    const terminal = await run("echo tty", { tty: true });
    assert.deepEqual(await output(terminal), ["stdout tty"]);
  });

  it("reads long lines whole, with what the log driver was told to add", async () => {
    const options = { labels: "colour", env: "SIZE" };
    const controller = await run(
      "head -c 40000 /dev/zero; echo; echo short",
      { labels: { colour: "light green" }, env: ["SIZE=4,2"] },
      { logDriver: make("Driver", { name: "json-file", options }) },
    );
    await controller.wait(signal);
    const all = { follow: false, tail: null, sinceMs: 0, stdout: true, stderr: true };
    const found: (readonly [number, LogLine["attrs"]])[] = [];
    for await (const { data, attrs } of controller.logs(all, signal))
      found.push([data.length, attrs]);
    const attrs = { colour: "light green", SIZE: "4,2" };
    assert.deepEqual(found, [
      [40_000, attrs],
      [5, attrs],
    ]);
  });

  it("follows the log of a container that is still to be started", async () => {
    const controller = container({ command: ["sh", "-c", "echo one"] });
    const lines = linesOf(controller, { follow: true });
    await controller.prepare(signal);
    await controller.start(signal);
    assert.deepEqual(await lines, ["stdout one"]);
  });

  it("goes on with known containers after a restart and removes all others of its node", async () => {
    const kept = await run("sleep 1000");
    const keptId = `t${number}`;
    const lost = await run("sleep 1000");
    const facts = await kept.facts(signal);
    await runtime.close();
    runtime = await open();
    await runtime.adopt(new Set([keptId]), signal);
    assert.equal(await lost.facts(signal), null);
    const again = runtime.controller(
      containerTask(keptId, { image: IMAGE, stopGracePeriodNs: { value: 0 } }),
      noFiles,
    );
    assert.deepEqual(await again.facts(signal), facts);
    await again.shutdown(signal);
    assert.equal((await again.wait(signal)).code, 137);
  });

  it("rejects an image that is nowhere to be had", async () => {
    const controller = container({ image: "localhost:1/nope:1", command: ["true"] });
    await assert.rejects(controller.prepare(signal), (error) => {
      assert.ok(isSwarmError(error, "not-found"));
      assert.match(
        error.message,
        /^No such image: localhost:1\/nope:1 \(pulling it failed: Get "?http.*refused\)$/,
      );
      return true;
    });
  });

  const refused = [
    ["a relative mount target", { type: MountType.VOLUME, source: "v", target: "x" }],
    ["a relative bind source", { type: MountType.BIND, source: "v", target: "/x" }],
    ["a path as a volume", { type: MountType.VOLUME, source: "/v", target: "/x" }],
    ["a tmpfs with a source", { type: MountType.TMPFS, source: "v", target: "/x" }],
  ] as const;
  for (const [what, mount] of refused) {
    it(`rejects ${what}`, async () => {
      const controller = container({ mounts: [make("Mount", mount)] });
      await assert.rejects(controller.prepare(signal), (error) => isSwarmError(error, "invalid"));
    });
  }

  it("does not start without the source of a bind", async () => {
    const mounts = [make("Mount", { type: MountType.BIND, source: `${dir}/no`, target: "/x" })];
    await assert.rejects(run("true", { mounts }));
  });

  it("survives a restart of the engine", async () => {
    const controller = await run('trap "exit 9" TERM; while :; do sleep 0.01; done');
    const ended = retry(() => controller.wait(signal), RETRY, { clock, random }, signal);
    await engine().restart();
    assert.notEqual((await ended).code, 0);
    assert.equal((await (await run("exit 4")).wait(signal)).code, 4);
  });

  it("is taken by choice `auto`, next to the process runtime", async () => {
    const both = await openRuntime(
      { choice: "auto", dockerHost: engine().host, dir, images: IMAGES, cdiDirs: [], node: NODE },
      { clock, log: silentLog },
      signal,
    );
    assert.deepEqual((await both.describe(signal)).runtimes, ["docker", "process"]);
    await both.close();
  });
});
