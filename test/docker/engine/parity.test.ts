import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerInspectInfo } from "dockerode";
import { JsonObject } from "../../../engine/json-object.ts";
import { readServiceSpec } from "../../../engine/translate/service-spec.ts";
import { make } from "../../../proto/codec.ts";
import type { Runtime } from "../../../worker/runtime/runtime.ts";
import { noFiles, taskOf } from "../../worker/runtime/tasks.ts";
import { until } from "../../system/cluster.ts";
import { IMAGE } from "../busybox-image.ts";
import { shapeOf, type Shape } from "../container-shape.ts";
import { openEngineRuntime } from "../engine-runtime.ts";
import { useEngine } from "../engine.ts";

const signal = new AbortController().signal;
const SLEEP = { Image: "", Command: ["sleep"], Args: ["1000"], StopGracePeriod: 1 };

/** Task templates as Docker's clients write them; the image is set by the test. */
const TEMPLATES: Readonly<Record<string, Shape>> = {
  "nothing but a command": { ContainerSpec: SLEEP },
  "what the process is": {
    ContainerSpec: {
      ...SLEEP,
      Env: ["A=1", "NAME={{.Service.Name}}/{{.Task.Slot}}", "EMPTY="],
      Dir: "/tmp",
      User: "12:34",
      Groups: ["7", "8"],
      Hostname: "{{.Service.Name}}-{{.Task.Slot}}",
      Labels: { own: "label" },
      TTY: true,
      OpenStdin: true,
      Init: true,
      StopSignal: "SIGUSR1",
      StopGracePeriod: 2_500_000_000,
    },
  },
  "its limits": {
    ContainerSpec: {
      ...SLEEP,
      Sysctls: { "net.ipv4.ip_unprivileged_port_start": "80" },
      Ulimits: [{ Name: "nofile", Soft: 100, Hard: 200 }],
      CapabilityAdd: ["CAP_SYS_TIME"],
      CapabilityDrop: ["CAP_CHOWN"],
      ReadOnly: true,
    },
    Resources: {
      Limits: { NanoCPUs: 500_000_000, MemoryBytes: 64 << 20, Pids: 50 },
      Reservations: { NanoCPUs: 100_000_000, MemoryBytes: 16 << 20 },
    },
    LogDriver: { Name: "json-file", Options: { "max-size": "1m" } },
  },
  "its names": {
    ContainerSpec: {
      ...SLEEP,
      Hosts: ["10.0.0.9 db", "10.0.0.8 cache"],
      DNSConfig: { Nameservers: ["10.0.0.1"], Search: ["example.org"], Options: ["ndots:1"] },
    },
  },
  "its mounts": {
    ContainerSpec: {
      ...SLEEP,
      Mounts: [
        { Type: "bind", Source: "/tmp", Target: "/host", ReadOnly: true },
        {
          Type: "bind",
          Source: "/etc",
          Target: "/etc2",
          BindOptions: { Propagation: "rslave", NonRecursive: true },
        },
        {
          Type: "volume",
          Source: "data-{{.Task.Slot}}",
          Target: "/data",
          VolumeOptions: { NoCopy: true, Labels: { a: "b" }, DriverConfig: { Name: "local" } },
        },
        { Type: "volume", Target: "/anonymous" },
        { Type: "tmpfs", Target: "/scratch", TmpfsOptions: { SizeBytes: 1 << 20, Mode: 0o1777 } },
      ],
    },
  },
  "its health": {
    ContainerSpec: {
      ...SLEEP,
      Healthcheck: {
        Test: ["CMD", "true"],
        Interval: 1_000_000_000,
        Timeout: 2_000_000_000,
        Retries: 5,
        StartPeriod: 3_000_000_000,
      },
    },
  },
  "its privileges": {
    ContainerSpec: {
      ...SLEEP,
      Privileges: {
        SELinuxContext: { User: "user", Role: "role", Type: "type", Level: "level" },
      },
    },
  },
};

/** The same service, run by Docker's swarm mode and by us on the same engine. */
/** Theirs may run already, and then it is on its networks, which ours, just made, is not. */
const made = (container: ContainerInspectInfo): Shape => ({
  ...shapeOf(container),
  networks: null,
});

describe("a container is what Docker's swarm mode would make of its service", function () {
  this.timeout(60_000);
  const engine = useEngine();
  let dir = "";
  let image = "";
  let runtime: Runtime;

  before(async () => {
    const { docker, host } = engine();
    dir = await mkdtemp(join(tmpdir(), "skep-parity-"));
    image = (await docker.getImage(IMAGE).inspect()).Id;
    await docker.swarmInit({ ListenAddr: "127.0.0.1:2377", AdvertiseAddr: "127.0.0.1" });
    runtime = await openEngineRuntime(host, dir);
  });

  // The engine and all that runs on it are gone by now.
  after(async () => {
    await runtime.close();
    await rm(dir, { recursive: true });
  });

  const specOf = (template: Shape): Shape => ({
    Name: "web",
    TaskTemplate: {
      ...template,
      ContainerSpec: { ...(template["ContainerSpec"] as object), Image: image },
    },
    Mode: { Replicated: { Replicas: 1 } },
  });

  async function theirs(spec: Shape): Promise<ContainerInspectInfo> {
    const { docker } = engine();
    const { id } = (await docker.createService(spec as never)) as unknown as { id: string };
    const filters = { label: [`com.docker.swarm.service.id=${id}`] };
    const found = await until("Docker has made a container", async () => {
      const [container] = await docker.listContainers({ all: true, filters });
      return container ? docker.getContainer(container.Id).inspect() : undefined;
    });
    await docker.getService(id).remove();
    await until("it is gone", async () =>
      (await docker.listContainers({ all: true, filters })).length === 0 ? true : undefined,
    );
    return found;
  }

  async function ours(id: string, spec: Shape): Promise<ContainerInspectInfo> {
    const service = readServiceSpec(JsonObject.parse(JSON.stringify(spec)), "");
    const task = taskOf(id, {
      spec: service.task,
      slot: 1,
      serviceAnnotations: make("Annotations", { name: "web" }),
    });
    const controller = runtime.controller(task, noFiles);
    await controller.prepare(signal);
    const found = await engine().docker.getContainer(`web.1.${id}`).inspect();
    await controller.remove(signal);
    return found;
  }

  for (const [index, [what, template]] of Object.entries(TEMPLATES).entries()) {
    it(`in ${what}`, async () => {
      const spec = specOf(template);
      const expected = made(await theirs(spec));
      assert.deepEqual(made(await ours(`parity${index}`, spec)), expected);
    });
  }
});
