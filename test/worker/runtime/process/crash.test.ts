import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../../../lib/clock.ts";
import { silentLog } from "../../../../lib/log.ts";
import type { Runtime } from "../../../../worker/runtime/runtime.ts";
import { openProcessRuntime } from "../../../../worker/runtime/process/process-runtime.ts";
import { noFiles, processTask } from "../tasks.ts";
import { linesOf } from "../wait.ts";

const NODE = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };
const CHILD = fileURLToPath(new URL("crash-child.ts", import.meta.url));
const signal = new AbortController().signal;

describe("process runtime after a kill -9 of swarmd", () => {
  let dir: string;
  let runtime: Runtime | null = null;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-crash-"));
  });

  afterEach(async () => {
    await runtime?.adopt(new Set(), signal);
    await runtime?.close();
    await rm(dir, { recursive: true });
  });

  /** Runs a worker that starts `script` as task t1, and kills it. */
  async function crash(script: string): Promise<void> {
    const child = spawn(process.execPath, ["--import=tsx", CHILD, dir, script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    const [said] = await Promise.race([once(child.stdout, "data"), exited]);
    assert.equal(String(said), "started\n");
    child.kill("SIGKILL");
    await exited;
  }

  async function adopt() {
    runtime = await openProcessRuntime({ dir, node: NODE }, { clock: systemClock, log: silentLog });
    await runtime.adopt(new Set(["t1"]), signal);
    return runtime.controller(processTask("t1", { command: ["sh"] }), noFiles);
  }

  it("finds the task running, with its log and its exit status to come", async () => {
    const flag = join(dir, "go");
    await crash(`echo before; while [ ! -e ${flag} ]; do sleep 0.02; done; echo after; exit 6`);
    const controller = await adopt();
    assert.notEqual((await controller.facts(signal))?.pid, 0);
    await writeFile(flag, "");
    assert.equal((await controller.wait(signal)).code, 6);
    assert.deepEqual(await linesOf(controller), ["stdout before", "stdout after"]);
  });

  it("stops a task that it did not start itself", async () => {
    await crash("exec sleep 1000");
    const controller = await adopt();
    await controller.shutdown(signal);
    assert.equal((await controller.wait(signal)).code, 143);
  });
});
