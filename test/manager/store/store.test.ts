import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { isSwarmError } from "../../../lib/errors.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { Store, type Commit } from "../../../manager/store/store.ts";
import { make } from "../../../proto/codec.ts";
import { ChangeKind, TaskState } from "../../../proto/generated.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode, aSecret, aService, aTask } from "../../fakes/objects.ts";

function openPair() {
  const leader = new Store({ clock: systemClock, random: new SeededRandom("leader") });
  const follower = new Store({ clock: systemClock, random: new SeededRandom("follower") });
  const raft = new LocalRaft(leader, follower);
  leader.attach(raft);
  return { leader, follower, raft };
}

const withSecret = (id: string) =>
  make("TaskSpec", {
    runtime: "container",
    container: make("ContainerSpec", {
      image: "busybox",
      secrets: [make("SecretReference", { secretId: id, secretName: id })],
    }),
  });

describe("store", () => {
  it("applies a transaction alike on every manager", async () => {
    const { leader, follower } = openPair();
    await leader.update((tx) => {
      tx.create("service", aService("s1"));
      tx.create("task", aTask("t1", aService("s1")));
    });
    for (const store of [leader, follower]) {
      assert.equal(store.view.service.get("s1")?.meta?.version?.index, 1);
      assert.equal(store.view.task.by("service", "s1").size, 1);
    }
    assert.deepEqual([...leader.view.task.all()], [...follower.view.task.all()]);
  });

  it("uses the entry's index as the version and keeps the time of creation", async () => {
    const { leader } = openPair();
    await leader.update((tx) => tx.create("node", aNode("n1")));
    const created = leader.view.node.get("n1")!;
    await leader.update((tx) => tx.update("node", created));
    const updated = leader.view.node.get("n1")!;
    assert.equal(updated.meta?.version?.index, 2);
    assert.equal(updated.meta?.createdAtMs, created.meta?.createdAtMs);
  });

  it("sends of an update what differs, and followers have the whole object", async () => {
    const { leader, follower } = openPair();
    await leader.update((tx) => {
      tx.create("node", aNode("n1"));
      tx.create("task", aTask("t1", aService("s1")));
    });
    const created = follower.view.task.get("t1")!;
    const status = make("TaskStatus", { state: TaskState.RUNNING });
    await leader.update((tx) => {
      const task = tx.view.task.get("t1")!;
      tx.update("task", { ...task, status, nodeId: "n1" });
    });
    const ran = follower.view.task.get("t1")!;
    assert.deepEqual(ran, leader.view.task.get("t1"));
    assert.equal(ran.spec, created.spec);
    await leader.update((tx) => tx.update("task", { ...tx.view.task.get("t1")!, nodeId: "" }));
    assert.equal(follower.view.task.get("t1")?.nodeId, "");
    assert.deepEqual(follower.view.task.get("t1"), leader.view.task.get("t1"));
  });

  it("refuses a difference from a version that is no more, alike on every manager", async () => {
    const { leader, follower, raft } = openPair();
    await leader.update((tx) => tx.create("task", aTask("t1", aService("s1"))));
    const stale = leader.view.task.get("t1")!;
    raft.hold();
    const first = leader.update((tx) => tx.update("task", { ...stale, nodeId: "n1" }));
    let attempts = 0;
    const second = leader.update((tx) => {
      if (attempts++ === 0) tx.update("task", { ...stale, nodeId: "n2" });
    });
    raft.release();
    await Promise.all([first, second]);
    assert.equal(attempts, 2);
    for (const store of [leader, follower]) assert.equal(store.view.task.get("t1")?.nodeId, "n1");
  });

  it("runs the callback again on the new state when another transaction came first", async () => {
    const { leader, raft } = openPair();
    await leader.update((tx) => tx.create("service", aService("s1", { replicas: 1 })));
    raft.hold();
    const scale = (by: number) =>
      leader.update((tx) => {
        const service = tx.view.service.get("s1")!;
        assert(service.spec?.mode === "replicated");
        const replicas = service.spec.replicated.replicas + by;
        tx.update("service", { ...service, spec: { ...service.spec, replicated: { replicas } } });
      });
    const both = Promise.all([scale(1), scale(10)]);
    raft.release();
    await both;
    const spec = leader.view.service.get("s1")!.spec;
    assert.equal(spec?.mode === "replicated" && spec.replicated.replicas, 12);
  });

  it("refuses a whole transaction when one change of it fails", async () => {
    const { leader, follower } = openPair();
    await leader.update((tx) => tx.create("service", aService("s1", { name: "Web" })));
    await assert.rejects(
      leader.update((tx) => {
        tx.create("node", aNode("n1"));
        tx.create("service", aService("s2", { name: "web" }));
      }),
      (error) => isSwarmError(error, "exists") && /service web already exists/.test(error.message),
    );
    for (const store of [leader, follower]) {
      assert.equal(store.view.node.get("n1"), undefined);
      assert.equal(store.view.service.size, 1);
    }
  });

  it("gives one address to one task only, and takes it back when the task ends", async () => {
    const { leader } = openPair();
    const networks = [make("NetworkAttachment", { networkId: "net", addresses: ["10.0.1.3/24"] })];
    await leader.update((tx) => tx.create("task", aTask("t1", null, { networks })));
    const second = () => leader.update((tx) => tx.create("task", aTask("t2", null, { networks })));
    await assert.rejects(second(), (error) => isSwarmError(error, "exists"));
    await leader.update((tx) => {
      const task = tx.view.task.get("t1")!;
      const status = make("TaskStatus", { state: TaskState.FAILED });
      tx.update("task", { ...task, status });
    });
    await second();
  });

  it("finds what a person means: by id, by name in any case, by a prefix of the id", async () => {
    const { leader } = openPair();
    const host = (id: string, hostname: string) =>
      aNode(id, { description: make("NodeDescription", { hostname }) });
    await leader.update((tx) => {
      for (const node of [host("abc1", "Alpha"), host("abd2", "beta"), host("x", "BETA")])
        tx.create("node", node);
    });
    const { node } = leader.view;
    const ids = ["abc1", "alpha", "beta", "BETA", "abd"].map((ref) => node.resolve(ref).id);
    assert.deepEqual(ids, ["abc1", "abc1", "abd2", "x", "abd2"]);
    for (const ref of ["Beta", "ab"])
      assert.throws(() => node.resolve(ref), {
        message: `node ${ref} is ambiguous (2 matches found)`,
      });
    assert.throws(() => node.resolve("nope"), { message: "node nope not found" });
  });

  it("keeps a secret as long as a service refers to it", async () => {
    const { leader } = openPair();
    const secret = () => leader.view.secret.get("sec")!;
    const user = aService("s1", { spec: { task: withSecret("sec") } });
    await assert.rejects(
      leader.update((tx) => tx.create("service", user)),
      (error) => isSwarmError(error, "invalid") && error.message === "secret not found: sec",
    );
    await leader.update((tx) => tx.create("secret", aSecret("sec")));
    await leader.update((tx) => tx.create("service", user));
    await assert.rejects(
      leader.update((tx) => tx.remove("secret", secret())),
      (error) => isSwarmError(error, "failed-precondition"),
    );
    await leader.update((tx) => tx.remove("service", tx.view.service.get("s1")!));
    await leader.update((tx) => tx.remove("secret", secret()));
  });

  it("lets no node go under a task that came while its removal was on its way", async () => {
    const { leader, follower, raft } = openPair();
    await leader.update((tx) => {
      tx.create("node", aNode("n1"));
      tx.create("task", aTask("t1", aService("s1")));
    });
    raft.hold();
    const assigned = leader.update((tx) => {
      tx.update("task", { ...tx.view.task.get("t1")!, nodeId: "n1" });
    });
    const status = make("TaskStatus", { state: TaskState.ORPHANED });
    const removed = leader.update((tx) => {
      for (const task of tx.view.task.by("node", "n1")) tx.update("task", { ...task, status });
      tx.remove("node", tx.view.node.get("n1")!);
    });
    raft.release();
    await Promise.all([assigned, removed]);
    for (const { view } of [leader, follower]) {
      assert.equal(view.node.get("n1"), undefined);
      assert.equal(view.task.get("t1")?.status?.state, TaskState.ORPHANED);
    }
  });

  it("assigns no task to a node that was removed while that was on its way", async () => {
    const { leader, follower, raft } = openPair();
    await leader.update((tx) => {
      tx.create("node", aNode("n1"));
      tx.create("task", aTask("t1", aService("s1")));
    });
    raft.hold();
    const removed = leader.update((tx) => tx.remove("node", tx.view.node.get("n1")!));
    let attempts = 0;
    const assigned = leader.update((tx) => {
      attempts++;
      if (!tx.view.node.get("n1")) return;
      const status = make("TaskStatus", { state: TaskState.ASSIGNED });
      tx.update("task", { ...tx.view.task.get("t1")!, nodeId: "n1", status });
    });
    raft.release();
    await Promise.all([removed, assigned]);
    assert.equal(attempts, 2, "it was planned anew");
    for (const { view } of [leader, follower]) assert.equal(view.task.get("t1")?.nodeId, "");
  });

  it("refuses what an earlier leadership decided", async () => {
    const { leader, raft } = openPair();
    raft.hold();
    const late = leader.update((tx) => tx.create("node", aNode("n1")));
    raft.term = 2;
    raft.release();
    await assert.rejects(late, (error) => isSwarmError(error, "aborted"));
    assert.equal(leader.view.node.size, 0);
  });

  it("tells listeners and watchers of each commit", async () => {
    const { leader, follower } = openPair();
    const seen: Commit[] = [];
    const stop = follower.onCommit((commit) => seen.push(commit));
    const controller = new AbortController();
    const watch = leader.watch(controller.signal)[Symbol.asyncIterator]();
    await leader.update((tx) => tx.create("node", aNode("n1")));
    await leader.update((tx) => tx.remove("node", tx.view.node.get("n1")!));
    stop();
    assert.deepEqual(
      seen.map(({ version, events }) => [version, events[0]?.change]),
      [
        [1, ChangeKind.CREATE],
        [2, ChangeKind.REMOVE],
      ],
    );
    assert.equal((await watch.next()).value?.version, 1);
    const resumed = leader.watch(controller.signal, 1)[Symbol.asyncIterator]();
    assert.equal((await resumed.next()).value?.version, 2);
    assert.throws(() => leader.watch(controller.signal, -5), /too old/);
  });

  it("restores a snapshot and reports the difference as events", async () => {
    const { leader } = openPair();
    await leader.update((tx) => {
      for (let i = 0; i < 1000; i++) tx.create("task", aTask(`t${i}`, null));
      tx.create("secret", aSecret("sec"));
    });
    const bytes = leader.snapshot();
    const fresh = new Store({ clock: systemClock, random: new SeededRandom("fresh") });
    const commits: Commit[] = [];
    fresh.onCommit((commit) => commits.push(commit));
    await fresh.restore(1, bytes);
    assert.equal(fresh.view.task.size, 1000);
    assert.deepEqual(fresh.view.secret.get("sec"), leader.view.secret.get("sec"));
    assert.equal(commits[0]?.events.length, 1001);
    assert.equal(fresh.version, 1);
  });

  it("refuses a snapshot that is cut short", async () => {
    const { leader, follower } = openPair();
    await leader.update((tx) => tx.create("node", aNode("n1")));
    async function* cut() {
      for await (const chunk of leader.snapshot()) {
        yield chunk;
        return;
      }
    }
    await assert.rejects(follower.restore(1, cut()), /incomplete/);
  });
});
