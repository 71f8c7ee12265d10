import assert from "node:assert/strict";
import { make } from "../../proto/codec.ts";
import { swarmdCommand, type SwarmdOptions } from "../../node/options.ts";

const DEFAULTS = { stateDir: "/state", socket: "/s.sock", hostname: "a", version: "1" };

async function parse(...args: readonly string[]): Promise<SwarmdOptions> {
  let parsed: SwarmdOptions | undefined;
  const command = swarmdCommand(DEFAULTS, async (options) => {
    parsed = options;
  });
  command.exitOverride().configureOutput({ writeErr: () => {} });
  await command.parseAsync([...args], { from: "user" });
  assert.ok(parsed);
  return parsed;
}

describe("the command line of swarmd", () => {
  it("takes CSI plugins by the names that volumes call their drivers", async () => {
    const { csiPlugins } = await parse(
      "--csi-plugin",
      "disks=unix:///run/disks/csi.sock",
      "--csi-plugin",
      "store/files:latest=unix:///f=1.sock",
    );
    assert.deepEqual(csiPlugins, [
      { name: "disks", endpoint: "unix:///run/disks/csi.sock" },
      { name: "store/files:latest", endpoint: "unix:///f=1.sock" },
    ]);
    assert.deepEqual((await parse()).csiPlugins, []);
  });

  for (const value of ["disks", "disks=/run/csi.sock", "=unix:///s", "disks=tcp://1.2.3.4:5"])
    it(`refuses ${value} for a CSI plugin`, async () => {
      await assert.rejects(parse("--csi-plugin", value), /use NAME=unix:/);
    });

  it("refuses two CSI plugins of one name", async () => {
    const twice = ["--csi-plugin", "a=unix:///x", "--csi-plugin", "a=unix:///y"];
    await assert.rejects(parse(...twice), /there is a plugin a already/);
  });

  it("reads CDI specifications where it is told, and else where everybody does", async () => {
    assert.deepEqual((await parse()).cdiDirs, ["/etc/cdi", "/var/run/cdi"]);
    assert.deepEqual((await parse("--cdi-spec-dir", "/a", "--cdi-spec-dir", "/b")).cdiDirs, [
      "/a",
      "/b",
    ]);
  });

  it("takes generic resources as names or one count a kind", async () => {
    const flags = ["gpu=GPU-1", "gpu=GPU-2", "ssd=3"].flatMap((it) => ["--generic-resource", it]);
    assert.deepEqual((await parse(...flags)).genericResources, [
      make("GenericResource", { resource: "named", named: { kind: "gpu", value: "GPU-1" } }),
      make("GenericResource", { resource: "named", named: { kind: "gpu", value: "GPU-2" } }),
      make("GenericResource", { resource: "discrete", discrete: { kind: "ssd", value: 3 } }),
    ]);
    const mixed = ["--generic-resource", "ssd=3", "--generic-resource", "ssd=x"];
    await assert.rejects(parse(...mixed), /either names or one count/);
    await assert.rejects(parse("--generic-resource", "ssd"), /kind=name or kind=count/);
  });
});
