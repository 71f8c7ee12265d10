import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../../lib/clock.ts";
import { isSwarmError, SwarmError } from "../../../../lib/errors.ts";
import { silentLog } from "../../../../lib/log.ts";
import { eventually } from "../../../fakes/eventually.ts";
import type { Launched, Launcher } from "../../../../worker/runtime/process/launch.ts";
import { bootId, readStat, TASK_MARK } from "../../../../worker/runtime/process/proc.ts";
import { WORKER_MARK } from "../../../../worker/runtime/process/proc.ts";
import { ProcessTable } from "../../../../worker/runtime/process/process-table.ts";

const LINE = { argv: ["true"], env: {} };
const OUTPUT = { stdout: "/dev/null", stderr: "/dev/null" };

/** A launcher that tells what a test wants, instead of starting anything. */
class ScriptedLauncher implements Launcher {
  launches = 0;
  answer: () => Promise<Launched> = () => Promise.reject(new Error("no start is expected"));

  launch(): Promise<Launched> {
    this.launches++;
    return this.answer();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Fails when the process was signalled: whatever is on its way to it has come when it sleeps. */
async function assertRuns({ pid = 0 }: ChildProcess): Promise<void> {
  const state = await eventually("the process sleeps or has ended", () => {
    const now = readStat(pid)?.state ?? "gone";
    return ["S", "Z", "gone"].includes(now) && now;
  });
  assert.equal(state, "S");
}

describe("table of processes", () => {
  const never = new Promise<never>(() => {});
  let dir: string;
  let launcher: ScriptedLauncher;
  let table: ProcessTable;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-table-"));
    launcher = new ScriptedLauncher();
    const modules = { clock: systemClock, log: silentLog, launcher, onEnded: () => {} };
    table = new ProcessTable({ dir, worker: dir, mayEscape: false }, modules);
  });

  afterEach(async () => {
    table.close();
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await rm(dir, { recursive: true });
  });

  /** A process that leads a session and a group, as a task's does. */
  async function sleeper(env: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
    const child = spawn("/bin/sleep", ["1000"], { detached: true, env, stdio: "ignore" });
    children.push(child);
    await once(child, "spawn");
    return child;
  }

  function launchedAs(child: ChildProcess, startTime: number, ended: Launched["ended"]): Launched {
    const record = { taskId: "t1", pid: child.pid ?? 0, startTime, bootId: bootId() };
    return { record, started: Promise.resolve(), ended };
  }

  it("signals nobody who has a task's pid by now, neither to stop it nor to clear up", async () => {
    const stranger = await sleeper();
    let end: (code: number) => void = () => {};
    const ended = new Promise<number>((resolve) => (end = resolve));
    // Of a process with that pid that began at another time.
    launcher.answer = async () => launchedAs(stranger, 1, ended);
    await table.start("t1", LINE, OUTPUT);
    for (const signal of ["SIGTERM", "SIGKILL"] as const) table.signal("t1", signal);
    writeFileSync(join(dir, "exits", "t1"), "3\n");
    end(3);
    assert.equal((await table.ended("t1")).code, 3);
    await assertRuns(stranger);
  });

  it("leaves alone who has the pid of a process that was adopted and is gone", async () => {
    const stranger = await sleeper();
    launcher.answer = async () => launchedAs(stranger, 1, Promise.resolve(null));
    await table.start("t1", LINE, OUTPUT);
    writeFileSync(join(dir, "exits", "t1"), "4\n");
    assert.equal((await table.ended("t1")).code, 4);
    await assertRuns(stranger);
  });

  it("goes on with a process that nobody can tell any more whether its program runs", async () => {
    const child = await sleeper();
    const { startTime = 0 } = readStat(child.pid ?? 0) ?? {};
    launcher.answer = async () => ({
      ...launchedAs(child, startTime, Promise.resolve(null)),
      started: never,
    });
    await table.start("t1", LINE, OUTPUT);
    assert.equal(table.pid("t1"), child.pid);
    table.signal("t1", "SIGKILL");
    assert.equal((await table.ended("t1")).code, 137);
  });

  it("starts nothing twice when a start that was given up shows only later", async () => {
    launcher.answer = () => Promise.reject(new SwarmError("aborted", "the launcher has died"));
    await assert.rejects(table.start("t1", LINE, OUTPUT), (error) =>
      isSwarmError(error, "aborted"),
    );
    const late = await sleeper({ [TASK_MARK]: "t1", [WORKER_MARK]: dir });
    await table.start("t1", LINE, OUTPUT);
    assert.deepEqual([table.pid("t1"), launcher.launches], [late.pid, 1]);
  });

  it("takes a record that a loss of power has cut off for that of an ended process", async () => {
    writeFileSync(join(dir, "records", "t1.json"), "");
    writeFileSync(join(dir, "records", "t2.json"), '{"taskId":"t2","pi');
    assert.deepEqual(await table.adopt(new Set(["t1"])), ["t2"]);
    assert.equal((await table.ended("t1")).code, 137);
  });

  it("ends first, at its start, what served a swarmd that has died", async () => {
    const helper = await sleeper({ [WORKER_MARK]: dir });
    const others = await sleeper({ [WORKER_MARK]: `${dir}-other` });
    const exit = once(helper, "exit");
    await table.adopt(new Set());
    await exit;
    await assertRuns(others);
  });
});
