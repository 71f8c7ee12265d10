import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linked } from "../../../lib/abort.ts";
import { containerTask, noFiles } from "../../worker/runtime/tasks.ts";
import { IMAGE } from "../busybox-image.ts";
import { openEngineRuntime } from "../engine-runtime.ts";
import { useEngine } from "../engine.ts";

const signal = new AbortController().signal;

/** What was asked of the engine may still happen after nobody waits for it. */
describe("a container that is shut down while it starts", function () {
  this.timeout(60_000);
  const engine = useEngine();

  for (const step of ["prepare", "start"] as const) {
    it(`does not run when its ${step} was broken off`, async () => {
      const dir = await mkdtemp(join(tmpdir(), "skep-docker-"));
      const runtime = await openEngineRuntime(engine().host, dir);
      const task = containerTask(`half-${step}`, {
        image: IMAGE,
        command: ["sleep", "1000"],
        stopGracePeriodNs: { value: 0 },
      });
      const controller = runtime.controller(task, noFiles);
      using link = linked(signal);
      if (step === "start") await controller.prepare(signal);
      const begun = controller[step](link.signal);
      // The engine has the request now, and nobody waits for its answer.
      link.abort();
      await assert.rejects(begun);
      await controller.shutdown(signal);
      const name = `web.3.half-${step}`;
      const left = await engine().docker.listContainers({ all: true, filters: { name: [name] } });
      for (const { Id: id } of left)
        assert.equal((await engine().docker.getContainer(id).inspect()).State.Running, false);
      await controller.remove(signal);
      assert.equal(await controller.facts(signal), null);
      await runtime.close();
      await rm(dir, { recursive: true });
    });
  }
});
