import assert from "node:assert/strict";
import { toDescription } from "../../../../worker/runtime/docker/describe-engine.ts";

const INFO = {
  ServerVersion: "20.10.24",
  Labels: ["tier=front", "plain"],
  Architecture: "x86_64",
  OSType: "linux",
  NCPU: 2,
  MemTotal: 1024,
  GenericResources: [
    { NamedResourceSpec: { Kind: "gpu", Value: "a" } },
    { DiscreteResourceSpec: { Kind: "disk", Value: 4 } },
  ],
  Plugins: { Volume: ["local", "nfs:latest"], Network: ["bridge"], Log: ["json-file"] },
};

describe("what an engine says of itself", () => {
  const managed = (Name: string, Enabled: boolean, ...Types: readonly string[]) => ({
    Name,
    Enabled,
    Config: { Interface: { Types } },
  });

  it("is the node's platform, labels and resources", () => {
    const { resources, labels, os, architecture } = toDescription(INFO, []);
    assert.deepEqual(labels, { tier: "front", plain: "" });
    assert.deepEqual([os, architecture], ["linux", "x86_64"]);
    assert.deepEqual([resources.nanoCpus, resources.memoryBytes], [2e9, 1024]);
    assert.deepEqual(
      resources.generic.map(({ resource }) => resource),
      ["named", "discrete"],
    );
  });

  it("has the plugins that were installed, each once, and those that are enabled only", () => {
    const { plugins } = toDescription(INFO, [
      managed("loki:latest", true, "docker.logdriver/1.0"),
      managed("nfs:latest", true, "docker.volumedriver/1.0"),
      managed("both:2", true, "docker.networkdriver/1.0", "docker.ipamdriver/1.0"),
      managed("off:latest", false, "docker.volumedriver/1.0"),
    ]);
    assert.deepEqual(
      plugins.map(({ type, name }) => `${type} ${name}`),
      [
        "Log json-file",
        "Log loki:latest",
        "Network both:2",
        "Network bridge",
        "Volume local",
        "Volume nfs:latest",
      ],
    );
  });
});
