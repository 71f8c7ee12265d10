import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { liveBytes } from "../../../bench/heap.ts";
import { systemClock } from "../../../lib/clock.ts";
import { silentLog } from "../../../lib/log.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { LogBroker } from "../../../manager/logs/broker.ts";
import { Store } from "../../../manager/store/store.ts";
import type { Caller } from "../../../proto/call.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import { TaskState, type LogOptions, type Task } from "../../../proto/generated.ts";
import { TaskRunner } from "../../../worker/agent/task-runner.ts";
import { runLogPublisher } from "../../../worker/logs/publisher.ts";
import { eventually } from "../../fakes/eventually.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";
import { FakeRuntime } from "../../fakes/runtime.ts";

/** How often a node goes away and comes back under a follower. */
const FLAPS = 50;
/** The session under way, and the last one: what runs may still have it at hand. */
const SESSIONS_ALIVE_MAX = 2;
const SERVICE = aService("s1");
const RUNNING = { status: make("TaskStatus", { state: TaskState.RUNNING }) };

const callerOf = (nodeId: string): Caller => ({
  nodeId,
  role: "worker",
  clusterId: "c1",
  addr: "",
});

/** The part of an agent that serves logs. */
class LogNode {
  readonly runtime: FakeRuntime;
  readonly #runners: TaskRunner[];
  readonly #listeners = new Set<(runner: TaskRunner) => void>();
  readonly #abort = new AbortController();
  readonly #run: Promise<void>;

  /** @param before the same node in an earlier session, whose tasks go on */
  constructor(nodeId: string, broker: LogBroker, before?: LogNode) {
    this.runtime = before?.runtime ?? new FakeRuntime();
    this.#runners = before ? before.#runners : [];
    const tasks = {
      runners: () => this.#runners,
      onTask: (listener: (runner: TaskRunner) => void) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
    const options = { sessionId: "session", caller: callerOf(nodeId) };
    const modules = { broker, tasks, clock: systemClock, log: silentLog };
    this.#run = runLogPublisher(options, modules, this.#abort.signal);
    this.#run.catch(() => {});
  }

  add(task: Task): void {
    const none = () => assert.fail();
    const files = { secret: none, config: none, volume: none };
    const runner = new TaskRunner(
      { task, status: make("TaskStatus", { state: TaskState.RUNNING }) },
      {
        runtime: this.runtime,
        files,
        clock: systemClock,
        log: silentLog,
        record: () => Promise.resolve(),
      },
    );
    this.#runners.push(runner);
    for (const listener of this.#listeners) listener(runner);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await assert.rejects(this.#run);
  }

  /** What is held for readers of this node's logs: those who wait for tasks, and for lines. */
  get held(): number {
    const readers = [...this.runtime.tasks.values()].map(({ grown }) => grown.size);
    return readers.reduce((sum, size) => sum + size, this.#listeners.size);
  }
}

describe("log broker and agents together", () => {
  let store: Store;
  let broker: LogBroker;
  let nodes: readonly [LogNode, LogNode];
  let stop: () => Promise<void>;

  beforeEach(async () => {
    store = new Store({ clock: systemClock, random: new SeededRandom("logs") });
    store.attach(new LocalRaft(store));
    broker = new LogBroker({ store, clock: systemClock, random: new SeededRandom("broker") });
    const leadership = new AbortController();
    const run = broker.run(leadership.signal);
    nodes = [new LogNode("n1", broker), new LogNode("n2", broker)];
    stop = async () => {
      await Promise.all(nodes.map((node) => node.stop()));
      leadership.abort();
      await run;
    };
    await store.update((tx) => {
      tx.create("node", aNode("n1"));
      tx.create("node", aNode("n2"));
      tx.create("service", SERVICE);
    });
    await place(nodes[0], "t1", "n1", 1);
    await place(nodes[1], "t2", "n2", 2);
  });
  afterEach(() => stop());

  async function place(node: LogNode, id: string, nodeId: string, slot: number): Promise<void> {
    const task = aTask(id, SERVICE, { nodeId, slot, ...RUNNING });
    await store.update((tx) => tx.create("task", task));
    node.add(task);
  }

  /** Reads lines as `task:text` until `enough` of them came, or all when it is not given. */
  async function read(options: Fields<LogOptions>, enough = Infinity): Promise<string[]> {
    const request = make("SubscribeLogsRequest", {
      selector: make("LogSelector", { serviceIds: ["s1"] }),
      options: make("LogOptions", options),
    });
    const call = { signal: new AbortController().signal, caller: callerOf("m1") };
    const lines: string[] = [];
    for await (const { messages, warning } of broker.subscribeLogs(request, call)) {
      assert.equal(warning, "");
      for (const { context, data } of messages)
        lines.push(`${context?.taskId}:${Buffer.from(data).toString()}`);
      if (lines.length >= enough) break;
    }
    return lines.sort((a, b) => a.localeCompare(b));
  }

  it("bring every line of a service once, in as many pieces as it takes", async () => {
    const expected: string[] = [];
    for (const [at, id] of ["t1", "t2"].entries()) {
      for (let n = 0; n < 3_000; n++) {
        const text = `${n} ${"x".repeat(500)}`;
        nodes[at]?.runtime.print(id, text);
        expected.push(`${id}:${text}`);
      }
    }
    assert.deepEqual(
      await read({}),
      expected.sort((a, b) => a.localeCompare(b)),
    );
  });

  it("bring the last lines of each task, of the streams asked for", async () => {
    for (const n of [1, 2, 3]) nodes[0].runtime.print("t1", `out ${n}`);
    nodes[1].runtime.print("t2", "err", "stderr");
    const lines = await read({ tail: { value: 2 }, streams: [1] });
    assert.deepEqual(lines, ["t1:out 2", "t1:out 3"]);
  });

  it("bring later lines and the lines of later tasks to a follower", async () => {
    nodes[0].runtime.print("t1", "early");
    const following = read({ follow: true }, 4);
    nodes[1].runtime.print("t2", "late");
    await place(nodes[1], "t3", "n2", 3);
    nodes[1].runtime.print("t3", "new");
    nodes[0].runtime.print("t1", "last");
    assert.deepEqual(await following, ["t1:early", "t1:last", "t2:late", "t3:new"]);
  });

  it("keep nothing of a node that flaps under a follower, who gets every line once", async () => {
    const leave = new AbortController();
    const lines: string[] = [];
    const following = (async () => {
      const selector = make("LogSelector", { serviceIds: ["s1"] });
      const request = { selector, options: make("LogOptions", { follow: true }) };
      const call = { signal: leave.signal, caller: callerOf("m1") };
      for await (const { messages } of broker.subscribeLogs(request, call))
        for (const { data } of messages) lines.push(Buffer.from(data).toString());
    })();
    const sessions: WeakRef<LogNode>[] = [];
    const flap = async (round: number): Promise<void> => {
      await nodes[0].stop();
      assert.equal(nodes[0].held, 0, `readers stay in round ${round}`);
      // What happens meanwhile is not lost.
      nodes[0].runtime.print("t1", `${round}`);
      nodes = [new LogNode("n1", broker, nodes[0]), nodes[1]];
      sessions.push(new WeakRef(nodes[0]));
      await eventually(`line ${round}`, () => lines.length > round);
    };
    const listeners = (): number => getEventListeners(leave.signal, "abort").length;
    await flap(0);
    const before = listeners();
    for (let round = 1; round <= FLAPS; round++) await flap(round);
    assert.deepEqual(
      lines,
      Array.from({ length: FLAPS + 1 }, (_, i) => `${i}`),
    );
    assert.equal(listeners(), before);
    liveBytes();
    const alive = sessions.filter((session) => session.deref() !== undefined).length;
    assert.ok(alive <= SESSIONS_ALIVE_MAX, `${alive} of ${FLAPS} sessions are still in memory`);
    leave.abort();
    await assert.rejects(following);
    await eventually("nobody reads", () => nodes.every(({ held }) => held === 0));
  });
});
