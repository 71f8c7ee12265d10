import assert from "node:assert/strict";
import { NODE_STATES } from "../../../engine/translate/node.ts";
import { silentLog } from "../../../lib/log.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { NodeHealth } from "../../../manager/dispatcher/node-health.ts";
import {
  CHANGES_PER_TRANSACTION_MAX,
  DISPATCHER_TIMES,
} from "../../../manager/dispatcher/options.ts";
import { runController } from "../../../manager/store/controller.ts";
import { Store } from "../../../manager/store/store.ts";
import { make } from "../../../proto/codec.ts";
import { NodeState, TaskState } from "../../../proto/generated.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode, aService, aTask } from "../../fakes/objects.ts";
import { SimClock } from "../../fakes/sim-clock.ts";

const HOUR_MS = 3_600_000;
const NODES = 500;
const ADDR = "10.0.0.7";
const description = make("NodeDescription", { hostname: "host" });
const READY = make("NodeStatus", { state: NodeState.READY, addr: ADDR });

/** A store that outlives its leaders, in virtual time. */
class Cluster {
  readonly clock = new SimClock();
  readonly random = new SeededRandom("health");
  readonly store = new Store({ clock: this.clock, random: this.random });
  readonly raft = new LocalRaft(this.store);
  /** Transactions since the last look. */
  commits = 0;
  #abort = new AbortController();
  #health: NodeHealth | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor() {
    this.store.attach(this.raft);
    this.store.onCommit(() => this.commits++);
  }

  /** Another manager takes over. */
  async nextLeader(): Promise<NodeHealth> {
    await this.end();
    const { clock, random, store, raft } = this;
    const modules = { clock, random, store, raft, log: silentLog };
    this.#abort = new AbortController();
    this.#health = new NodeHealth(DISPATCHER_TIMES, () => false, modules);
    this.#running = runController(this.#health, modules, this.#abort.signal);
    this.commits = 0;
    return this.#health;
  }

  async end(): Promise<void> {
    this.#health?.stop();
    this.#abort.abort();
    await this.#running;
  }

  states(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { status } of this.store.view.node.all()) {
      const name = NODE_STATES.word(status?.state ?? NodeState.UNKNOWN).toUpperCase();
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }
}

describe("node health across leaders", () => {
  let cluster: Cluster;
  beforeEach(() => {
    cluster = new Cluster();
  });
  afterEach(() => cluster.end());

  const ids = Array.from({ length: NODES }, (_, at) => `n${at}`);
  const { newLeaderGraceMs } = DISPATCHER_TIMES;

  async function addNodes(): Promise<void> {
    for (let from = 0; from < NODES; from += 100)
      await cluster.store.update((tx) => {
        for (const id of ids.slice(from, from + 100))
          tx.create("node", aNode(id, { status: READY, description }));
      });
  }

  it("writes nothing when the nodes come to the new leader as they were", async () => {
    await addNodes();
    const health = await cluster.nextLeader();
    for (const id of ids) await health.ready(id, description, ADDR);
    await cluster.clock.advance(3 * newLeaderGraceMs);
    assert.deepEqual(cluster.states(), { READY: NODES });
    assert.equal(cluster.store.view.node.get("n7")?.status, READY);
  });

  it("waits for them, then calls the missing ones unknown and then down, in few writes", async () => {
    await addNodes();
    const health = await cluster.nextLeader();
    await health.ready("n0", make("NodeDescription", { hostname: "renamed" }), ADDR);
    assert.equal(cluster.store.view.node.get("n0")?.description?.hostname, "renamed");
    cluster.commits = 0;
    await cluster.clock.advance(newLeaderGraceMs - 1);
    assert.equal(cluster.commits, 0, "nobody is written off before the time is over");
    assert.deepEqual(cluster.states(), { READY: NODES });
    await cluster.clock.advance(1_000);
    assert.deepEqual(cluster.states(), { READY: 1, UNKNOWN: NODES - 1 });
    await cluster.clock.advance(newLeaderGraceMs);
    assert.deepEqual(cluster.states(), { READY: 1, DOWN: NODES - 1 });
    const writes = 2 * Math.ceil(NODES / CHANGES_PER_TRANSACTION_MAX);
    assert.ok(cluster.commits <= writes + 2, `${cluster.commits} transactions`);
  });

  it("takes back a verdict that was proposed when the node registered", async () => {
    const node = aNode("n1", { status: READY, description });
    await cluster.store.update((tx) => tx.create("node", node));
    const health = await cluster.nextLeader();
    cluster.raft.hold();
    await cluster.clock.advance(newLeaderGraceMs + 1_000);
    assert.equal(cluster.raft.waiting, 1, "the verdict is proposed");
    const registered = health.ready("n1", description, ADDR);
    cluster.raft.release();
    await registered;
    assert.deepEqual(cluster.states(), { READY: 1 });
  });

  it("orphans tasks a day after their node was lost, however often the leader changes", async () => {
    const service = aService("web");
    const status = make("TaskStatus", { state: TaskState.RUNNING });
    const down = { state: NodeState.DOWN, sinceMs: cluster.clock.now() };
    await cluster.store.update((tx) => {
      tx.create("node", aNode("n1", { status: make("NodeStatus", down) }));
      tx.create("service", service);
      tx.create("task", aTask("t1", service, { nodeId: "n1", status }));
    });
    const state = () => cluster.store.view.task.get("t1")?.status?.state;
    for (let leader = 0; leader < 3; leader++) {
      await cluster.nextLeader();
      await cluster.clock.advance(7.9 * HOUR_MS);
      assert.equal(state(), TaskState.RUNNING);
    }
    await cluster.nextLeader();
    await cluster.clock.advance(0.4 * HOUR_MS);
    assert.equal(state(), TaskState.ORPHANED);
  });
});
