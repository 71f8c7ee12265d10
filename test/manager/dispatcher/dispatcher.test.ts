import assert from "node:assert/strict";
import { systemClock, type Clock } from "../../../lib/clock.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import { silentLog } from "../../../lib/log.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { Dispatcher } from "../../../manager/dispatcher/dispatcher.ts";
import { DISPATCHER_TIMES, type DispatcherTimes } from "../../../manager/dispatcher/options.ts";
import { Store } from "../../../manager/store/store.ts";
import type { StoreView } from "../../../manager/store/tables.ts";
import type { Call } from "../../../proto/call.ts";
import { make } from "../../../proto/codec.ts";
import { NodeState, TaskState, type SessionMessage } from "../../../proto/generated.ts";
import type { RaftStatus } from "../../../raft/index.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";
import { SimClock } from "../../fakes/sim-clock.ts";

const UNKNOWN = make("NodeStatus", { state: NodeState.UNKNOWN });
const description = make("NodeDescription", { hostname: "one" });
const assigned = make("TaskStatus", { state: TaskState.ASSIGNED });

async function open(times: Partial<DispatcherTimes> = {}, clock: Clock = systemClock) {
  const store = new Store({ clock, random: new SeededRandom("store") });
  const raft = new LocalRaft(store);
  store.attach(raft);
  await store.update((tx) => {
    tx.create("node", aNode("n1", { status: UNKNOWN, description: null }));
    tx.create("node", aNode("n2", { status: UNKNOWN }));
    tx.create("service", aService("web"));
    tx.create("task", aTask("t1", aService("web"), { nodeId: "n1", status: assigned }));
    tx.create("task", aTask("t2", aService("web"), { nodeId: "n2", status: assigned }));
  });
  const dispatcher = new Dispatcher(
    { nodeId: "m1", times: { ...DISPATCHER_TIMES, ...times } },
    { store, raft, clock, random: new SeededRandom("d"), log: silentLog },
  );
  const abort = new AbortController();
  const running = dispatcher.run(abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    await running;
  };
  return { store, raft, dispatcher, stop };
}

function callFrom(nodeId: string, signal = new AbortController().signal): Call {
  return { signal, caller: { nodeId, role: "worker", clusterId: "c", addr: "10.0.0.7" } };
}

function until(store: Store, holds: (view: StoreView) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (!holds(store.view)) return;
      stop();
      resolve();
    };
    const stop = store.onCommit(check);
    check();
  });
}

async function connect(dispatcher: Dispatcher, nodeId: string, call = callFrom(nodeId)) {
  const stream = dispatcher.session(make("SessionRequest", { description }), call);
  const iterator = stream[Symbol.asyncIterator]();
  const first = (await iterator.next()).value as SessionMessage;
  return { iterator, sessionId: first.sessionId, first };
}

const report = (sessionId: string, taskId: string, state: TaskState, err = "") =>
  make("UpdateTaskStatusRequest", {
    sessionId,
    updates: [{ taskId, status: make("TaskStatus", { state, err }) }],
  });

describe("dispatcher", () => {
  it("registers a node with its description and address before the session begins", async () => {
    const { store, dispatcher, stop } = await open();
    const { first } = await connect(dispatcher, "n1");
    const node = store.view.node.get("n1")!;
    assert.equal(node.status?.state, NodeState.READY);
    assert.equal(node.status?.addr, "10.0.0.7");
    assert.equal(node.description?.hostname, "one");
    assert.equal(first.node?.id, "n1");
    await stop();
  });

  it("names every manager that votes, also those it does not reach itself", async () => {
    const { raft, dispatcher, stop } = await open();
    const manager = (id: number, fields: Partial<RaftStatus["members"][number]>) => {
      const addrs = { addr: `m${id}:2378`, controlAddr: `m${id}:2377` };
      return { id, nodeId: `m${id}`, ...addrs, learner: false, reachable: true, ...fields };
    };
    raft.members = [
      manager(1, {}),
      manager(2, { reachable: false }),
      manager(3, { learner: true }),
    ];
    const { first } = await connect(dispatcher, "n1");
    const addrs = first.managers.map(({ addr }) => addr);
    assert.deepEqual(addrs, ["m1:2377", "m2:2377"]);
    await stop();
  });

  it("refuses a node that is no member, and a session that is not the node's", async () => {
    const { dispatcher, stop } = await open();
    await assert.rejects(connect(dispatcher, "stranger"), (e) => isSwarmError(e, "not-found"));
    await connect(dispatcher, "n1");
    assert.throws(
      () => dispatcher.heartbeat({ sessionId: "other" }, callFrom("n1")),
      (e) => isSwarmError(e, "invalid") && e.message === "session invalid",
    );
    assert.throws(
      () => dispatcher.heartbeat({ sessionId: "other" }, callFrom("n2")),
      (e) => isSwarmError(e, "not-found") && e.message === "node not registered",
    );
    await stop();
  });

  it("writes what a node reports of its tasks, and never an earlier state", async () => {
    const { store, dispatcher, stop } = await open();
    const { sessionId } = await connect(dispatcher, "n1");
    const call = callFrom("n1");
    await dispatcher.updateTaskStatus(report(sessionId, "t1", TaskState.RUNNING), call);
    await dispatcher.updateTaskStatus(report(sessionId, "t1", TaskState.STARTING), call);
    const { status } = store.view.task.get("t1")!;
    assert.equal(status?.state, TaskState.RUNNING);
    assert.equal(status?.appliedBy, "m1");
    await dispatcher.updateTaskStatus(report(sessionId, "gone", TaskState.RUNNING), call);
    await stop();
  });

  it("refuses reports about another node's task", async () => {
    const { store, dispatcher, stop } = await open();
    const { sessionId } = await connect(dispatcher, "n1");
    await assert.rejects(
      dispatcher.updateTaskStatus(report(sessionId, "t2", TaskState.FAILED), callFrom("n1")),
      (e) => isSwarmError(e, "denied"),
    );
    assert.equal(store.view.task.get("t2")?.status?.state, TaskState.ASSIGNED);
    await stop();
  });

  it("streams new assignments as they are made", async () => {
    const { store, dispatcher, stop } = await open();
    const { sessionId } = await connect(dispatcher, "n1");
    const stream = dispatcher.assignments({ sessionId }, callFrom("n1"))[Symbol.asyncIterator]();
    assert.equal((await stream.next()).value?.changes.length, 1);
    const next = stream.next();
    await store.update((tx) =>
      tx.create("task", aTask("t3", aService("web"), { nodeId: "n1", status: assigned })),
    );
    const { assignment } = (await next).value!.changes[0]!;
    assert.equal(assignment?.item === "task" && assignment.task.id, "t3");
    await stop();
  });

  it("counts a node as down when its broken connection does not come back", async () => {
    const { store, dispatcher, stop } = await open({ brokenStreamGraceMs: 30 });
    const abort = new AbortController();
    const { iterator } = await connect(dispatcher, "n1", callFrom("n1", abort.signal));
    const end = iterator.next();
    abort.abort();
    assert.equal((await end).done, true);
    await until(store, (view) => view.node.get("n1")?.status?.state === NodeState.DOWN);
    assert.equal(store.view.node.get("n1")?.status?.message, "connection lost");
    await stop();
  });

  it("keeps a node ready that comes back within the grace period", async () => {
    const { store, dispatcher, stop } = await open({
      brokenStreamGraceMs: 60,
      newLeaderGraceMs: 60,
    });
    const abort = new AbortController();
    const { iterator } = await connect(dispatcher, "n1", callFrom("n1", abort.signal));
    const end = iterator.next();
    abort.abort();
    await end;
    await connect(dispatcher, "n1");
    // The other node never registers: by the time it is down, the first one's grace is over too.
    await until(store, (view) => view.node.get("n2")?.status?.state === NodeState.DOWN);
    assert.equal(store.view.node.get("n1")?.status?.state, NodeState.READY);
    await stop();
  });

  it("waits longer for a node that took its time before", async () => {
    const clock = new SimClock();
    const { store, dispatcher, stop } = await open({ brokenStreamGraceMs: 1_000 }, clock);
    const stateOf = (id: string): NodeState | undefined => store.view.node.get(id)?.status?.state;
    const leave = async (nodeId: string): Promise<void> => {
      const abort = new AbortController();
      const { iterator } = await connect(dispatcher, nodeId, callFrom(nodeId, abort.signal));
      const end = iterator.next();
      abort.abort();
      await end;
    };
    await leave("n1");
    await clock.advance(2_000);
    assert.equal(stateOf("n1"), NodeState.DOWN);
    await leave("n1");
    await leave("n2");
    await clock.advance(3_000);
    assert.deepEqual([stateOf("n1"), stateOf("n2")], [NodeState.READY, NodeState.DOWN]);
    await clock.advance(1_500);
    assert.equal(stateOf("n1"), NodeState.DOWN);
    await stop();
  });

  it("counts a silent node as down after three heartbeats", async () => {
    const { store, dispatcher, stop } = await open();
    await store.update((tx) => {
      const spec = make("ClusterSpec", { dispatcher: { heartbeatPeriodNs: 10e6 } });
      tx.create("cluster", make("Cluster", { id: "c", spec }));
    });
    const { iterator } = await connect(dispatcher, "n1");
    await assert.rejects(
      async () => {
        while (!(await iterator.next()).done);
      },
      (e) => isSwarmError(e, "aborted") && e.message === "heartbeat failure",
    );
    await until(store, (view) => view.node.get("n1")?.status?.message === "heartbeat failure");
    await stop();
  });

  it("orphans the tasks of a node that has been down for long", async () => {
    const { store, dispatcher, stop } = await open({
      brokenStreamGraceMs: 2,
      newLeaderGraceMs: 5,
      orphanAfterMs: 20,
    });
    await until(store, (view) => view.task.get("t2")?.status?.state === TaskState.ORPHANED);
    await stop();
    assert.equal(store.view.node.get("n2")?.status?.state, NodeState.DOWN);
    void dispatcher;
  });

  it("ends every session when leadership ends", async () => {
    const { dispatcher, stop } = await open();
    const { iterator } = await connect(dispatcher, "n1");
    const end = assert.rejects(
      async () => {
        while (!(await iterator.next()).done);
      },
      (e) => isSwarmError(e, "not-leader"),
    );
    await stop();
    await end;
  });
});
