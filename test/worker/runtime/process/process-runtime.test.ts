import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { linked } from "../../../../lib/abort.ts";
import { systemClock } from "../../../../lib/clock.ts";
import { isSwarmError } from "../../../../lib/errors.ts";
import { silentLog } from "../../../../lib/log.ts";
import { sandboxRefusal } from "../../../../worker/runtime/process/sandbox.ts";
import { make } from "../../../../proto/codec.ts";
import type { Runtime, TaskController, TaskFiles } from "../../../../worker/runtime/runtime.ts";
import { processTree } from "../../../../worker/runtime/process/inside.ts";
import { COMMAND_MARK, readStat } from "../../../../worker/runtime/process/proc.ts";
import { openProcessRuntime } from "../../../../worker/runtime/process/process-runtime.ts";
import { payloadPath } from "../../../../worker/runtime/payload-dir.ts";
import { containerTask, noFiles, processTask } from "../tasks.ts";
import { eventually, linesOf } from "../wait.ts";
import { skipWhere } from "../../../skip-where.ts";

const NODE = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };
/** Many tasks wait under it at a time. */
const { signal } = linked(new AbortController().signal);

/** Whether a process with these arguments is there, in whatever pid namespace. */
function runs(args: string): boolean {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => commandOf(pid) === args);
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

for (const sandbox of [true, false])
  describe(sandbox ? "process runtime" : "process runtime without namespaces", () => {
    let dir: string;
    let runtime: Runtime;
    const started: TaskController[] = [];

    const open = (): Promise<Runtime> =>
      openProcessRuntime({ dir, node: NODE, sandbox }, { clock: systemClock, log: silentLog });

    before(function () {
      if (sandbox) skipWhere(this, sandboxRefusal());
    });

    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), "skep-process-"));
      runtime = await open();
      await runtime.adopt(new Set(), signal);
    });

    afterEach(async () => {
      for (const controller of started.splice(0)) await controller.remove(signal);
      await runtime.close();
      await rm(dir, { recursive: true });
    });

    async function run(id: string, ...command: string[]): Promise<TaskController> {
      const controller = runtime.controller(processTask(id, { command }), noFiles);
      started.push(controller);
      await controller.prepare(signal);
      await controller.start(signal);
      return controller;
    }

    async function output(controller: TaskController): Promise<string[]> {
      await controller.wait(signal);
      return linesOf(controller, { follow: true });
    }

    it("gives a task its own environment, directory and arguments", async () => {
      const task = processTask("t1", {
        command: ["sh", "-c", 'echo "$NAME|$1|$(pwd)|$HOME|${PATH:+path}"', "x", "{{.Kept}}"],
        env: ["NAME={{.Service.Name}}@{{.Node.Hostname}}"],
        dir: "/tmp",
      });
      const controller = runtime.controller(task, noFiles);
      started.push(controller);
      await controller.prepare(signal);
      await controller.start(signal);
      assert.deepEqual(await output(controller), ["stdout web@host-a|{{.Kept}}|/tmp||path"]);
    });

    it("lets the event loop turn while it starts many", async () => {
      const count = 20;
      let turns = 0;
      let busy = true;
      const turn = (): void => {
        turns++;
        if (busy) setImmediate(turn);
      };
      setImmediate(turn);
      await Promise.all(Array.from({ length: count }, (_, i) => run(`t${i}`, "true")));
      busy = false;
      assert.ok(turns >= count / 2, `${turns} turns for ${count} starts`);
    });

    it("has namespaces of its own, or none", async () => {
      const names = ["mnt", "uts", "ipc", "pid"];
      const links = names.map((name) => `/proc/self/ns/${name}`);
      const lines = await output(await run("t1", "readlink", ...links));
      assert.equal(lines.length, names.length);
      for (const [i, line] of lines.entries())
        assert.equal(line !== `stdout ${readlinkSync(links[i] ?? "")}`, sandbox, line);
    });

    it("tells how a program ended", async () => {
      assert.equal((await (await run("t0", "true")).wait(signal)).code, 0);
      assert.equal((await (await run("t3", "sh", "-c", "exit 3")).wait(signal)).code, 3);
      const killed = await run("t9", "sh", "-c", "kill -9 $$");
      assert.equal((await killed.wait(signal)).code, 137);
      assert.deepEqual(await killed.facts(signal), {
        containerId: "",
        pid: 0,
        exitCode: 137,
        ports: [],
        networkNamespace: "",
      });
    });

    it("keeps both streams, and an unfinished last line", async () => {
      const lines = await output(await run("t1", "sh", "-c", "echo a; echo b >&2; printf c"));
      assert.deepEqual(lines.toSorted(), ["stderr b", "stdout a", "stdout c"]);
    });

    it("ends a followed log with the task, however it ends", async () => {
      const finished = await run("t1", "echo", "one");
      assert.deepEqual(await linesOf(finished, { follow: true }), ["stdout one"]);
      const stopped = await run("t2", "sleep", "1000");
      const lines = linesOf(stopped, { follow: true });
      await stopped.shutdown(signal);
      assert.deepEqual(await lines, []);
      const early = linesOf(stopped, { follow: true });
      await stopped.remove(signal);
      const late = linesOf(stopped, { follow: true, tail: 5 });
      await stopped.remove(signal);
      assert.deepEqual([await early, await late], [[], []]);
      assert.equal(existsSync(join(dir, "logs", "t2.out")), false);
    });

    it("starts in a session of its own", async () => {
      const controller = await run("t1", "sleep", "1000");
      const facts = await controller.facts(signal);
      const stat = readStat(facts?.pid ?? 0);
      assert.notEqual(stat?.session, readStat(process.pid)?.session);
      assert.equal(stat?.session, stat?.group);
    });

    it("does nothing when asked to start again", async () => {
      const controller = await run("t1", "sleep", "1000");
      const before = await controller.facts(signal);
      await controller.start(signal);
      const again = runtime.controller(processTask("t1", { command: ["sleep", "1000"] }), noFiles);
      await again.start(signal);
      assert.deepEqual(await again.facts(signal), before);
    });

    it("stops with the stop signal and reports the program's own status", async () => {
      const script = 'trap "exit 7" USR1; echo up; while :; do sleep 0.01; done';
      const task = processTask("t1", { command: ["sh", "-c", script], stopSignal: "usr1" });
      const controller = runtime.controller(task, noFiles);
      started.push(controller);
      await controller.start(signal);
      await eventually(async () => (await linesOf(controller)).length === 1);
      await controller.shutdown(signal);
      assert.equal((await controller.wait(signal)).code, 7);
    });

    it("does not lose a stop signal that comes right after the start", async () => {
      for (let i = 0; i < 20; i++) {
        const controller = await run(`t${i}`, "sleep", "1000");
        await controller.shutdown(signal);
        assert.equal((await controller.wait(signal)).code, 143);
      }
    });

    it("kills the whole group after the grace period", async () => {
      const script = 'trap "" TERM; (trap "" TERM; sleep 1001) & echo up; wait';
      const task = processTask("t1", {
        command: ["sh", "-c", script],
        stopGracePeriodNs: { value: 50e6 },
      });
      const controller = runtime.controller(task, noFiles);
      started.push(controller);
      await controller.start(signal);
      await eventually(async () => (await linesOf(controller)).length === 1);
      await eventually(() => runs("sleep 1001"));
      await controller.shutdown(signal);
      assert.equal((await controller.wait(signal)).code, 137);
      await eventually(() => !runs("sleep 1001"));
    });

    it("leaves no process of a group whose leader has ended", async () => {
      const controller = await run("t1", "sh", "-c", "sleep 1002 & echo up");
      await output(controller);
      await eventually(() => !runs("sleep 1002"));
    });

    it("goes on with a task after a restart, and knows its status though it was away", async () => {
      const flag = join(dir, "go");
      const controller = await run(
        "t1",
        "sh",
        "-c",
        `echo one; until [ -e ${flag} ]; do sleep 0.02; done; echo two; exit 5`,
      );
      const before = await controller.facts(signal);
      await runtime.close();
      runtime = await open();
      await runtime.adopt(new Set(["t1"]), signal);
      const again = runtime.controller(processTask("t1", { command: ["sh"] }), noFiles);
      started.splice(0, 1, again);
      assert.equal((await again.facts(signal))?.pid, before?.pid);
      await writeFile(flag, "");
      assert.equal((await again.wait(signal)).code, 5);
      assert.deepEqual(await linesOf(again, { follow: true }), ["stdout one", "stdout two"]);
    });

    it("ends what it does not know at start, and deletes its files", async () => {
      const controller = await run("t1", "sleep", "1000");
      const pid = (await controller.facts(signal))?.pid ?? 0;
      await runtime.close();
      runtime = await open();
      await runtime.adopt(new Set(["other"]), signal);
      await eventually(async () => (readStat(pid)?.state ?? "Z") === "Z");
      assert.equal(existsSync(join(dir, "records", "t1.json")), false);
      assert.equal(existsSync(join(dir, "logs", "t1.out")), false);
      started.splice(0);
    });

    it("takes over a process whose record was not written any more", async () => {
      const controller = await run("t1", "sleep", "1000");
      const pid = (await controller.facts(signal))?.pid;
      await rm(join(dir, "records", "t1.json"));
      await runtime.close();
      runtime = await open();
      await runtime.adopt(new Set(["t1"]), signal);
      const again = runtime.controller(processTask("t1", { command: ["sleep"] }), noFiles);
      started.splice(0, 1, again);
      assert.equal((await again.facts(signal))?.pid, pid);
    });

    it("ends commands that an earlier swarmd ran in a task, and does not take them for it", async () => {
      const controller = await run("t1", "sleep", "1000");
      const pid = (await controller.facts(signal))?.pid ?? 0;
      const environ = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean);
      const env = Object.fromEntries(environ.map((entry) => entry.split(/=(.*)/s, 2)));
      // A session of its own, whose starter has ended.
      const script = 'setsid sh -c "sleep 1000; true" & echo $!';
      const starter = spawn("sh", ["-c", script], { env: { ...env, [COMMAND_MARK]: "1" } });
      let told = "";
      for await (const chunk of starter.stdout.iterator({ destroyOnReturn: false })) {
        told += String(chunk);
        if (told.endsWith("\n")) break;
      }
      const lost = Number(told);
      starter.stdout.destroy();
      const mine = await controller
        .reach()
        .exec(
          { command: ["sleep", "1000"], env: [], user: "", dir: "", stdin: false, terminal: null },
          signal,
        );
      await eventually(() => readStat(lost)?.session === lost && processTree(lost).length === 2);
      const [, child] = processTree(lost);
      await rm(join(dir, "records", "t1.json"));
      await runtime.close();
      runtime = await open();
      await runtime.adopt(new Set(["t1"]), signal);
      for (const gone of [lost, child?.pid ?? 0])
        await eventually(() => (readStat(gone)?.state ?? "Z") === "Z");
      const again = runtime.controller(processTask("t1", { command: ["sleep"] }), noFiles);
      started.splice(0, 1, again);
      assert.equal((await again.facts(signal))?.pid, pid);
      // One that somebody still waits for goes on.
      await mine.signal("SIGTERM");
      assert.equal(await mine.wait(signal), 143);
    });

    it("does not take another process for the task's when its pid was used again", async () => {
      const stranger = spawn("sleep", ["1000"]);
      await (await run("t1", "true")).wait(signal);
      await runtime.close();
      const path = join(dir, "records", "t1.json");
      const record = JSON.parse(readFileSync(path, "utf8"));
      await writeFile(path, JSON.stringify({ ...record, pid: stranger.pid }));
      runtime = await open();
      await runtime.adopt(new Set(["t1"]), signal);
      const again = runtime.controller(processTask("t1", { command: ["sleep"] }), noFiles);
      await again.remove(signal);
      assert.equal(readStat(stranger.pid ?? 0)?.state, "S");
      stranger.kill();
      started.splice(0);
    });

    const healthOf = (script: string, retries: number) =>
      make("HealthConfig", { test: ["CMD-SHELL", script], intervalNs: 20e6, retries });

    it("is started only when healthy", async () => {
      const flag = join(dir, "healthy");
      const healthcheck = healthOf(`test -e ${flag}`, 1_000);
      const task = processTask("t1", { command: ["sleep", "1000"], healthcheck });
      const controller = runtime.controller(task, noFiles);
      started.push(controller);
      let done = false;
      const start = controller.start(signal).then(() => {
        done = true;
      });
      await eventually(async () => (await controller.facts(signal)) !== null);
      assert.equal(done, false);
      await writeFile(flag, "");
      await start;
    });

    it("fails to start when it gets unhealthy or ends before it is healthy", async () => {
      const check = (script: string, more: object = {}) => ({
        command: ["sleep", "1000"],
        healthcheck: { ...healthOf(script, 2), ...more },
      });
      const ended = { command: ["sh", "-c", "exit 3"], healthcheck: healthOf("sleep 1000", 9) };
      for (const [id, spec, text] of [
        ["t1", check("exit 3"), /^unhealthy process: its check exited with 3$/],
        ["t3", check("echo no >&2; echo database >&2; false"), /^unhealthy process: no database$/],
        ["t4", check("yes | head -c 9999999; false"), /^unhealthy process: (y ){99}y ?$/],
        ["t5", check("sleep 1000", { timeoutNs: 20e6 }), /: its check took longer than 20 ms$/],
        ["t2", ended, /non-zero exit \(3\)/],
      ] as const) {
        const controller = runtime.controller(processTask(id, spec), noFiles);
        started.push(controller);
        await assert.rejects(controller.start(signal), { message: text });
        assert.equal((await controller.facts(signal))?.pid, 0);
      }
    });

    it("fails when it gets unhealthy later, whatever it exits with", async () => {
      const flag = join(dir, "sick");
      const script = 'trap "exit 0" TERM; while :; do sleep 0.01; done';
      const healthcheck = healthOf(`echo is it?; test ! -e ${flag}`, 1);
      const task = processTask("t1", { command: ["sh", "-c", script], healthcheck });
      const controller = runtime.controller(task, noFiles);
      started.push(controller);
      await controller.start(signal);
      await writeFile(flag, "");
      assert.deepEqual(await controller.wait(signal), {
        code: 0,
        error: "unhealthy process: is it?",
      });
    });

    it("gives secrets and configs as files of their own mode, and deletes them", async () => {
      const spec = make("SecretSpec", { data: Buffer.from("pa{{.Task.Slot}}ss") });
      const templated = { ...spec, templating: make("Driver", { name: "golang" }) };
      const files: TaskFiles = {
        ...noFiles,
        secret: (id) =>
          make("Secret", { id, spec: id === "s2" ? make("SecretSpec", templated) : spec }),
        config: (id) =>
          make("Config", { id, spec: make("ConfigSpec", { data: Buffer.from("conf") }) }),
      };
      const target = (name: string, mode = 0) =>
        make("FileTarget", { name, mode, uid: "0", gid: "0" });
      const task = processTask("t1", {
        command: ["sh", "-c", "cd $SKEP_SECRETS_DIR; cat a; echo; cat b/c; stat -c %a a . b/c"],
        secrets: [
          make("SecretReference", { secretId: "s1", file: target("a", 0o400) }),
          make("SecretReference", { secretId: "s2", file: target("/b/c") }),
        ],
        configs: [make("ConfigReference", { configId: "c1", target: "file", file: target("d") })],
      });
      const controller = runtime.controller(task, files);
      started.push(controller);
      await controller.prepare(signal);
      await controller.start(signal);
      assert.deepEqual(await output(controller), [
        "stdout pa{{.Task.Slot}}ss",
        "stdout pa3ss400",
        "stdout 700",
        "stdout 444",
      ]);
      await controller.remove(signal);
      assert.equal(existsSync(payloadPath(dir)), false);
    });

    it("runs as another user, who alone can read the secrets, where it is set apart", async () => {
      if (!sandbox) return;
      const target = make("FileTarget", { name: "a", mode: 0o400, uid: "nobody", gid: "nogroup" });
      const task = processTask("t1", {
        command: ["sh", "-c", "echo $(id -un):$(id -gn) $(cat $SKEP_SECRETS_DIR/a); exit 4"],
        user: "nobody:nogroup",
        secrets: [make("SecretReference", { secretId: "s1", file: target })],
      });
      const spec = make("SecretSpec", { data: Buffer.from("pass") });
      const files: TaskFiles = { ...noFiles, secret: (id) => make("Secret", { id, spec }) };
      const controller = runtime.controller(task, files);
      started.push(controller);
      await controller.prepare(signal);
      await controller.start(signal);
      assert.equal((await controller.wait(signal)).code, 4);
      assert.deepEqual(await linesOf(controller), ["stdout nobody:nogroup pass"]);
    });

    it("waits for a secret that has not come yet", async () => {
      const secrets = [
        make("SecretReference", { secretId: "s1", file: make("FileTarget", { name: "a" }) }),
      ];
      const controller = runtime.controller(
        processTask("t1", { command: ["true"], secrets }),
        noFiles,
      );
      await assert.rejects(controller.prepare(signal), (error) =>
        isSwarmError(error, "unavailable"),
      );
    });

    const refused = [
      ["an unknown user", { command: ["true"], user: "nobody-like-this" }, "invalid"],
      ["a relative directory", { command: ["true"], dir: "x" }, "invalid"],
      ["an unknown stop signal", { command: ["true"], stopSignal: "SIGNOPE" }, "invalid"],
      ["no command", { command: [] }, "invalid"],
      ["a template of an unknown field", { command: ["true"], env: ["A={{.B}}"] }, "invalid"],
    ] as const;
    for (const [what, spec, code] of refused) {
      it(`refuses ${what} before it starts`, async () => {
        const controller = runtime.controller(processTask("t1", spec), noFiles);
        await assert.rejects(controller.prepare(signal), (error) => isSwarmError(error, code));
      });
    }

    it("fails to start a program that is not there", async () => {
      const controller = runtime.controller(processTask("t1", { command: ["nope-nope"] }), noFiles);
      await controller.prepare(signal);
      await assert.rejects(controller.start(signal), /executable "nope-nope" not found in \$PATH/);
    });

    it("refuses a container", () => {
      assert.throws(
        () => runtime.controller(containerTask("t1", { image: "nginx" }), noFiles),
        (error) => isSwarmError(error, "failed-precondition"),
      );
    });
  });
