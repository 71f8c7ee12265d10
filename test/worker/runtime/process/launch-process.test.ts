import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../../lib/clock.ts";
import { isRetryable } from "../../../../lib/errors.ts";
import { silentLog } from "../../../../lib/log.ts";
import { openProcessRuntime } from "../../../../worker/runtime/process/process-runtime.ts";
import type { Runtime, TaskController } from "../../../../worker/runtime/runtime.ts";
import { noFiles, processTask } from "../tasks.ts";
import { eventually, linesOf } from "../wait.ts";

const NODE = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };
const signal = new AbortController().signal;

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

describe("process runtime that starts tasks from a process of its own", () => {
  let dir: string;
  let runtime: Runtime;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-launch-"));
    runtime = await openProcessRuntime(
      { dir, node: NODE, sandbox: false, launchProcess: true },
      { clock: systemClock, log: silentLog },
    );
    await runtime.adopt(new Set(), signal);
  });

  afterEach(async () => {
    await runtime.adopt(new Set(), signal);
    await runtime.close();
    await rm(dir, { recursive: true });
  });

  async function start(id: string, script: string): Promise<TaskController> {
    const task = processTask(id, { command: ["sh", "-c", script] });
    const controller = runtime.controller(task, noFiles);
    await controller.start(signal);
    return controller;
  }

  /** Starts a task as an agent does: a step that was given up is tried again. */
  async function startSoon(id: string, script: string): Promise<TaskController> {
    let controller: TaskController | null = null;
    await eventually(async () => {
      try {
        controller = await start(id, script);
      } catch (error) {
        if (!isRetryable(error)) throw error;
      }
      return controller !== null;
    });
    assert.ok(controller);
    return controller;
  }

  /** The pid of the process that started a task. */
  async function starterOf(controller: TaskController): Promise<number> {
    return parentOf((await controller.facts(signal))?.pid ?? 0);
  }

  it("hears how they end, and why one never ran", async () => {
    const ends = await start("t1", "echo said; exit 7");
    assert.equal((await ends.wait(signal)).code, 7);
    assert.deepEqual(await linesOf(ends), ["stdout said"]);
    const killed = await start("t2", "kill -9 $$");
    assert.equal((await killed.wait(signal)).code, 137);
    const missing = runtime.controller(processTask("t3", { command: ["/no/such"] }), noFiles);
    await assert.rejects(missing.start(signal), /executable "\/no\/such" not found/);
  });

  it("goes on when that process dies: what runs is kept, what is new starts from another", async () => {
    const kept = await start("t1", "exec sleep 1000");
    const starter = await starterOf(kept);
    assert.notEqual(starter, process.pid);
    process.kill(starter, "SIGKILL");
    const next = await startSoon("t2", "exec sleep 1000");
    assert.notEqual(await starterOf(next), starter);
    assert.notEqual((await kept.facts(signal))?.pid, 0);
    await kept.shutdown(signal);
    assert.equal((await kept.wait(signal)).code, 143);
    await next.shutdown(signal);
    assert.equal((await next.wait(signal)).code, 143);
  });
});
