import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, type Clock } from "../../../lib/clock.ts";
import { isRetryable, isSwarmError } from "../../../lib/errors.ts";
import { silentLog } from "../../../lib/log.ts";
import { openRuntime, type RuntimeChoice } from "../../../worker/runtime/open-runtime.ts";
import { RuntimeSet } from "../../../worker/runtime/runtime-set.ts";
import type { RuntimeDescription } from "../../../worker/runtime/runtime.ts";
import { FakeRuntime } from "../../fakes/runtime.ts";
import { containerTask, noFiles, processTask, taskOf } from "./tasks.ts";

const { signal } = new AbortController();

/** What an engine without containers answers. */
const ANSWERS: Readonly<Record<string, unknown>> = {
  "/_ping": "OK",
  "/containers/json": [],
  "/plugins": [],
  "/info": {
    ServerVersion: "20.10.24",
    Labels: [],
    Architecture: "x86_64",
    OSType: "linux",
    NCPU: 2,
    MemTotal: 1 << 30,
    Plugins: {},
  },
};

/** An engine at the socket `path`; while it hangs, it answers nobody. */
async function engineAt(path: string, isHanging: () => boolean = () => false): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://engine");
    const answer = ANSWERS[pathname.replace(/^\/v[\d.]+/, "")];
    if (answer !== undefined && !isHanging()) response.end(JSON.stringify(answer));
  });
  server.listen(path);
  await once(server, "listening");
  return server;
}

async function shut(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

describe("the runtimes of a node", () => {
  let dir: string;

  const socket = (): string => join(dir, "docker.sock");

  const open = (choice: RuntimeChoice, clock: Clock = systemClock) =>
    openRuntime(
      {
        choice,
        dockerHost: `unix://${socket()}`,
        dir,
        images: { preferLocal: false, collect: null },
        cdiDirs: [],
        node: { nodeId: "n1", hostname: "a" },
      },
      { clock, log: silentLog },
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

  it("wait for an engine that was here, however it is chosen: its containers may run", async () => {
    const before = await engineAt(socket());
    const first = await open("auto");
    assert.deepEqual((await first.describe(signal)).runtimes, ["docker", "process"]);
    await first.close();
    await shut(before);
    for (const choice of ["auto", "docker"] as const) {
      const runtime = await open(choice);
      await assert.rejects(runtime.adopt(new Set(["t1"]), signal), isRetryable);
      const after = await engineAt(socket());
      await runtime.adopt(new Set(["t1"]), signal);
      runtime.controller(containerTask("t1", { image: "nginx" }), noFiles);
      await runtime.close();
      await shut(after);
    }
    const given = await open("process");
    assert.deepEqual((await given.describe(signal)).runtimes, ["process"]);
    await given.close();
  });

  it("keep their description while the engine hangs", async () => {
    let hangs = false;
    const engine = await engineAt(socket(), () => hangs);
    const runtime = await open("auto", {
      ...systemClock,
      // A second is over at once.
      after: (ms, fire) => systemClock.after(hangs ? ms / 1_000 : ms, fire),
    });
    const before = await runtime.describe(signal);
    hangs = true;
    assert.deepEqual(await runtime.describe(signal), before);
    await runtime.close();
    await shut(engine);
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
