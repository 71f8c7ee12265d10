import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { systemClock } from "../../../../lib/clock.ts";
import { isRetryable } from "../../../../lib/errors.ts";
import { silentLog } from "../../../../lib/log.ts";
import { payloadPath } from "../../../../worker/runtime/payload-dir.ts";
import { findMarked, programOf } from "../../../../worker/runtime/process/proc.ts";
import { openProcessRuntime } from "../../../../worker/runtime/process/process-runtime.ts";
import { sandboxRefusal } from "../../../../worker/runtime/process/sandbox.ts";
import type { Runtime, TaskController } from "../../../../worker/runtime/runtime.ts";
import { skipWhere } from "../../../skip-where.ts";
import { eventually, linesOf } from "../wait.ts";
import { crashTask, NODE, oneSecret, type CrashPlan } from "./crash-plan.ts";

const ENTRIES = {
  "crash-child": fileURLToPath(new URL("crash-child.ts", import.meta.url)),
  "launch-entry": fileURLToPath(
    new URL("../../../../worker/runtime/process/launch-entry.ts", import.meta.url),
  ),
};
/** Longest that a step of the killed worker is waited for. */
const STEP_MAX_MS = 30_000;
const signal = new AbortController().signal;

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Pids of the processes with exactly this command line. */
function running(command: string): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim() === command)
    .map(Number);
}

/** Waits without a pause: the steps of a start are far less than a timer apart. */
for (const sandbox of [true, false])
  describe(`a kill -9 of swarmd, ${sandbox ? "tasks in sandboxes" : "tasks without"}`, () => {
    let programs: string;
    let dir: string;
    let runtime: Runtime | null;
    let child: ChildProcess;
    let plan: CrashPlan;
    let runs = 0;
    /** A command line that no other process on this machine has. */
    let idle: string;

    before(async function () {
      if (sandbox) skipWhere(this, sandboxRefusal());
      programs = await mkdtemp(join(tmpdir(), "skep-crash-programs-"));
      await writeFile(join(programs, "package.json"), '{"type":"module"}');
      await build({
        entryPoints: ENTRIES,
        outdir: programs,
        bundle: true,
        platform: "node",
        format: "esm",
        target: "node20.11",
        logLevel: "error",
        external: ["dockerode", "tsx"],
        banner: {
          js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
        },
      });
    });

    after(() => programs && rm(programs, { recursive: true }));

    beforeEach(async () => {
      dir = realpathSync(await mkdtemp(join(tmpdir(), "skep-crash-")));
      idle = `sleep ${(sandbox ? 6_000 : 7_000) + runs++}.${process.pid}`;
      runtime = null;
    });

    afterEach(async () => {
      child.kill("SIGKILL");
      if (runtime) await adopt(runtime, []);
      await runtime?.close();
      await rm(dir, { recursive: true });
    });

    const file = (...names: string[]): string => join(dir, ...names);

    /** Starts a worker that starts `script` as task t1. */
    function start(script: string, test: readonly string[] = []): void {
      plan = { dir, sandbox, script, test, pids: existsSync("/sys/fs/cgroup/pids") ? 50 : 0 };
      const args = [join(programs, "crash-child.js"), JSON.stringify(plan)];
      child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    }

    /** Waits without a pause: the steps of a start are far less than a timer apart. */
    async function untilStep(what: string, isThere: () => boolean): Promise<void> {
      const until = systemClock.monotonic() + STEP_MAX_MS;
      while (!isThere()) {
        assert.ok(systemClock.monotonic() < until, `waited in vain for ${what}`);
        assert.equal(child.exitCode, null, `the worker ended before ${what}`);
        await setImmediate();
      }
    }

    async function said(line: string): Promise<void> {
      assert.ok(child.stdout);
      const [text] = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
      assert.equal(String(text), `${line}\n`);
    }

    /** The process that starts others for the worker; 0 while there is none. */
    function launcher(): number {
      const children = read(`/proc/${child.pid}/task/${child.pid}/children`).split(" ");
      return Number(
        children.find((pid) => read(`/proc/${pid}/cmdline`).includes("launch-entry")) ?? 0,
      );
    }

    async function kill(): Promise<void> {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    }

    /** What the swarmd after the killed one finds. */
    async function comeBack(known: readonly string[] = ["t1"]): Promise<TaskController> {
      const modules = { clock: systemClock, log: silentLog };
      runtime = await openProcessRuntime(
        { dir, node: NODE, sandbox, launchProcess: true },
        modules,
      );
      await runtime.adopt(new Set(known), signal);
      return runtime.controller(crashTask(plan), oneSecret);
    }

    /** What was given up for now is tried again, as an agent does. */
    async function persistently(step: () => Promise<void>): Promise<void> {
      await eventually(async () => {
        try {
          await step();
          return true;
        } catch (error) {
          if (!isRetryable(error)) throw error;
          return false;
        }
      });
    }

    function adopt(by: Runtime, known: readonly string[]): Promise<void> {
      return persistently(() => by.adopt(new Set(known), signal));
    }

    async function run(controller: TaskController): Promise<void> {
      await persistently(() => controller.prepare(signal));
      await persistently(() => controller.start(signal));
    }

    async function assertNothingLeft(): Promise<void> {
      assert.deepEqual(running(idle), []);
      const marked = await findMarked(dir);
      assert.deepEqual(
        marked.filter(({ taskId }) => taskId !== ""),
        [],
      );
      const places = ["records", "exits", "logs", "roots", "networks"].map((name) => file(name));
      for (const place of places.filter((path) => existsSync(path)))
        assert.deepEqual([place, readdirSync(place)], [place, []]);
      assert.equal(existsSync(join(payloadPath(dir), "t1")), false);
    }

    /** Steps of a start by what shows that they were reached. */
    const steps: Readonly<Record<string, () => boolean>> = {
      "the secrets are there": () => existsSync(join(payloadPath(dir), "t1")),
      ...(sandbox && {
        "a network is made": () => existsSync(file("networks", "t1")),
        "the hosts are written": () => existsSync(file("roots", "t1", "hosts")),
      }),
      "the process is about to start": () => existsSync(file("exits", "t1")),
      "the process is noted": () => existsSync(file("records", "t1.json")),
      "the program runs": () => running(idle).length > 0,
    };

    for (const [step, isThere] of Object.entries(steps)) {
      it(`while a task starts (${step}) has it run once, and nothing left of it`, async () => {
        start(`exec ${idle}`);
        await untilStep(step, isThere);
        await kill();
        const controller = await comeBack();
        await run(controller);
        await eventually(() => running(idle).length === 1);
        await persistently(() => controller.remove(signal));
        await assertNothingLeft();
      });

      // Without a sandbox there is nothing to find but processes.
      if (!sandbox) continue;
      it(`while a task starts that is known no more (${step}) leaves nothing`, async () => {
        start(`exec ${idle}`);
        await untilStep(step, isThere);
        await kill();
        await comeBack([]);
        await assertNothingLeft();
      });
    }

    it("has no second one started by what starts processes for it, however late", async () => {
      start(`exec ${idle}`);
      await untilStep("a launch process", () => launcher() > 0);
      const late = launcher();
      process.kill(late, "SIGSTOP");
      await kill();
      const controller = await comeBack();
      await run(controller);
      // It may have been ended where it stood.
      if (read(`/proc/${late}/stat`) !== "") process.kill(late, "SIGCONT");
      await eventually(() => running(idle).length > 0 && read(`/proc/${late}/stat`) === "");
      assert.equal(running(idle).length, 1);
    });

    const stops: Readonly<Record<string, () => boolean>> = {
      "its signal was heard": () => existsSync(file("heard")),
      "its secrets are gone": () => !existsSync(join(payloadPath(dir), "t1")),
      "its record is gone": () => !existsSync(file("records", "t1.json")),
    };

    for (const [step, isThere] of Object.entries(stops))
      it(`while a task is removed (${step}) leaves nothing of it`, async () => {
        start(
          `trap ": > ${file("heard")}" TERM; : > ${file("deaf")}; ${idle} & while :; do wait; done`,
        );
        await said("started");
        await untilStep("a trap", () => existsSync(file("deaf")));
        child.stdin?.write("remove\n");
        await untilStep(step, isThere);
        await kill();
        const controller = await comeBack();
        await controller.shutdown(signal);
        assert.deepEqual(running(idle), []);
        await persistently(() => controller.remove(signal));
        await assertNothingLeft();
      });

    it("ends a health check that hangs, and no other process of the task", async () => {
      start(`exec ${idle}`, ["CMD", ...`${idle}1`.split(" ")]);
      await untilStep("a probe", () => running(`${idle}1`).length > 0);
      await kill();
      await comeBack();
      assert.deepEqual([running(`${idle}1`).length, running(idle).length], [0, 1]);
    });

    it("keeps a task's log and its exit status to come", async () => {
      const flag = file("go");
      start(`echo before; until [ -e ${flag} ]; do sleep 0.02; done; echo after; exit 6`);
      await said("started");
      await kill();
      const controller = await comeBack();
      assert.notEqual((await controller.facts(signal))?.pid, 0);
      writeFileSync(flag, "");
      assert.equal((await controller.wait(signal)).code, 6);
      assert.deepEqual(await linesOf(controller), ["stdout before", "stdout after"]);
    });

    it("leaves a task that the next swarmd stops as it is told", async () => {
      start(`exec ${idle}`);
      await said("started");
      await kill();
      const controller = await comeBack();
      await controller.shutdown(signal);
      assert.equal((await controller.wait(signal)).code, 143);
    });

    it("of what starts processes for it, or of a task's outermost process, leaves nothing", async () => {
      start(`exec ${idle}`);
      await said("started");
      process.kill(launcher(), "SIGKILL");
      await kill();
      const controller = await comeBack();
      const record = JSON.parse(read(file("records", "t1.json"))) as { readonly pid: number };
      const { init } = programOf(record.pid) ?? { init: record.pid };
      process.kill(init, "SIGKILL");
      assert.equal((await controller.wait(signal)).code, 137);
      assert.deepEqual(running(idle), []);
      await persistently(() => controller.remove(signal));
      await assertNothingLeft();
    });
  });
