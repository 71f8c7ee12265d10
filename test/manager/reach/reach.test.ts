import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../lib/clock.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import { silentLog } from "../../../lib/log.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { AuditLog } from "../../../manager/reach/audit-log.ts";
import { Reach } from "../../../manager/reach/broker.ts";
import { Store } from "../../../manager/store/store.ts";
import type { Call } from "../../../proto/call.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  TaskState,
  type ExecAsk,
  type ReachAsk,
  type ReachInput,
  type ReachOutput,
} from "../../../proto/generated.ts";
import { TaskRunner } from "../../../worker/agent/task-runner.ts";
import { runReachListener } from "../../../worker/reach/listener.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";
import { FakeRuntime } from "../../fakes/runtime.ts";
import { eventually } from "../../worker/runtime/wait.ts";

const SERVICE = aService("s1");
const SECRET = "hunter2";

/** What the asker sends: the ask, then whatever a test pushes. */
class Asker {
  readonly outputs: ReachOutput[] = [];
  readonly #queue: ReachInput[] = [];
  readonly abort = new AbortController();
  #wake: () => void = () => {};
  #ended = false;

  constructor(ask: ReachAsk) {
    this.push({ kind: "ask", ask });
  }

  push(input: ReachInput): void {
    this.#queue.push(input);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *inputs(): AsyncIterable<ReachInput> {
    for (;;) {
      const next = this.#queue.shift();
      if (next) yield next;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Everything that was printed so far. */
  get text(): string {
    return this.outputs
      .map((output) => (output.kind === "stdout" ? Buffer.from(output.stdout).toString() : ""))
      .join("");
  }

  get exit(): number | undefined {
    const last = this.outputs.at(-1);
    return last?.kind === "exit" ? last.exit : undefined;
  }
}

describe("reach into tasks", () => {
  let dir: string;
  let store: Store;
  let reach: Reach;
  let runtime: FakeRuntime;
  let leadership: AbortController;
  let node: AbortController;
  let ended: Promise<unknown>;

  const callOf = (nodeId: string, signal: AbortSignal, role: "manager" | "worker"): Call => ({
    signal,
    caller: { nodeId, role, clusterId: "c1", addr: "" },
  });

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-reach-"));
    store = new Store({ clock: systemClock, random: new SeededRandom("reach") });
    store.attach(new LocalRaft(store));
    const audit = new AuditLog({ path: join(dir, "audit.log") });
    const random = new SeededRandom("broker");
    const modules = { store, clock: systemClock, random, log: silentLog, audit };
    reach = new Reach({ listenWaitMs: 50 }, modules);
    leadership = new AbortController();
    node = new AbortController();
    runtime = new FakeRuntime();
    const run = reach.run(leadership.signal);
    await store.update((tx) => {
      tx.create("node", aNode("n1"));
      tx.create("node", aNode("n2"));
      tx.create("service", SERVICE);
      for (const [id, nodeId, state] of [
        ["t1", "n1", TaskState.RUNNING],
        ["t2", "n2", TaskState.RUNNING],
        ["t3", "n1", TaskState.COMPLETE],
      ] as const)
        tx.create("task", aTask(id, SERVICE, { nodeId, status: make("TaskStatus", { state }) }));
    });
    const runner = await runningTask();
    const caller = callOf("n1", node.signal, "worker").caller;
    const listening = runReachListener(
      { sessionId: "session", caller },
      {
        broker: reach,
        tasks: { get: (id) => (id === "t1" ? runner : undefined) },
        clock: systemClock,
        log: silentLog,
      },
      node.signal,
    );
    ended = Promise.allSettled([run, listening]);
  });

  afterEach(async () => {
    node.abort();
    leadership.abort();
    await ended;
    await rm(dir, { recursive: true, force: true });
  });

  async function runningTask(): Promise<TaskRunner> {
    const none = () => assert.fail();
    const files = { secret: none, config: none, volume: none };
    const runner = new TaskRunner(
      {
        task: aTask("t1", SERVICE, { nodeId: "n1" }),
        status: make("TaskStatus", { state: TaskState.RUNNING }),
      },
      { runtime, files, clock: systemClock, log: silentLog, record: () => Promise.resolve() },
    );
    await runner.controller().start(node.signal);
    return runner;
  }

  function askerOf(command: readonly string[], fields: Fields<ExecAsk> = {}, taskId = "t1"): Asker {
    const exec = make("ExecAsk", { command, ...fields });
    return new Asker(
      make("ReachAsk", { kind: "exec", exec, taskIds: [taskId], client: "me@here" }),
    );
  }

  async function run(asker: Asker): Promise<Asker> {
    const call = callOf("m1", asker.abort.signal, "manager");
    for await (const output of reach.open(asker.inputs(), call)) asker.outputs.push(output);
    return asker;
  }

  const refused = async (asker: Asker, code: string, text: RegExp): Promise<void> => {
    await assert.rejects(
      () => run(asker),
      (error: unknown) => isSwarmError(error) && error.code === code && text.test(error.message),
    );
  };

  const audit = async (): Promise<Record<string, unknown>[]> => {
    const text = await readFile(join(dir, "audit.log"), "utf8");
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  it("runs a command in a task and passes its output and exit status on", async () => {
    const echo = await run(askerOf(["echo", "hello", "there"]));
    assert.equal(echo.text, "hello there\n");
    assert.equal(echo.exit, 0);
    assert.equal(echo.outputs[0]?.kind, "started");
    assert.equal((await run(askerOf(["exit", "7"]))).exit, 7);
    assert.equal((await run(askerOf(["nosuch"]))).exit, 127);
  });

  it("passes input, sizes and signals to the command", async () => {
    const cat = askerOf(["cat"], { stdin: true });
    cat.push({ kind: "data", data: Buffer.from("one ") });
    cat.push({ kind: "resize", resize: make("TerminalWindow", { rows: 50, columns: 132 }) });
    cat.push({ kind: "data", data: Buffer.from("two") });
    cat.push({ kind: "end", end: true });
    await run(cat);
    assert.equal(cat.text, "one two");
    const { reach: fake } = runtime.of("t1");
    assert.deepEqual(fake.execs.at(-1)?.session.sizes, [{ rows: 50, columns: 132 }]);

    const waiting = askerOf(["wait"]);
    waiting.push({ kind: "signal", signal: "SIGINT" });
    assert.equal((await run(waiting)).exit, 130);
  });

  it("ends the command when the asker goes away", async () => {
    const asker = askerOf(["wait"]);
    const running = run(asker);
    await eventually(() => asker.outputs.length === 1);
    asker.abort.abort();
    await assert.rejects(running);
    const { session } = runtime.of("t1").reach.execs[0] ?? assert.fail();
    assert.equal(await session.wait(), 137);
  });

  it("tells the asker when the node goes away, or leadership", async () => {
    const asker = askerOf(["wait"]);
    const running = run(asker);
    await eventually(() => asker.outputs.length === 1);
    node.abort();
    await assert.rejects(running, { code: "unavailable" });

    const late = askerOf(["echo", "late"]);
    await refused(late, "unavailable", /node n1 is away/);

    const other = askerOf(["wait"], {}, "t2");
    const cut = run(other);
    leadership.abort();
    await assert.rejects(cut, { code: "not-leader" });
  });

  it("says why a task cannot be reached", async () => {
    await refused(askerOf(["echo"], {}, "t9"), "not-found", /task t9 not found/);
    await refused(askerOf(["echo"], {}, "t3"), "failed-precondition", /t3 does not run.*complete/);
    await refused(askerOf(["echo"], {}, "t2"), "unavailable", /node n2 is away/);
    await refused(askerOf([]), "invalid", /a command is needed/);
    await refused(askerOf(["a\0b"]), "invalid", /zero byte/);
    runtime.finish("t1");
    await refused(askerOf(["echo"]), "failed-precondition", /does not run/);
  });

  it("gives a node's answers to its own notices only", async () => {
    const asker = askerOf(["echo"], {}, "t2");
    const running = run(asker);
    const spy = new AbortController();
    const notices = reach
      .listenReach({ sessionId: "s" }, callOf("n2", spy.signal, "worker"))
      [Symbol.asyncIterator]();
    const { value: notice } = await notices.next();
    const answer = async function* () {
      yield make("ServeReachRequest", { id: notice.id });
    };
    const other = callOf("n1", spy.signal, "worker");
    const stolen = reach.serveReach(answer(), other)[Symbol.asyncIterator]();
    await assert.rejects(stolen.next(), { code: "denied" });
    const unknown = async function* () {
      yield make("ServeReachRequest", { id: "nosuch" });
    };
    await assert.rejects(reach.serveReach(unknown(), other)[Symbol.asyncIterator]().next(), {
      code: "not-found",
    });
    asker.abort.abort();
    await assert.rejects(running);
    spy.abort();
  });

  it("carries a connection with each direction ending by itself", async () => {
    const dial = make("DialAsk", { port: 80 });
    const asker = new Asker(make("ReachAsk", { kind: "dial", dial, taskIds: ["t1"] }));
    asker.push({ kind: "data", data: Buffer.from("ping") });
    asker.push({ kind: "end", end: true });
    await run(asker);
    assert.equal(asker.text, "ping");
    assert.equal(asker.outputs.at(-1)?.kind, "end");
    const closed = make("DialAsk", { port: 1 });
    await refused(
      new Asker(make("ReachAsk", { kind: "dial", dial: closed, taskIds: ["t1"] })),
      "unavailable",
      /nothing listens/,
    );
  });

  it("measures tasks once or again and again", async () => {
    const every = (periodMs: number): ReachAsk =>
      make("ReachAsk", { kind: "stats", stats: { periodMs }, taskIds: ["t1"] });
    const asker = await run(new Asker(every(0)));
    const samples = asker.outputs.map((output) => output.kind === "samples" && output.samples);
    assert.equal(samples.length, 1);
    assert.equal((samples[0] || null)?.samples[0]?.pids, 1);
    const twice = new Asker(every(1));
    const running = run(twice);
    await eventually(() => twice.outputs.length >= 2);
    twice.abort.abort();
    await assert.rejects(running);
  });

  it("notes every use in a file of its own, but no data and no values", async () => {
    const asker = askerOf(["cat"], { stdin: true, env: [`PASSWORD=${SECRET}`], user: "nobody" });
    asker.push({ kind: "data", data: Buffer.from(SECRET) });
    asker.push({ kind: "end", end: true });
    await run(asker);
    await run(askerOf(["exit", "3"]));
    const [begin, end, , second] = await audit();
    assert.deepEqual(
      { ...begin, time: "", id: "" },
      {
        time: "",
        id: "",
        event: "begin",
        manager: "m1",
        action: "exec",
        client: "me@here",
        tasks: ["t1"],
        services: ["s1"],
        node: "n1",
        command: "cat",
        env: ["PASSWORD"],
        user: "nobody",
      },
    );
    assert.equal(end?.["exitCode"], 0);
    assert.equal(second?.["exitCode"], 3);
    const path = join(dir, "audit.log");
    assert.ok(!(await readFile(path, "utf8")).includes(SECRET));
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it("does nothing that it cannot note", async () => {
    await rm(dir, { recursive: true });
    await refused(askerOf(["echo"]), "unavailable", /audit log cannot be written/);
    assert.deepEqual(runtime.of("t1").reach.execs, []);
  });
});
