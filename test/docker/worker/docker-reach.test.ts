import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runtime, TaskController } from "../../../worker/runtime/runtime.ts";
import { itCanBeReached } from "../../worker/runtime/reach-compliance.ts";
import { containerTask, noFiles } from "../../worker/runtime/tasks.ts";
import { eventually } from "../../worker/runtime/wait.ts";
import { openEngineRuntime } from "../engine-runtime.ts";
import { IMAGE, useEngine } from "../engine.ts";

/** Of the container's own network: any will do. */
const PORT = 8080;
const { signal } = new AbortController();

describe("ways into a task that is a container", function () {
  this.timeout(60_000);
  const engine = useEngine();
  let dir: string;
  let runtime: Runtime;
  let number = 0;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-reach-"));
    runtime = await openEngineRuntime(engine().host, dir);
  });

  afterEach(async () => {
    await runtime.adopt(new Set(), signal);
    await runtime.close();
    await rm(dir, { recursive: true });
  });

  async function run(script: string): Promise<TaskController> {
    const spec = {
      image: IMAGE,
      command: ["sh", "-c", script],
      dir: "/tmp",
      env: ["COLOUR=green"],
    };
    const controller = runtime.controller(containerTask(`t${++number}`, spec), noFiles);
    await controller.prepare(signal);
    await controller.start(signal);
    return controller;
  }

  itCanBeReached(() => ({ start: run, stty: "busybox stty" }));

  it("connects to a port that only the container sees, many times over", async () => {
    const controller = await run(`exec busybox nc -ll -p ${PORT} -e cat`);
    const echo = async (text: string): Promise<string> => {
      const socket = await controller.reach().dial(PORT, signal);
      socket.end(text);
      let back = "";
      for await (const chunk of socket) back += String(chunk);
      return back;
    };
    await eventually(() =>
      echo("first").then(
        (text) => text === "first",
        () => false,
      ),
    );
    const texts = Array.from({ length: 10 }, (_, i) => `text ${i}`);
    // One after another: this little server has room for one to wait.
    for (const text of texts) assert.equal(await echo(text), text);
    await assert.rejects(controller.reach().dial(1, signal), { code: "unavailable" });
  });
});
