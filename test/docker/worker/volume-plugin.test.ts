import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { make } from "../../../proto/codec.ts";
import { MountType, type Mount } from "../../../proto/generated.ts";
import type { Runtime, TaskController } from "../../../worker/runtime/runtime.ts";
import { containerTask, noFiles } from "../../worker/runtime/tasks.ts";
import { openEngineRuntime } from "../engine-runtime.ts";
import { IMAGE, useEngine } from "../engine.ts";
import { VolumePlugin } from "../volume-plugin.ts";

const { signal } = new AbortController();
const DRIVER = "skep-test";

describe("volumes of a volume plugin", function () {
  this.timeout(60_000);
  const engine = useEngine({ hasPlugins: true });
  let dir: string;
  let plugin: VolumePlugin;
  let runtime: Runtime;
  let number = 0;

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), "skep-plugin-"));
    plugin = await VolumePlugin.open(join(engine().dir, "plugins"), DRIVER, dir);
    runtime = await openEngineRuntime(engine().host, dir);
  });

  afterEach(async () => {
    await runtime.adopt(new Set(), signal);
    await runtime.close();
    for (const name of plugin.volumes.keys()) await engine().docker.getVolume(name).remove();
    plugin.close();
    rmSync(dir, { recursive: true });
  });

  const mount = (source: string): Mount =>
    make("Mount", {
      type: MountType.VOLUME,
      source,
      target: "/data/{{.Task.Slot}}",
      volume: make("MountVolumeOptions", {
        labels: { of: "{{.Service.Name}}" },
        driver: make("Driver", {
          name: DRIVER,
          options: { size: "1g", node: "{{.Node.Hostname}}" },
        }),
      }),
    });
  const container = (script: string, source = "data-{{.Task.Slot}}"): TaskController => {
    const command = ["sh", "-c", script];
    const spec = { image: IMAGE, command, mounts: [mount(source)] };
    return runtime.controller(containerTask(`v${++number}`, spec), noFiles);
  };
  const end = async (controller: TaskController): Promise<number> => {
    await controller.prepare(signal);
    await controller.start(signal);
    return (await controller.wait(signal)).code;
  };

  it("are made with the options of the mount, templates expanded, and outlive their task", async () => {
    const first = container("echo kept > /data/3/file");
    assert.equal(await end(first), 0);
    await first.remove(signal);
    const volume = plugin.volumes.get("data-3");
    assert.deepEqual(volume?.options, { size: "1g", node: "host-a" });
    assert.equal(readFileSync(join(dir, "data-3", "file"), "utf8"), "kept\n");
    const { Labels: labels } = await engine().docker.getVolume("data-3").inspect();
    assert.deepEqual(labels, { of: "web" });
    assert.equal(await end(container("test $(cat /data/3/file) = kept")), 0);
    assert.equal(volume?.mounts, 0, "each mount is let go of");
    assert.equal(plugin.calls.filter((call) => call === "Create data-3").length, 1);
  });

  it("go with their task where they have no name", async () => {
    const controller = container("true", "");
    assert.equal(await end(controller), 0);
    assert.equal(plugin.volumes.size, 1);
    await controller.remove(signal);
    assert.equal(plugin.volumes.size, 0);
  });

  it("fail the task with the plugin's reason when they cannot be mounted", async () => {
    plugin.refusal = "the disk is on fire";
    const controller = container("true");
    await controller.prepare(signal);
    await assert.rejects(controller.start(signal), /the disk is on fire/);
  });

  it("show in the description of the node, for the scheduler to go by", async () => {
    await end(container("true"));
    const { plugins } = await runtime.describe(signal);
    assert.ok(plugins.some(({ type, name }) => type === "Volume" && name === DRIVER));
  });
});
