import assert from "node:assert/strict";
import fs from "node:fs";
import { SystemCluster } from "../../system/cluster.ts";
import { ClusterVolumeStory } from "../../system/cluster-volume-story.ts";
import { IMAGE, useEngine } from "../engine.ts";

describe("a cluster volume of a CSI plugin, under containers", function () {
  this.timeout(240_000);
  const engine = useEngine();
  const cluster = new SystemCluster();
  const story = new ClusterVolumeStory(cluster);
  /** A container of what is otherwise a process's service. */
  const shape = {
    spec: { Labels: {} },
    container: { Image: IMAGE },
  };

  before(async () => {
    await story.open(["--runtime", "docker", "--docker-host", engine().host]);
  });
  afterEach(function () {
    if (this.currentTest?.state === "failed") process.stderr.write(cluster.logs());
  });
  after(async () => {
    story.close();
    await cluster.remove();
  });

  it("is made, goes where its service goes, and is drained and deleted with nothing left", async () => {
    await story.described();
    const volumeId = await story.make();
    await story.run("web", "w1", true, shape);
    await story.said("web", "w1");
    await story.run("web", "m1", false, shape);
    await story.said("web", "w1\n");
    const [container] = await engine().docker.listContainers();
    assert.deepEqual(
      container?.Mounts.map(({ Type, RW }) => ({ Type, RW })),
      [{ Type: "bind", RW: true }],
    );
    await cluster.removeService("web");
    await story.published();
    const lines = fs.readFileSync(`${story.disks.path(volumeId)}/lines`, "utf8");
    assert.equal(lines, "w1\nm1\n");
    await story.run("again", "w1", true, shape);
    await story.drain();
    await story.published();
    await cluster.removeService("again");
    await story.delete();
    story.checkStorage();
  });
});
