import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import { silentLog } from "../../../lib/log.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { ExternalSchedulers } from "../../../manager/scheduler/external/external-schedulers.ts";
import { runScheduler } from "../../../manager/scheduler/scheduler.ts";
import { Store } from "../../../manager/store/store.ts";
import { make } from "../../../proto/codec.ts";
import {
  OffersMessageType,
  PlacementResultOutcome as Outcome,
  TaskState,
  type Node,
  type OffersMessage,
} from "../../../proto/generated.ts";
import { eventually } from "../../fakes/eventually.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aTask } from "../../fakes/objects.ts";
import { sizedNode, sizedService, type Wish } from "./cases.ts";

describe("external schedulers", () => {
  let store: Store;
  let schedulers: ExternalSchedulers;
  let leadership: AbortController;
  let loops: Promise<unknown>;
  let leaving: AbortController;

  beforeEach(() => {
    const random = new SeededRandom("external");
    store = new Store({ clock: systemClock, random });
    store.attach(new LocalRaft(store));
    leadership = new AbortController();
    leaving = new AbortController();
    lead();
  });
  afterEach(async () => {
    leaving.abort();
    leadership.abort();
    await loops;
  });

  function lead(): void {
    leadership = new AbortController();
    const { signal } = leadership;
    const random = new SeededRandom("external");
    const modules = { store, clock: systemClock, random, log: silentLog };
    schedulers = new ExternalSchedulers(modules);
    const desk = schedulers.desk;
    loops = Promise.all([runScheduler({ ...modules, desk }, signal), schedulers.run(signal)]);
  }

  const call = () => ({
    signal: leaving.signal,
    caller: { nodeId: "m1", role: "manager", clusterId: "c1", addr: "" } as const,
  });
  const listen = (scheduler = "gang"): AsyncIterator<OffersMessage> =>
    schedulers.offers({ scheduler }, call())[Symbol.asyncIterator]();
  const next = async (offers: AsyncIterator<OffersMessage>): Promise<OffersMessage> => {
    const { value, done } = await offers.next();
    assert(!done);
    return value as OffersMessage;
  };
  const nodes = (...list: readonly Node[]) =>
    store.update((tx) => list.forEach((node) => tx.create("node", node)));
  const tasks = (count: number, wish: Wish = {}, scheduler = "gang", id = "web") =>
    store.update((tx) => {
      const placement = { ...wish.placement, scheduler };
      const service = sizedService(id, { ...wish, placement });
      for (let slot = 1; slot <= count; slot++)
        tx.create("task", aTask(`${id}${slot}`, service, { slot }));
    });
  const place = async (pairs: readonly (readonly [string, string])[], scheduler = "gang") => {
    const placements = pairs.map(([taskId, nodeId]) => ({ taskId, nodeId }));
    const { results } = await schedulers.place({ scheduler, placements });
    return results;
  };
  const task = (id: string) => {
    const found = store.view.task.get(id);
    assert(found, `task ${id} is stored`);
    return found;
  };

  it("are left their tasks, which say so, and nobody else's", async () => {
    await nodes(sizedNode("n1", 4, 8));
    await tasks(2);
    await tasks(1, {}, "", "ours");
    await eventually(
      "each is told",
      () => task("ours1").nodeId === "n1" && task("web2").status?.err !== "",
    );
    assert.equal(task("web1").nodeId, "");
    assert.equal(task("web1").status?.err, 'waiting for the scheduler "gang"');
  });

  it("are told of everything first, and then of what changes", async () => {
    await nodes(sizedNode("n1", 4, 8));
    await tasks(2, { cpus: 1 });
    await tasks(1, { cpus: 1 }, "other", "db");
    const offers = listen();
    const first = await next(offers);
    assert.equal(first.type, OffersMessageType.COMPLETE);
    assert.deepEqual(first.tasks.map(({ id }) => id).sort(), ["web1", "web2"]);
    assert.deepEqual(
      first.nodes.map(({ id, free, available }) => [id, free?.nanoCpus, available]),
      [["n1", 4e9, true]],
    );
    assert.equal(first.more, false);

    const pending = next(offers);
    assert.deepEqual(await place([["web1", "n1"]]), [
      make("PlacementResult", { taskId: "web1", outcome: Outcome.PLACED }),
    ]);
    const second = await pending;
    assert.equal(second.type, OffersMessageType.INCREMENTAL);
    assert.deepEqual(second.goneTaskIds, ["web1"]);
    assert.deepEqual(second.tasks, []);
    const [node] = second.nodes;
    assert.equal(node?.free?.nanoCpus, 3e9);
    assert.deepEqual(node.services, [{ serviceId: "web", tasks: 1 }]);
    assert.equal(task("web1").status?.state, TaskState.ASSIGNED);

    const third = next(offers);
    await store.update((tx) => {
      const status = make("TaskStatus", { state: TaskState.ORPHANED });
      tx.update("task", { ...task("web1"), status });
      const gone = tx.view.node.get("n1");
      if (gone) tx.remove("node", gone);
    });
    assert.deepEqual((await third).goneNodeIds, ["n1"]);
  });

  it("are told in pieces when there is much to tell", async () => {
    await tasks(1_500);
    const offers = listen();
    const [first, second] = [await next(offers), await next(offers)];
    assert.deepEqual([first.tasks.length, first.more], [1_000, true]);
    assert.deepEqual([second.tasks.length, second.more], [500, false]);
    assert.equal(second.type, OffersMessageType.INCREMENTAL);
  });

  it("have each placement checked by every filter, and answered on its own", async () => {
    await nodes(sizedNode("n1", 2, 8), sizedNode("n2", 2, 8));
    await tasks(3, { cpus: 2, placement: { constraints: ["node.hostname==n1"] } });
    const results = await place([
      ["web1", "n1"],
      ["web2", "n1"],
      ["web3", "n2"],
      ["web3", "n9"],
      ["nothing", "n1"],
      ["web1", "n1"],
    ]);
    const { PLACED, UNFIT, NOT_PENDING, WRONG_NODE } = Outcome;
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      [PLACED, UNFIT, UNFIT, WRONG_NODE, NOT_PENDING, NOT_PENDING],
    );
    assert.deepEqual(
      results[1]?.lacks.map(({ filter, needed, available }) => [filter, needed, available]),
      [["resources", "2", "0"]],
    );
    assert.deepEqual(
      results[2]?.lacks.map(({ change }) => change),
      ["drop the constraint node.hostname==n1, for node n2"],
    );
    const reason = "no suitable node (insufficient resources on 1 node)";
    await eventually("the reason is there", () => task("web2").status?.err === reason);
    assert.equal(task("web2").nodeId, "");
  });

  it("place no tasks that are another's, or bound to another node", async () => {
    await nodes(sizedNode("n1", 2, 8), sizedNode("n2", 2, 8));
    await tasks(1);
    await tasks(1, { cpus: 99 }, "", "ours");
    await store.update((tx) =>
      tx.create("task", { ...aTask("g1", null), ...task("web1"), id: "g1", slot: 0, nodeId: "n2" }),
    );
    const outcomes = async (...args: Parameters<typeof place>) =>
      (await place(...args)).map(({ outcome }) => outcome);
    assert.deepEqual(await outcomes([["web1", "n1"]], "other"), [Outcome.NOT_YOURS]);
    assert.deepEqual(await outcomes([["ours1", "n1"]]), [Outcome.NOT_YOURS]);
    assert.deepEqual(await outcomes([["g1", "n1"]]), [Outcome.WRONG_NODE]);
    assert.deepEqual(await outcomes([["g1", "n2"]]), [Outcome.PLACED]);
    await assert.rejects(place([], ""), (error) => isSwarmError(error, "invalid"));
  });

  it("place a task that has not even been told yet whom it waits for", async () => {
    leadership.abort();
    await loops;
    await nodes(sizedNode("n1", 1, 8));
    await tasks(2, { cpus: 1 });
    lead();
    // Before the scheduler's first round, which decides on all of it in one transaction.
    const results = await place([
      ["web1", "n1"],
      ["web2", "n1"],
    ]);
    assert.deepEqual(
      results.map(({ outcome }) => outcome),
      [Outcome.PLACED, Outcome.UNFIT],
    );
    assert.equal(task("web1").nodeId, "n1");
    const reason = "no suitable node (insufficient resources on 1 node)";
    await eventually("the refusal is there", () => task("web2").status?.err === reason);
  });

  it("never overbook a node together with our own scheduler", async () => {
    await nodes(sizedNode("n1", 10, 64));
    await tasks(10, { cpus: 1 });
    const theirs = place(Array.from({ length: 10 }, (_, at) => [`web${at + 1}`, "n1"] as const));
    await tasks(10, { cpus: 1 }, "", "ours");
    const outcomes = (await theirs).map(({ outcome }) => outcome);
    const onNode = () => [...store.view.task.by("node", "n1")];
    await eventually("the node is full", () => onNode().length === 10);
    await eventually("the others know why they wait", () =>
      [...store.view.task.all()].every(({ nodeId, status }) => nodeId !== "" || status?.err !== ""),
    );
    assert.equal(onNode().length, 10);
    const theirOwn = onNode().filter(({ serviceId }) => serviceId === "web").length;
    assert.equal(outcomes.filter((outcome) => outcome === Outcome.PLACED).length, theirOwn);
  });

  it("are let go when the leadership ends, and are told everything by the next leader", async () => {
    await nodes(sizedNode("n1", 4, 8));
    await tasks(1);
    const offers = listen();
    await next(offers);
    leadership.abort();
    await loops;
    await assert.rejects(next(offers), (error) => isSwarmError(error, "not-leader"));
    await assert.rejects(place([["web1", "n1"]]), (error) => isSwarmError(error, "not-leader"));
    lead();
    assert.equal((await next(listen())).type, OffersMessageType.COMPLETE);
    assert.equal((await place([["web1", "n1"]]))[0]?.outcome, Outcome.PLACED);
  });
});
