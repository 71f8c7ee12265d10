import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GenericResource } from "../../../proto/generated.ts";
import { cdiEdits, readCdi } from "../../../worker/runtime/cdi.ts";
import { taskDevices } from "../../../worker/runtime/devices.ts";
import { containerSpec } from "../../../worker/runtime/docker/container-config.ts";
import { toHostConfig } from "../../../worker/runtime/docker/host-config.ts";
import { planProcess } from "../../../worker/runtime/process/process-plan.ts";
import { containerTask, processTask } from "./tasks.ts";

const named = (kind: string, value: string): GenericResource => ({
  resource: "named",
  named: { kind, value },
});
const RW = "rwm";

describe("the devices of a task", () => {
  it("are paths, paths under another name, and CDI names", () => {
    const asked = ["/dev/a", "/dev/a:/dev/b", "/dev/c:/dev/d:r", "vendor.com/class=x"];
    assert.deepEqual(taskDevices(asked, []), {
      nodes: [
        { host: "/dev/a", target: "/dev/a", permissions: RW },
        { host: "/dev/a", target: "/dev/b", permissions: RW },
        { host: "/dev/c", target: "/dev/d", permissions: "r" },
      ],
      cdi: ["vendor.com/class=x"],
      gpus: [],
    });
  });

  it("come with named generic resources that are devices, and with no other", () => {
    const assigned = [
      named("fpga", "/dev/fpga0"),
      named("nvidia.com/gpu", "0"),
      named("NVIDIA-GPU", "GPU-1234-abcd"),
      named("colour", "red"),
      { resource: "discrete", discrete: { kind: "gpu", value: 2 } } as const,
    ];
    assert.deepEqual(taskDevices([], assigned), {
      nodes: [{ host: "/dev/fpga0", target: "/dev/fpga0", permissions: RW }],
      cdi: ["nvidia.com/gpu=0"],
      gpus: ["GPU-1234-abcd"],
    });
  });

  for (const text of ["/etc/passwd", "/dev/../etc/x", "/dev/a:b", "/dev/a:/dev/b:xyz", "a=b", ""])
    it(`are refused when they are none: "${text}"`, () => {
      assert.throws(() => taskDevices([text], []), /invalid device/);
    });

  it("are what the engine is asked for", () => {
    const devices = ["/dev/a:/dev/b:r", "vendor.com/class=x"];
    const task = containerTask(
      "t1",
      { image: "x", devices },
      {
        assignedGenericResources: [named("gpu", "GPU-1"), named("gpu", "GPU-2")],
      },
    );
    const { Devices, DeviceRequests } = toHostConfig(task, containerSpec(task));
    assert.deepEqual(Devices, [
      { PathOnHost: "/dev/a", PathInContainer: "/dev/b", CgroupPermissions: "r" },
    ]);
    assert.deepEqual(DeviceRequests, [
      { Driver: "cdi", DeviceIDs: ["vendor.com/class=x"] },
      { Driver: "nvidia", DeviceIDs: ["GPU-1", "GPU-2"], Capabilities: [["gpu"]] },
    ]);
  });

  it("are looked for on the node before a process starts", () => {
    const plan = (device: string) =>
      planProcess(processTask("t1", { command: ["true"], devices: [device] }), {}, []);
    assert.deepEqual(plan("/dev/null").devices, [
      { host: "/dev/null", target: "/dev/null", permissions: RW },
    ]);
    assert.throws(() => plan("/dev/no-such-device"), /there is no device/);
    assert.throws(() => plan("/dev/shm"), /is no device/);
    assert.throws(() => plan("nobody.example/none=0"), /is not described on this node/);
  });

  it("are told in variables, as swarm mode names them", () => {
    const assignedGenericResources = [named("NVIDIA-GPU", "a"), named("NVIDIA-GPU", "b")];
    const task = processTask("t1", { command: ["true"] }, { assignedGenericResources });
    assert.equal(planProcess(task, {}, []).env["DOCKER_RESOURCE_NVIDIA_GPU"], "a,b");
  });
});

describe("CDI specifications of a node", () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "skep-cdi-"));
    mkdirSync(join(dir, "a"));
    mkdirSync(join(dir, "b"));
  });

  afterEach(() => rmSync(dir, { recursive: true }));

  it("describe devices by their full names; the later directory wins", () => {
    const spec = (path: string) =>
      JSON.stringify({
        cdiVersion: "0.6.0",
        kind: "vendor.com/class",
        containerEdits: { env: ["ALL=1"] },
        devices: [{ name: "0", containerEdits: { deviceNodes: [{ path }] } }],
      });
    writeFileSync(join(dir, "a", "one.json"), spec("/dev/a"));
    writeFileSync(join(dir, "b", "two.json"), spec("/dev/b"));
    writeFileSync(join(dir, "b", "torn.json"), "{");
    writeFileSync(join(dir, "b", "other.yaml"), "kind: x");
    const found = readCdi([join(dir, "a"), join(dir, "b"), join(dir, "none")]);
    assert.deepEqual([...found.keys()], ["vendor.com/class=0"]);
    assert.deepEqual(cdiEdits(["vendor.com/class=0"], found), [
      { env: ["ALL=1"] },
      { deviceNodes: [{ path: "/dev/b" }] },
    ]);
    assert.throws(() => cdiEdits(["vendor.com/class=1"], found), /is not described/);
  });
});
