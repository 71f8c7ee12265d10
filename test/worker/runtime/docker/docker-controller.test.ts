import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Docker from "dockerode";
import { cancelled } from "../../../../lib/abort.ts";
import { make } from "../../../../proto/codec.ts";
import { DockerController } from "../../../../worker/runtime/docker/docker-controller.ts";
import type { DockerModules } from "../../../../worker/runtime/docker/docker-controller.ts";
import type { Stops } from "../../../../worker/runtime/docker/stops.ts";
import { Limit } from "../../../../worker/runtime/limit.ts";
import { PayloadDir } from "../../../../worker/runtime/payload-dir.ts";
import { taskScope } from "../../../../worker/runtime/task-scope.ts";

const task = make("Task", {
  id: "t1",
  spec: make("TaskSpec", { runtime: "container", container: make("ContainerSpec") }),
});
const node = { nodeId: "n1", hostname: "host-a", architecture: "x86_64", os: "linux" };
const none = (): never => assert.fail("not asked for");

describe("a container's controller", () => {
  let directory: string;
  let deletions: number;
  let finish: () => void;
  let controller: DockerController;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "skep-controller-"));
    deletions = 0;
    const first = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const container = {
      stop: () => Promise.resolve(),
      remove: () => (deletions++ === 0 ? first : Promise.resolve()),
    };
    const modules: Partial<DockerModules> = {
      docker: { getContainer: () => container } as unknown as Docker,
      payloads: new PayloadDir(join(directory, "payloads")),
      removals: new Limit(1),
      stops: { run: (_id: string, stop: () => Promise<void>) => stop() } as unknown as Stops,
    };
    const files = { secret: none, config: none, volume: none };
    const scope = taskScope(task, node);
    controller = new DockerController(task, scope, files, modules as DockerModules);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it("has a container deleted once, also when whoever asked first has given up", async () => {
    const first = new AbortController();
    const given = controller.remove(first.signal);
    while (deletions === 0) await Promise.resolve();
    const reason = cancelled("the task is released");
    first.abort(reason);
    await assert.rejects(given, (error) => error === reason);
    const again = controller.remove(new AbortController().signal);
    finish();
    await again;
    assert.equal(deletions, 1);
  });
});
