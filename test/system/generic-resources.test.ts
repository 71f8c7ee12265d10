import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { SystemCluster, until } from "./cluster.ts";
import type { Run, SwarmProcess } from "./swarm-process.ts";

const HOOK_LIMIT_MS = 240_000;

describe("generic resources and devices of a node", function () {
  this.timeout(240_000);
  const cluster = new SystemCluster();
  let manager: SwarmProcess;

  before(async function () {
    this.timeout(HOOK_LIMIT_MS);
    const cdi = path.join(cluster.root, "cdi");
    fs.mkdirSync(cdi);
    const devices = [{ name: "one", containerEdits: { env: ["FROM_CDI=yes"] } }];
    const spec = { cdiVersion: "0.6.0", kind: "example.com/card", devices };
    fs.writeFileSync(path.join(cdi, "card.json"), JSON.stringify(spec));
    manager = await cluster.add("m1", [
      "--runtime",
      "process",
      "--cdi-spec-dir",
      cdi,
      ...["gpu=a", "gpu=b", "ssd=3"].flatMap((it) => ["--generic-resource", it]),
    ]);
    await cluster.init(manager);
    await cluster.allReady(1);
  });
  afterEach(function () {
    if (this.currentTest?.state === "failed") process.stderr.write(cluster.logs());
  });
  after(async function () {
    this.timeout(HOOK_LIMIT_MS);
    await cluster.remove();
  });

  const create = (name: string, script: string, ...flags: readonly string[]): Promise<Run> => {
    const service = ["service", "create", "--detach", "--name", name, "--runtime", "process"];
    return manager.swarm(...service, ...flags, "--", "sh", "-c", `${script}; exec sleep 3600`);
  };
  /** Why the service's task waits that has no node. */
  const reason = (name: string, text: RegExp): Promise<boolean> =>
    until(`a task of ${name} says why it waits`, async () => {
      const tasks = await cluster.tasks(name);
      const waiting = tasks.find(({ Status }) => Status.State === "pending");
      assert.match(waiting?.Status.Err ?? "", text);
      return true;
    });

  it("are given to as many tasks as there are, each with its own, told in variables", async () => {
    const { out } = await manager.swarm("node", "inspect", "self");
    for (const word of ["gpu", "ssd"]) assert.ok(out.includes(`"${word}"`), out);
    const script = "echo gpu $DOCKER_RESOURCE_GPU ssd $DOCKER_RESOURCE_SSD";
    const flags = ["--generic-resource", "gpu=1", "--generic-resource", "ssd=1"];
    const made = await create("web", script, "--replicas", "3", ...flags);
    assert.equal(made.code, 0, made.err);
    await reason("web", /insufficient resources on 1 node/);
    await until("two tasks have said what they got", async () => {
      const logs = await manager.swarm("service", "logs", "--raw", "web");
      assert.deepEqual(logs.out.trim().split("\n").toSorted(), ["gpu a ssd 1", "gpu b ssd 1"]);
      return true;
    });
    const taken = await create("more", "true", "--generic-resource", "ssd=2");
    assert.equal(taken.code, 0, taken.err);
    await reason("more", /insufficient resources on 1 node/);
    await cluster.removeService("web");
    await cluster.running("more", 1);
    await cluster.removeService("more");
  });

  it("are had by tasks only where the node reports them", async () => {
    await create("none", "true", "--device", "example.com/card=two");
    await reason("none", /missing device on 1 node/);
    await cluster.removeService("none");
  });
});
