import assert from "node:assert/strict";
import fs from "node:fs";
import { sandboxRefusal } from "../../worker/runtime/process/sandbox.ts";
import { skipWhere } from "../skip-where.ts";
import { ClusterVolumeStory } from "./cluster-volume-story.ts";
import { SystemCluster, until } from "./cluster.ts";

const HOOK_LIMIT_MS = 240_000;

describe("a cluster volume of a CSI plugin, under processes", function () {
  this.timeout(240_000);
  const cluster = new SystemCluster();
  const story = new ClusterVolumeStory(cluster);

  before(async function () {
    this.timeout(HOOK_LIMIT_MS);
    // Only root can give a process mounts.
    skipWhere(this, sandboxRefusal());
    await story.open(["--runtime", "process"]);
  });
  afterEach(function () {
    if (this.currentTest?.state === "failed") process.stderr.write(cluster.logs());
  });
  after(async function () {
    this.timeout(HOOK_LIMIT_MS);
    story.close();
    await cluster.remove();
  });

  it("is made, goes where its service goes, and is drained and deleted with nothing left", async () => {
    await story.described();
    const volumeId = await story.make();
    await story.run("web", "w1", true, {});
    await story.said("web", "w1");
    await story.run("web", "m1", false, {});
    await story.said("web", "w1\n");
    await cluster.removeService("web");
    await story.published();
    const lines = fs.readFileSync(`${story.disks.path(volumeId)}/lines`, "utf8");
    assert.equal(lines, "w1\nm1\n");

    await story.run("again", "w1", true, {});
    await story.drain();
    await until("the service waits", async () => {
      const [task] = await cluster.tasks("again", { "desired-state": ["running"] });
      assert.match(task?.Status.Err ?? "", /cannot fulfill requested CSI volume mounts on 1 node/);
      return true;
    });
    await story.published();
    await cluster.removeService("again");
    await story.delete();
    story.checkStorage();
  });

  it("is taken down by a node that leaves, with all that is in it", async () => {
    const volumeId = await story.make();
    await story.run("web", "m1", true, {});
    await story.run("web", "w1", false, {});
    const worker = cluster.node("w1");
    const { ID } = await cluster.object(worker);
    const { code, err } = await worker.swarm("leave");
    assert.equal(code, 0, err);
    const lines = fs.readFileSync(`${story.disks.path(volumeId)}/lines`, "utf8");
    assert.equal(lines, "m1\nw1\n");
    await cluster.removeService("web");
    await (await cluster.manager()).delete(`/nodes/${ID}?force=1`);
    await story.published();
    await story.delete();
    story.checkStorage();
    await cluster.join(worker, "Worker");
    await cluster.allReady(1);
  });

  it("is taken down by a node that has forgotten it, and only when its plugin is back", async () => {
    await story.make();
    await story.run("web", "w1", true, {});
    const worker = cluster.node("w1");
    await worker.stop("SIGKILL");
    worker.start();
    await cluster.allReady(1);
    await cluster.running("web", 1);
    await story.without("w1", async () => {
      await cluster.removeService("web");
      await story.published("pending-node-unpublish");
    });
    await story.published();
    await story.delete();
    story.checkStorage();
  });
});
