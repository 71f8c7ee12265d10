import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../../lib/clock.ts";
import { silentLog } from "../../../../lib/log.ts";
import { openProcessRuntime } from "../../../../worker/runtime/process/process-runtime.ts";
import type { Runtime, TaskController } from "../../../../worker/runtime/runtime.ts";
import { itCanBeReached } from "../reach-compliance.ts";
import { noFiles, processTask } from "../tasks.ts";
import { eventually } from "../wait.ts";

const NODE = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };
const { signal } = new AbortController();

describe("ways into a task of processes", () => {
  let dir: string;
  let runtime: Runtime;
  let number = 0;
  const started: TaskController[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-reach-"));
    runtime = await openProcessRuntime({ dir, node: NODE }, { clock: systemClock, log: silentLog });
    await runtime.adopt(new Set(), signal);
  });

  afterEach(async () => {
    for (const controller of started.splice(0)) await controller.remove(signal);
    await runtime.close();
    await rm(dir, { recursive: true });
  });

  async function run(...command: readonly string[]): Promise<TaskController> {
    const spec = { command, dir: "/tmp", env: ["COLOUR=green"] };
    const controller = runtime.controller(processTask(`t${++number}`, spec), noFiles);
    started.push(controller);
    await controller.prepare(signal);
    await controller.start(signal);
    return controller;
  }

  itCanBeReached(() => ({ start: (script) => run("sh", "-c", script), stty: "stty" }));

  it("connects to a port of the task, each direction ending by itself", async () => {
    const file = join(dir, "port");
    const script = `
      const server = require("net").createServer({ allowHalfOpen: true }, (socket) => {
        let text = "";
        socket.on("data", (chunk) => (text += chunk));
        socket.on("end", () => socket.end(text.toUpperCase()));
      });
      server.listen(0, "127.0.0.1", () =>
        require("fs").writeFileSync(${JSON.stringify(file)}, server.address().port + "\\n"));`;
    const controller = await run(process.execPath, "-e", script);
    await eventually(async () => existsSync(file) && (await readFile(file, "utf8")).endsWith("\n"));
    const socket = await controller.reach().dial(Number(await readFile(file, "utf8")), signal);
    socket.end("hello");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    assert.equal(text, "HELLO");
    await assert.rejects(controller.reach().dial(1, signal), { code: "unavailable" });
  });
});
