import assert from "node:assert/strict";
import { isSwarmError } from "../../../lib/errors.ts";
import type { ExecRequest, ExecSession, OutputChunk } from "../../../worker/runtime/reach.ts";
import type { TaskController } from "../../../worker/runtime/runtime.ts";
import { eventually } from "./wait.ts";

const { signal } = new AbortController();

/** What a runtime's own suite knows of it. */
export interface ReachSubject {
  /** Starts a task that runs `sh -c script` with `COLOUR=green` in its environment, in /tmp. */
  start(script: string): Promise<TaskController>;
  /** Words that run stty in a task. */
  readonly stty: string;
}

const REQUEST: ExecRequest = {
  command: [],
  env: [],
  user: "",
  dir: "",
  stdin: false,
  terminal: null,
};

/** What a command prints and how it ends. */
export interface ExecResult {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

async function finish(session: ExecSession): Promise<ExecResult> {
  const texts: Record<OutputChunk["stream"], Buffer[]> = { stdout: [], stderr: [] };
  for await (const { stream, data } of session.output) texts[stream].push(Buffer.from(data));
  const code = await session.wait(signal);
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString();
  return { out: text(texts.stdout), err: text(texts.stderr), code };
}

/** Adds the tests that the ways into a task of every runtime pass. */
export function itCanBeReached(subject: () => ReachSubject): void {
  let task: TaskController;

  const exec = (
    command: readonly string[],
    more: Partial<ExecRequest> = {},
  ): Promise<ExecSession> => task.reach().exec({ ...REQUEST, command, ...more }, signal);

  const shell = async (script: string, more: Partial<ExecRequest> = {}): Promise<ExecResult> =>
    finish(await exec(["sh", "-c", script], more));

  const start = async (script = "sleep 600"): Promise<void> => {
    task = await subject().start(script);
  };

  it("runs a command with the task's environment in its directory", async () => {
    await start();
    const script = 'echo "$COLOUR $MORE $(pwd)"; echo wrong >&2; exit 7';
    const result = await shell(script, { env: ["MORE=of it"] });
    assert.deepEqual(result, { out: "green of it /tmp\n", err: "wrong\n", code: 7 });
    assert.equal((await shell("pwd", { dir: "/" })).out, "/\n");
    await assert.rejects(
      async () => {
        const { code } = await shell("pwd", { dir: "/nosuch" });
        assert.notEqual(code, 0);
        throw Object.assign(new Error(), { code: "invalid" });
      },
      { code: "invalid" },
    );
  });

  it("feeds a command and tells it the end of its input", async () => {
    await start();
    const session = await exec(["cat"], { stdin: true });
    session.input.write("one ");
    session.input.end("two");
    assert.deepEqual(await finish(session), { out: "one two", err: "", code: 0 });
    assert.equal((await finish(await exec(["cat"]))).out, "", "without input it reads the end");
  });

  it("tells by the exit status what there is no such command for", async () => {
    await start();
    assert.equal((await finish(await exec(["nosuch"]))).code, 127);
    assert.equal((await finish(await exec(["/tmp"]))).code, 126);
    assert.equal((await shell("kill -9 $$")).code, 137);
  });

  it("gives a command a terminal of the size that is wanted", async () => {
    await start();
    const terminal = { rows: 50, columns: 132 };
    const { stty } = subject();
    const script = `test -t 0 && test -t 1 && echo terminal; read line; ${stty} size; exit 5`;
    const session = await exec(["sh", "-c", script], { stdin: true, terminal });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { data } of session.output) seen.push(Buffer.from(data).toString());
    })();
    await eventually(() => seen.join("").includes("terminal"));
    await session.resize({ rows: 40, columns: 100 });
    session.input.write("go\r");
    await reading;
    assert.match(seen.join(""), /40 100/);
    assert.equal(await session.wait(signal), 5);
  });

  it("passes a signal to the command", async () => {
    await start();
    const script = 'trap "echo caught; exit 9" INT; echo ready; while :; do sleep 0.1; done';
    const session = await exec(["sh", "-c", script]);
    let text = "";
    for await (const { data } of session.output) {
      text += Buffer.from(data).toString();
      if (text === "ready\n") await session.signal("SIGINT");
    }
    assert.equal(text, "ready\ncaught\n");
    assert.equal(await session.wait(signal), 9);
  });

  it("ends the command with its session, and the session with the task", async () => {
    await start();
    const processes = async (): Promise<string> =>
      JSON.stringify((await task.reach().top(signal)).processes);
    const session = await exec(["sleep", "4321"]);
    await session.close();
    await eventually(async () => !(await processes()).includes("4321"));
    assert.equal(await session.wait(signal), 137);

    const other = await exec(["sh", "-c", "echo ready; exec sleep 600"]);
    const chunks = other.output[Symbol.asyncIterator]();
    await chunks.next();
    await task.shutdown(signal);
    while (!(await chunks.next()).done);
    assert.equal(await other.wait(signal), 137);
    await assert.rejects(
      () => exec(["true"]),
      (error: unknown) => isSwarmError(error, "failed-precondition"),
    );
  });

  it("lists processes and measures them", async () => {
    await start("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done\nsleep 1234; true");
    const commands = async (): Promise<readonly string[]> => {
      const { titles, processes } = await task.reach().top(signal);
      assert.ok(processes.every((row) => row.length === titles.length));
      return processes.map((row) => row[titles.indexOf("CMD")] ?? "");
    };
    await eventually(async () => (await commands()).includes("sleep 1234"));
    // The program and what it has started: nothing of what watches over it.
    const [program, ...others] = await commands();
    assert.match(program ?? "", /^sh -c i=0; while .* done sleep 1234; true$/);
    assert.deepEqual(others, ["sleep 1234"]);
    const before = await task.reach().usage(signal);
    assert.ok(before.cpuNs > 0);
    assert.ok(before.memoryBytes > 0 && before.memoryBytes < before.memoryLimitBytes);
    assert.ok((before.pids ?? 0) > 0);
    const after = await task.reach().usage(signal);
    assert.ok(after.cpuNs >= before.cpuNs && after.atMs >= before.atMs);
  });

  it("reads output only as fast as it is taken", async () => {
    await start();
    const session = await exec(["sh", "-c", "while :; do echo 0123456789abcdef; done"]);
    const chunks = session.output[Symbol.asyncIterator]();
    const first = await chunks.next();
    assert.match(Buffer.from(first.value?.data ?? []).toString(), /^0123456789abcdef\n/);
    const { pids } = await task.reach().usage(signal);
    assert.ok(pids === null || pids > 0);
    await session.close();
    assert.equal(await session.wait(signal), 137);
  });
}
