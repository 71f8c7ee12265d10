import assert from "node:assert/strict";
import { isRetryable, isSwarmError } from "../../lib/errors.ts";
import { make } from "../../proto/codec.ts";
import type { SecretReference, Task } from "../../proto/generated.ts";
import type { Runtime, TaskController, TaskFiles } from "../../worker/runtime/runtime.ts";
import { noFiles, taskOf } from "../worker/runtime/tasks.ts";
import { eventually, linesOf } from "../worker/runtime/wait.ts";

/** What a task's program does; every runtime has its own way to say it. */
export type Program =
  /** Runs until it is told to stop. */
  | { readonly does: "idle" }
  /** Prints lines, then ends. */
  | { readonly does: "print"; readonly out: readonly string[]; readonly err: readonly string[] }
  /** Ends with a status when {@link Machine.release} is called for the task, or at once. */
  | { readonly does: "exit"; readonly code: number; readonly when: "started" | "released" }
  /** Prints a line, from when on it does not hear the stop signal. */
  | { readonly does: "ignore-stop" }
  /** Is never healthy. */
  | { readonly does: "sick" }
  /** Is not there. */
  | { readonly does: "miss" };

/** A machine that tasks run on. It outlives the runtimes that are opened on it. */
export interface Machine {
  /** Opens a runtime, as a swarmd that starts does; the suite adopts and closes. */
  open(): Promise<Runtime>;
  /** A task with that program; it reads the given secrets. */
  task(id: string, program: Program, secrets: readonly SecretReference[]): Task;
  /** Lets a program that waits for it end. */
  release(taskId: string): Promise<void>;
  /** Frees what the machine holds; the suite has removed all tasks. */
  close(): Promise<void>;
}

const signal = new AbortController().signal;

/** Whether `error` ends a task: the step is not tried again. */
function isFinal(error: unknown): boolean {
  return isSwarmError(error) && !isRetryable(error);
}

/**
 * What every runtime promises the agent, whatever it runs tasks with. `setUp` makes a machine of its
 * own for each spec.
 */
export function runtimeCompliance(name: string, setUp: () => Promise<Machine>): void {
  describe(`${name}: what every runtime promises`, () => {
    let machine: Machine;
    let runtime: Runtime;

    beforeEach(async () => {
      machine = await setUp();
      runtime = await machine.open();
      await runtime.adopt(new Set(), signal);
    });

    afterEach(async () => {
      await runtime.adopt(new Set(), signal);
      await runtime.close();
      await machine.close();
    });

    function controllerOf(
      id: string,
      program: Program,
      files: TaskFiles = noFiles,
    ): TaskController {
      return runtime.controller(machine.task(id, program, []), files);
    }

    async function run(id: string, program: Program): Promise<TaskController> {
      const controller = controllerOf(id, program);
      await controller.prepare(signal);
      await controller.start(signal);
      return controller;
    }

    async function restart(known: readonly string[]): Promise<void> {
      await runtime.close();
      runtime = await machine.open();
      await runtime.adopt(new Set(known), signal);
    }

    it("describes what it offers", async () => {
      const found = await runtime.describe(signal);
      assert.ok(found.runtimes.length > 0 && found.runtimes.every((word) => word !== ""));
      assert.notEqual(found.architecture, "");
      assert.equal(found.os, "linux");
      assert.ok(found.resources.nanoCpus > 0 && found.resources.memoryBytes > 0);
    });

    it("prepares without starting, as often as asked", async () => {
      const controller = controllerOf("t1", { does: "idle" });
      await controller.prepare(signal);
      await controller.prepare(signal);
      assert.equal(await controller.facts(signal), null);
    });

    it("starts once, however often and by whomever it is asked", async () => {
      const controller = await run("t1", { does: "idle" });
      const before = await controller.facts(signal);
      assert.ok((before?.pid ?? 0) > 0);
      await controller.start(signal);
      const other = controllerOf("t1", { does: "idle" });
      await other.prepare(signal);
      await other.start(signal);
      assert.deepEqual(await other.facts(signal), before);
    });

    for (const code of [0, 3])
      it(`tells the exit status ${code}, again and again`, async () => {
        const controller = await run("t1", { does: "exit", code, when: "started" });
        assert.deepEqual(await controller.wait(signal), { code, error: "" });
        assert.deepEqual(await controller.wait(signal), { code, error: "" });
        const facts = await controller.facts(signal);
        assert.deepEqual([facts?.pid, facts?.exitCode], [0, code]);
      });

    it("waits as long as the task runs, and lets a waiter go that gives up", async () => {
      const controller = await run("t1", { does: "exit", code: 5, when: "released" });
      const ended = new AbortController();
      const waiting = controller.wait(ended.signal);
      const reason = new Error("the agent has other plans");
      ended.abort(reason);
      await assert.rejects(waiting, (error) => error === reason);
      assert.ok(((await controller.facts(signal))?.pid ?? 0) > 0);
      await machine.release("t1");
      assert.equal((await controller.wait(signal)).code, 5);
    });

    it("stops a task, once or more, running or never started", async () => {
      const controller = await run("t1", { does: "idle" });
      await controller.shutdown(signal);
      assert.equal((await controller.facts(signal))?.pid, 0);
      assert.notEqual((await controller.wait(signal)).code, 0);
      await controller.shutdown(signal);
      const idle = controllerOf("t2", { does: "idle" });
      await idle.shutdown(signal);
      await idle.prepare(signal);
      await idle.shutdown(signal);
    });

    it("kills what does not stop within its grace period", async () => {
      const controller = await run("t1", { does: "ignore-stop" });
      await eventually(async () => (await linesOf(controller)).length === 1);
      await controller.shutdown(signal);
      assert.equal((await controller.wait(signal)).code, 137);
    });

    it("removes a task in any state, and knows nothing of it afterwards", async () => {
      const running = await run("t1", { does: "idle" });
      const ended = await run("t2", { does: "exit", code: 0, when: "started" });
      await ended.wait(signal);
      const prepared = controllerOf("t3", { does: "idle" });
      await prepared.prepare(signal);
      const fresh = controllerOf("t4", { does: "idle" });
      for (const controller of [running, ended, prepared, fresh, running]) {
        await controller.remove(signal);
        assert.equal(await controller.facts(signal), null);
      }
    });

    it("keeps both streams, and gives the last lines only where asked", async () => {
      const out = ["one", "two", "three"];
      const controller = await run("t1", { does: "print", out, err: ["four"] });
      await controller.wait(signal);
      const lines = await linesOf(controller, { follow: true });
      assert.deepEqual(
        lines.filter((line) => line.startsWith("stdout")),
        ["stdout one", "stdout two", "stdout three"],
      );
      assert.deepEqual(await linesOf(controller, { stdout: false }), ["stderr four"]);
      const quiet = await run("t2", { does: "print", out, err: [] });
      await quiet.wait(signal);
      const last = await linesOf(quiet, { follow: true, tail: 2 });
      assert.deepEqual(last, ["stdout two", "stdout three"]);
    });

    it("ends a followed log with its task", async () => {
      const controller = await run("t1", { does: "idle" });
      const lines = linesOf(controller, { follow: true });
      await controller.shutdown(signal);
      assert.deepEqual(await lines, []);
    });

    it("finds a running task again after a restart, and does not touch it", async () => {
      const before = await (
        await run("t1", { does: "exit", code: 4, when: "released" })
      ).facts(signal);
      await restart(["t1"]);
      const controller = controllerOf("t1", { does: "exit", code: 4, when: "released" });
      await controller.start(signal);
      assert.equal((await controller.facts(signal))?.pid, before?.pid);
      await machine.release("t1");
      assert.equal((await controller.wait(signal)).code, 4);
    });

    it("knows after a restart how a task ended meanwhile", async () => {
      const program: Program = { does: "exit", code: 6, when: "released" };
      await run("t1", program);
      await runtime.close();
      await machine.release("t1");
      runtime = await machine.open();
      await runtime.adopt(new Set(["t1"]), signal);
      assert.equal((await controllerOf("t1", program).wait(signal)).code, 6);
    });

    it("ends and removes after a restart what nobody knows", async () => {
      await run("t1", { does: "idle" });
      await run("t2", { does: "idle" });
      await restart(["t2"]);
      assert.equal(await controllerOf("t1", { does: "idle" }).facts(signal), null);
      assert.ok(((await controllerOf("t2", { does: "idle" }).facts(signal))?.pid ?? 0) > 0);
    });

    it("fails for good when the program cannot run or is not healthy, and leaves nothing", async () => {
      for (const [id, program] of [
        ["t1", { does: "miss" }],
        ["t2", { does: "sick" }],
      ] as const) {
        const controller = controllerOf(id, program);
        await assert.rejects(run(id, program), isFinal);
        await eventually(async () => ((await controller.facts(signal))?.pid ?? 0) === 0);
      }
    });

    it("asks to be tried again while a secret has not come, and reads no other", async () => {
      const secret = make("SecretReference", {
        secretId: "s1",
        secretName: "s1",
        file: make("FileTarget", { name: "s1", uid: "0", gid: "0", mode: 0o444 }),
      });
      const task = machine.task("t1", { does: "idle" }, [secret]);
      const early = runtime.controller(task, noFiles);
      await assert.rejects(early.prepare(signal), (error) => isRetryable(error));
      const asked: string[] = [];
      const files: TaskFiles = {
        ...noFiles,
        secret: (id) => {
          asked.push(id);
          return make("Secret", { id, spec: make("SecretSpec", { data: Buffer.from("x") }) });
        },
      };
      const late = runtime.controller(task, files);
      await late.prepare(signal);
      await late.start(signal);
      assert.deepEqual([...new Set(asked)], ["s1"]);
    });

    it("refuses at once a task of a kind that it does not run", () => {
      const spec = make("TaskSpec", { runtime: "attachment", attachment: { containerId: "x" } });
      assert.throws(() => runtime.controller(taskOf("t1", { spec }), noFiles), isFinal);
    });
  });
}
