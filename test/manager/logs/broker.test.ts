import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { SwarmError } from "../../../lib/errors.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { LogBroker } from "../../../manager/logs/broker.ts";
import { BUFFER_BYTES_MAX } from "../../../manager/logs/log-buffer.ts";
import { NODE_SILENCE_MS } from "../../../manager/logs/subscription.ts";
import { Store } from "../../../manager/store/store.ts";
import type { Call } from "../../../proto/call.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  NodeState,
  TaskState,
  type LogMessage,
  type LogOptions,
  type LogSelector,
  type PublishLogsMessage,
  type SubscribeLogsMessage,
  type SubscriptionMessage,
} from "../../../proto/generated.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";
import { settle, SimClock } from "../../fakes/sim-clock.ts";
import { refused } from "../control/harness.ts";

const INCOMPLETE =
  "warning: incomplete log stream. some logs could not be retrieved for the following reasons: ";
const AWAY = "node n1 disconnected unexpectedly";
const RUNNING = { status: make("TaskStatus", { state: TaskState.RUNNING }) };
const SERVICE = aService("s1");

/** Items of a stream as they come; `ended` tells how it ended. */
class Reading<T> {
  readonly items: T[] = [];
  readonly ended: Promise<unknown>;
  done = false;

  constructor(stream: AsyncIterable<T>) {
    this.ended = this.#read(stream).finally(() => {
      this.done = true;
    });
    this.ended.catch(() => {});
  }

  async #read(stream: AsyncIterable<T>): Promise<void> {
    for await (const item of stream) this.items.push(item);
  }
}

/** A stream that a test fills by hand. */
class Feed<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  #wake: () => void = () => {};
  #ended = false;
  /** How many items were taken. */
  taken = 0;

  push(...items: T[]): void {
    this.#items.push(...items);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        this.taken++;
        yield item;
      } else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

describe("log broker", () => {
  let clock: SimClock;
  let store: Store;
  let broker: LogBroker;
  let leadership: AbortController;
  let run: Promise<void>;

  beforeEach(async () => {
    clock = new SimClock();
    store = new Store({ clock, random: new SeededRandom("logs") });
    store.attach(new LocalRaft(store));
    broker = new LogBroker({ store, clock, random: new SeededRandom("broker") });
    leadership = new AbortController();
    run = broker.run(leadership.signal);
    await store.update((tx) => {
      tx.create("node", aNode("n1"));
      tx.create("node", aNode("n2"));
      tx.create("service", SERVICE);
      tx.create("task", aTask("t1", SERVICE, { nodeId: "n1", ...RUNNING }));
    });
  });

  afterEach(async () => {
    leadership.abort();
    await run;
  });

  const callOf = (nodeId: string, signal = new AbortController().signal): Call => ({
    signal,
    caller: { nodeId, role: "worker", clusterId: "c1", addr: "" },
  });

  function read(
    selector: Fields<LogSelector>,
    options: Fields<LogOptions> = {},
    signal?: AbortSignal,
  ): Reading<SubscribeLogsMessage> {
    const request = make("SubscribeLogsRequest", {
      selector: make("LogSelector", selector),
      options: make("LogOptions", options),
    });
    return new Reading(broker.subscribeLogs(request, callOf("m1", signal)));
  }

  function listen(nodeId: string, signal?: AbortSignal): Reading<SubscriptionMessage> {
    const request = make("ListenSubscriptionsRequest");
    return new Reading(broker.listenSubscriptions(request, callOf(nodeId, signal)));
  }

  const line = (text: string, nodeId = "n1", taskId = "t1", fields: Fields<LogMessage> = {}) =>
    make("LogMessage", {
      context: { nodeId, taskId, serviceId: "s1" },
      data: Buffer.from(text),
      ...fields,
    });
  /** A line of the same task and time as the one before. */
  const another = (text: string) => make("LogMessage", { data: Buffer.from(text) });
  const lines = (id: string, ...messages: ReturnType<typeof line>[]) =>
    make("PublishLogsMessage", { subscriptionId: id, messages });
  const closing = (id: string, warning = "") =>
    make("PublishLogsMessage", { subscriptionId: id, close: true, warning });
  const publish = (nodeId: string, ...messages: PublishLogsMessage[]) => {
    const feed = new Feed<PublishLogsMessage>();
    feed.push(...messages);
    feed.end();
    return broker.publishLogs(feed, callOf(nodeId));
  };
  const texts = (reading: Reading<SubscribeLogsMessage>): string[] =>
    reading.items.flatMap((m) => m.messages.map((l) => Buffer.from(l.data).toString()));
  const warnings = (reading: Reading<SubscribeLogsMessage>): string[] =>
    reading.items.map((m) => m.warning).filter((warning) => warning !== "");

  it("asks the node that runs the task and ends when the node has sent all", async () => {
    const asked = listen("n1");
    const reading = read({ serviceIds: ["s1"] });
    await settle();
    const [ask] = asked.items;
    assert.deepEqual(ask?.selector?.serviceIds, ["s1"]);
    await publish("n1", lines(ask.id, line("one"), line("two")), closing(ask.id));
    await reading.ended;
    assert.deepEqual(texts(reading), ["one", "two"]);
    assert.deepEqual(warnings(reading), []);
  });

  it("asks a node that connects a little later", async () => {
    const reading = read({ taskIds: ["t1"] });
    await settle();
    const asked = listen("n1");
    await settle();
    await publish("n1", closing(asked.items[0]?.id ?? ""));
    await reading.ended;
    assert.deepEqual(warnings(reading), []);
  });

  it("refuses a selector that is empty or names what does not exist", async () => {
    await refused(read({}).ended, "invalid", "log selector must name a service, a node or a task");
    await refused(read({ serviceIds: ["nope"] }).ended, "not-found", "service nope not found");
  });

  it("does not wait for tasks that do not run yet, unless asked for one by id", async () => {
    await store.update((tx) => {
      tx.update("task", { ...store.view.task.get("t1")!, nodeId: "n1", status: null });
      tx.create("task", aTask("t2", SERVICE));
    });
    const service = read({ serviceIds: ["s1"] });
    await service.ended;
    assert.deepEqual(service.items, []);
    const task = read({ taskIds: ["t2"] });
    await task.ended;
    assert.deepEqual(warnings(task), [`${INCOMPLETE}task t2 has not been scheduled`]);
  });

  it("says of each node why its logs are missing", async () => {
    await store.update((tx) => {
      const status = make("NodeStatus", { state: NodeState.DOWN });
      tx.update("node", { ...store.view.node.get("n2")!, status });
      tx.create("task", aTask("t2", SERVICE, { nodeId: "n2", ...RUNNING }));
    });
    const asked = listen("n1");
    const reading = read({ serviceIds: ["s1"] });
    await settle();
    await publish("n1", closing(asked.items[0]?.id ?? "", "logs of task t1 are gone"));
    await reading.ended;
    assert.deepEqual(warnings(reading), [
      `${INCOMPLETE}node n2 is not available, logs of task t1 are gone`,
    ]);
  });

  it("goes on without a node that is silent too long", async () => {
    listen("n1");
    const reading = read({ taskIds: ["t1"] });
    await settle();
    await clock.advance(NODE_SILENCE_MS - 1);
    assert.equal(reading.done, false);
    await clock.advance(1);
    await reading.ended;
    assert.deepEqual(warnings(reading), [`${INCOMPLETE}node n1 did not answer in time`]);
  });

  it("goes on without a node that is lost on the way", async () => {
    const connection = new AbortController();
    const asked = listen("n1", connection.signal);
    const reading = read({ taskIds: ["t1"] });
    await settle();
    assert.equal(asked.items.length, 1);
    connection.abort(new SwarmError("cancelled", "gone"));
    await reading.ended;
    assert.deepEqual(warnings(reading), [`${INCOMPLETE}node n1 disconnected unexpectedly`]);
  });

  it("notices a stream that ends before the node said so", async () => {
    const asked = listen("n1");
    const reading = read({ taskIds: ["t1"] });
    await settle();
    await publish("n1", lines(asked.items[0]?.id ?? "", line("one")));
    await reading.ended;
    assert.deepEqual(texts(reading), ["one"]);
    assert.deepEqual(warnings(reading), [`${INCOMPLETE}node n1 stopped sending before the end`]);
  });

  it("gives a line that does not say so the task and the time of the one before", async () => {
    const asked = listen("n1");
    const reading = read({ taskIds: ["t1"] });
    await settle();
    const [id, timestamp] = [asked.items[0]?.id ?? "", "2026-01-01T00:00:00Z"];
    await publish("n1", lines(id, line("one", "n1", "t1", { timestamp }), another("two")));
    await reading.ended;
    const found = reading.items.flatMap(({ messages }) => messages);
    assert.deepEqual(
      found.map((each) => [String(each.data), each.context?.taskId, each.timestamp]),
      [
        ["one", "t1", timestamp],
        ["two", "t1", timestamp],
      ],
    );
  });

  it("gives a line that does not say whose it is the attributes of the one before", async () => {
    const asked = listen("n1");
    const reading = read({ taskIds: ["t1"] });
    await settle();
    const id = asked.items[0]?.id ?? "";
    const first = line("one", "n1", "t1", { attrs: { colour: "green" } });
    await publish("n1", lines(id, first, { ...line("two", "n1", "t1"), context: null }));
    await settle();
    assert.deepEqual(
      reading.items.flatMap(({ messages }) => messages.map(({ attrs }) => attrs)),
      [{ colour: "green" }, { colour: "green" }],
    );
  });

  it("lets no line come first that does not say whose it is", async () => {
    const asked = listen("n1");
    read({ taskIds: ["t1"] });
    await settle();
    const refusal = /may only publish logs of its own tasks/;
    await refused(publish("n1", lines(asked.items[0]?.id ?? "", another("x"))), "denied", refusal);
  });

  it("lets a node speak for itself and its own tasks only", async () => {
    await store.update((tx) => {
      tx.create("task", aTask("t2", SERVICE, { nodeId: "n2", ...RUNNING }));
    });
    const asked = listen("n1");
    listen("n2");
    const follow = { follow: true };
    read({ taskIds: ["t1"] }, follow);
    await settle();
    const id = asked.items[0]?.id ?? "";
    const own = /may only publish logs of its own tasks/;
    await refused(publish("n1", lines(id, line("x", "n2"))), "denied", own);
    read({ taskIds: ["t1"] }, follow);
    await settle();
    const other = asked.items[1]?.id ?? "";
    await refused(publish("n1", lines(other, line("x", "n1", "t2"))), "denied", own);
    await refused(
      publish("n2", lines(other, line("x", "n2", "t2"))),
      "denied",
      "node n2 was not asked for these logs",
    );
    await refused(publish("n1", lines("nope")), "not-found", "log subscription nope not found");
  });

  it("makes nodes wait while the reader is slow", async () => {
    const asked = listen("n1");
    const request = make("SubscribeLogsRequest", {
      selector: make("LogSelector", { taskIds: ["t1"] }),
    });
    const reader = broker.subscribeLogs(request, callOf("m1"))[Symbol.asyncIterator]();
    const first = reader.next();
    await settle();
    const id = asked.items[0]?.id ?? "";
    const chunk = lines(id, line("x".repeat(BUFFER_BYTES_MAX / 4)));
    const feed = new Feed<PublishLogsMessage>();
    feed.push(...Array.from({ length: 20 }, () => chunk), closing(id));
    const published = broker.publishLogs(feed, callOf("n1"));
    await settle();
    assert(feed.taken < 12, `${feed.taken} of 20 chunks were taken though nobody reads`);
    await clock.advance(10 * NODE_SILENCE_MS);
    let count = 0;
    for (let next = await first; !next.done; next = await reader.next()) count++;
    assert.equal(count, 20);
    await published;
  });

  it("tells the nodes when the reader leaves", async () => {
    const asked = listen("n1");
    const away = new AbortController();
    const reading = read({ taskIds: ["t1"] }, { follow: true }, away.signal);
    await settle();
    const feed = new Feed<PublishLogsMessage>();
    const published = broker.publishLogs(feed, callOf("n1"));
    feed.push(lines(asked.items[0]?.id ?? "", line("one")));
    await settle();
    away.abort(new SwarmError("cancelled", "enough"));
    await refused(reading.ended, "cancelled", "enough");
    assert.deepEqual(
      asked.items.map(({ id, close }) => [id, close]),
      [
        [asked.items[0]?.id, false],
        [asked.items[0]?.id, true],
      ],
    );
    feed.push(lines(asked.items[0]?.id ?? "", line("two")));
    await published;
  });

  describe("following", () => {
    it("asks further nodes when tasks come to them, each once", async () => {
      const first = listen("n1");
      const second = listen("n2");
      read({ serviceIds: ["s1"] }, { follow: true });
      await settle();
      assert.deepEqual([first.items.length, second.items.length], [1, 0]);
      await store.update((tx) => tx.create("task", aTask("t2", SERVICE, { slot: 2 })));
      await store.update((tx) => {
        tx.update("task", { ...store.view.task.get("t2")!, nodeId: "n2" });
        tx.create("task", aTask("t3", SERVICE, { slot: 3, nodeId: "n2" }));
      });
      await settle();
      assert.deepEqual([first.items.length, second.items.length], [1, 1]);
    });

    it("outlives silence, and asks a node that comes back from where it was lost", async () => {
      const connection = new AbortController();
      const asked = listen("n1", connection.signal);
      const reading = read({ taskIds: ["t1"] }, { follow: true, tail: { value: 10 } });
      await settle();
      const id = asked.items[0]?.id ?? "";
      const feed = new Feed<PublishLogsMessage>();
      const published = broker.publishLogs(feed, callOf("n1"));
      const timestamp = "2026-01-02T03:04:05.678901234Z";
      feed.push(lines(id, line("one", "n1", "t1", { timestamp })));
      await clock.advance(10 * NODE_SILENCE_MS);
      connection.abort(new SwarmError("cancelled", "gone"));
      await settle();
      const again = listen("n1");
      await settle();
      // The old stream ends only now: that must not end the new one.
      feed.end();
      await published;
      const sinceMs = Date.parse(timestamp);
      assert.deepEqual(again.items[0]?.options?.positions, [{ taskId: "t1", sinceMs }]);
      await publish(
        "n1",
        lines(id, line("one", "n1", "t1", { timestamp })),
        lines(id, line("two", "n1", "t1", { timestamp })),
      );
      await settle();
      assert.deepEqual(texts(reading), ["one", "two"]);
      assert.equal(reading.done, false);
      assert.equal(warnings(reading)[0], `${INCOMPLETE}${AWAY}`);
    });

    it("keeps nothing of a node that comes and goes, and tells no line twice", async () => {
      const leave = new AbortController();
      const reading = read({ taskIds: ["t1"] }, { follow: true }, leave.signal);
      const listeners = (): number => getEventListeners(leave.signal, "abort").length;
      await settle();
      let before = 0;
      for (let round = 0; round < 200; round++) {
        const connection = new AbortController();
        const asked = listen("n1", connection.signal);
        await settle();
        const id = asked.items[0]?.id ?? "";
        const feed = new Feed<PublishLogsMessage>();
        const published = broker.publishLogs(feed, callOf("n1", connection.signal));
        const timestamp = new Date(round * 10).toISOString();
        const older = { timestamp: new Date((round - 1) * 10).toISOString() };
        if (round > 0) feed.push(lines(id, line(`line ${round - 1}`, "n1", "t1", older)));
        feed.push(lines(id, line(`line ${round}`, "n1", "t1", { timestamp })));
        await settle();
        connection.abort(new SwarmError("cancelled", "gone"));
        feed.end();
        await published;
        await settle();
        assert.equal(getEventListeners(connection.signal, "abort").length, 0);
        if (round === 10) before = listeners();
      }
      assert.equal(listeners(), before);
      assert.deepEqual(
        texts(reading),
        Array.from({ length: 200 }, (_, i) => `line ${i}`),
      );
      assert.deepEqual(new Set(warnings(reading)), new Set([`${INCOMPLETE}${AWAY}`]));
      leave.abort(new SwarmError("cancelled", "gone"));
      await assert.rejects(reading.ended);
    });

    it("tells each time that a node goes away, once, while the reader reads", async () => {
      const reading = read({ taskIds: ["t1"] }, { follow: true });
      await settle();
      for (let round = 1; round <= 3; round++) {
        const connection = new AbortController();
        listen("n1", connection.signal);
        await settle();
        connection.abort(new SwarmError("cancelled", "gone"));
        await settle();
        assert.deepEqual(
          warnings(reading),
          Array.from({ length: round }, () => `${INCOMPLETE}${AWAY}`),
        );
      }
    });

    it("ends with the leadership", async () => {
      const asked = listen("n1");
      const reading = read({ taskIds: ["t1"] }, { follow: true });
      await settle();
      leadership.abort();
      await run;
      for (const { ended } of [asked, reading])
        await refused(ended, "not-leader", "this manager does not lead any more");
      await refused(read({ taskIds: ["t1"] }).ended, "not-leader", /does not lead/);
    });
  });
});
