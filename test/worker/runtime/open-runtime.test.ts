import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../lib/clock.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import { silentLog } from "../../../lib/log.ts";
import { openRuntime, type RuntimeChoice } from "../../../worker/runtime/open-runtime.ts";
import { RuntimeSet } from "../../../worker/runtime/runtime-set.ts";
import type { RuntimeDescription } from "../../../worker/runtime/runtime.ts";
import { FakeRuntime } from "../../fakes/runtime.ts";
import { containerTask, noFiles, processTask, taskOf } from "./tasks.ts";

const { signal } = new AbortController();

describe("the runtimes of a node", () => {
  let dir: string;

  const open = (choice: RuntimeChoice) =>
    openRuntime(
      {
        choice,
        dockerHost: `unix://${join(dir, "no.sock")}`,
        dir,
        images: { preferLocal: false, collect: null },
        node: { nodeId: "n1", hostname: "a" },
      },
      { clock: systemClock, log: silentLog },
      signal,
    );

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-runtimes-"));
  });

  afterEach(() => rm(dir, { recursive: true }));

  it("are processes alone where no engine answers", async () => {
    for (const choice of ["auto", "process"] as const) {
      const runtime = await open(choice);
      assert.deepEqual((await runtime.describe(signal)).runtimes, ["process"]);
      await runtime.close();
    }
  });

  it("are refused when an engine is asked for and does not answer", async () => {
    await assert.rejects(open("docker"), (error) => isSwarmError(error, "unavailable"));
  });

  it("reject a container where there is no engine, and say what to do", () => {
    const set = new RuntimeSet({ container: null, process: new FakeRuntime() });
    assert.throws(
      () => set.controller(containerTask("t1", { image: "nginx" }), noFiles),
      (error) =>
        isSwarmError(error, "failed-precondition") &&
        /only the process runtime and cannot run containers/.test(error.message),
    );
    assert.throws(
      () => set.controller(taskOf("t1"), noFiles),
      (error) => isSwarmError(error, "unimplemented"),
    );
  });

  it("take each task to the runtime of its kind", async () => {
    const container = new FakeRuntime();
    const process = new FakeRuntime();
    const set = new RuntimeSet({ container, process });
    await set.controller(containerTask("t1", { image: "nginx" }), noFiles).start(signal);
    await set.controller(processTask("t2", { command: ["true"] }), noFiles).start(signal);
    assert.deepEqual(container.running(), ["t1"]);
    assert.deepEqual(process.running(), ["t2"]);
    await set.adopt(new Set(["t2"]), signal);
    assert.deepEqual([...container.running(), ...process.running()], ["t2"]);
  });

  it("describe the machine as the engine sees it, and offer both", async () => {
    const engine = new FakeRuntime();
    const process = new FakeRuntime();
    process.labels = { a: "process", b: "process" };
    engine.labels = { a: "engine" };
    const described: RuntimeDescription = {
      ...(await engine.describe()),
      runtimes: ["docker"],
      engineVersion: "28.0.0",
    };
    engine.describe = () => Promise.resolve(described);
    const both = await new RuntimeSet({ container: engine, process }).describe(signal);
    assert.deepEqual(both.runtimes, ["docker", "process"]);
    assert.equal(both.engineVersion, "28.0.0");
    assert.deepEqual(both.labels, { a: "engine", b: "process" });
  });
});
