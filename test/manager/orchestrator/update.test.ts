import assert from "node:assert/strict";
import { runReplicated } from "../../../manager/orchestrator/replicated.ts";
import { make, type Fields } from "../../../proto/codec.ts";
import {
  NodeState,
  RestartPolicyCondition,
  TaskState,
  UpdateConfigFailureAction,
  UpdateConfigOrder,
  UpdateStatusState,
  type ServiceSpec,
  type Task,
  type UpdateConfig,
} from "../../../proto/generated.ts";
import { aService } from "../../fakes/objects.ts";
import type { Fate } from "../../fakes/scripted-agents.ts";
import { Harness } from "./harness.ts";

const S = 1e9;
const imageOf = (task: Task): string =>
  task.spec?.runtime === "container" ? task.spec.container.image : "";

const withSecret = (spec: ServiceSpec | null): ServiceSpec | null => {
  if (spec?.task?.runtime !== "container") return spec;
  const secrets = [make("SecretReference", { secretId: "s1" })];
  return { ...spec, task: { ...spec.task, container: { ...spec.task.container, secrets } } };
};

describe("rolling update", () => {
  let cluster: Harness;
  let fates: Record<string, Fate>;
  let fateOf: (task: Task) => Fate;

  const open = async (replicas: number, update: Fields<UpdateConfig>, rollback = update) => {
    fates = {};
    fateOf = (task) => fates[imageOf(task)] ?? {};
    cluster = await Harness.open({
      loops: [runReplicated],
      fate: (task) => fateOf(task),
    });
    const config = { monitorNs: { value: 5 * S }, ...update };
    const back = { monitorNs: { value: 5 * S }, ...rollback };
    await cluster.add(
      aService("web", {
        replicas,
        spec: { update: make("UpdateConfig", config), rollback: make("UpdateConfig", back) },
      }),
    );
    await cluster.converged("web", replicas);
  };
  afterEach(() => cluster.stop());

  const status = () => cluster.service("web").updateStatus;
  const state = () => status()?.state ?? UpdateStatusState.UNKNOWN;
  const until = (wanted: UpdateStatusState, limitMs = 600_000) =>
    cluster.clock.until(() => state() === wanted, limitMs);
  const images = () => cluster.running("web").map(imageOf);

  /** The most slots without a running task, and the most running tasks in one slot, seen. */
  const watchSlots = (replicas: number) => {
    const seen = { missing: 0, doubled: 0 };
    cluster.store.onCommit(() => {
      const perSlot = new Map<number, number>();
      for (const task of cluster.tasks("web"))
        if (task.status?.state === TaskState.RUNNING)
          perSlot.set(task.slot, (perSlot.get(task.slot) ?? 0) + 1);
      seen.missing = Math.max(seen.missing, replicas - perSlot.size);
      seen.doubled = Math.max(seen.doubled, ...perSlot.values());
    });
    return seen;
  };

  it("replaces slot after slot and waits for nothing but the last monitor period", async () => {
    await open(10, { parallelism: 1 });
    const seen = watchSlots(10);
    await cluster.newImage("web", "v2");
    assert.equal(await until(UpdateStatusState.COMPLETED), 5_000);
    assert.equal(status()?.message, "update completed");
    assert.deepEqual(images(), Array(10).fill("v2"));
    assert.deepEqual(seen, { missing: 1, doubled: 1 });
    const slots = cluster.running("web").map((t) => t.slot);
    assert.equal(new Set(slots).size, 10);
  });

  it("keeps the delay between slots, as many at a time as parallelism says", async () => {
    await open(6, { parallelism: 2, delayNs: 10 * S });
    fates.v2 = { prepareMs: 1_000 };
    const seen = watchSlots(6);
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.UPDATING, 0);
    assert.equal(status()?.message, "update in progress");
    // Three rounds of 1 s, two delays between, and the watch of delay + 1 s at the end.
    assert.equal(await until(UpdateStatusState.COMPLETED), 3_000 + 20_000 + 11_000);
    assert.deepEqual(seen, { missing: 2, doubled: 1 });
  });

  it("starts first where the order says so: no slot is ever without a task", async () => {
    await open(4, { parallelism: 2, order: UpdateConfigOrder.START_FIRST });
    fates.v2 = { prepareMs: 1_000 };
    const seen = watchSlots(4);
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.COMPLETED);
    assert.deepEqual(images(), Array(4).fill("v2"));
    assert.deepEqual(seen, { missing: 0, doubled: 2 });
  });

  it("takes parallelism 0 for all at once", async () => {
    await open(5, { parallelism: 0 });
    fates.v2 = { prepareMs: 1_000 };
    await cluster.newImage("web", "v2");
    assert.equal(await until(UpdateStatusState.COMPLETED), 6_000);
  });

  it("pauses when a task fails early, names it, and leaves the rest alone", async () => {
    await open(4, { parallelism: 1 });
    fates.v2 = { ends: { state: TaskState.FAILED, afterMs: 1_000 } };
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.PAUSED);
    const failed = cluster.tasks("web").find((t) => t.status?.state === TaskState.FAILED);
    assert.equal(
      status()?.message,
      `update paused due to failure or early termination of task ${failed?.id}`,
    );
    await cluster.clock.advance(60_000);
    assert.equal(state(), UpdateStatusState.PAUSED);
    assert(images().filter((image) => image === "busybox").length >= 2);
  });

  it("does not count a task that ran longer than the monitor period", async () => {
    await open(1, { parallelism: 1, monitorNs: { value: 2 * S }, delayNs: 20 * S });
    fates.v2 = { ends: { state: TaskState.FAILED, afterMs: 3_000 } };
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.COMPLETED);
  });

  it("watches a task from when it is seen to run, however late its status comes", async () => {
    await open(1, { parallelism: 1 });
    fates.v2 = { stuckAt: TaskState.READY };
    await cluster.newImage("web", "v2");
    await cluster.clock.advance(20_000);
    await cluster.store.update((tx) => {
      const task = cluster.tasks("web").find((t) => imageOf(t) === "v2");
      const appliedAtMs = cluster.clock.now() - 10_000;
      const late = make("TaskStatus", { state: TaskState.RUNNING, appliedAtMs });
      if (task) tx.update("task", { ...task, status: late });
    });
    assert.equal(await until(UpdateStatusState.COMPLETED), 5_000);
  });

  it("tolerates as many failures as the ratio says, and no more", async () => {
    await open(4, { parallelism: 1, maxFailureRatio: 0.5 });
    fateOf = (task) =>
      imageOf(task) === "v2" && task.slot <= 2 && task.origin?.restarts === 0
        ? { ends: { state: TaskState.FAILED, afterMs: 100 } }
        : {};
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.COMPLETED);
    assert.equal(images().filter((image) => image === "v2").length, 4);
    await cluster.stop();
    await open(4, { parallelism: 1, maxFailureRatio: 0.49 });
    fates.v2 = { ends: { state: TaskState.FAILED, afterMs: 100 } };
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.PAUSED);
    const failed = cluster.tasks("web").filter((t) => t.status?.state === TaskState.FAILED);
    assert.equal(new Set(failed.map((t) => t.slot)).size, 2);
  });

  it("goes on whatever happens when failures are to be ignored", async () => {
    const failureAction = UpdateConfigFailureAction.CONTINUE;
    await open(3, { parallelism: 1, failureAction });
    fates.v2 = { ends: { state: TaskState.FAILED, afterMs: 100 } };
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.COMPLETED);
    assert.equal(status()?.message, "update completed");
  });

  it("keeps the old task while the new one is tried again, and is one update all the same", async () => {
    const { CONTINUE } = UpdateConfigFailureAction;
    const { START_FIRST } = UpdateConfigOrder;
    await open(1, { failureAction: CONTINUE, order: START_FIRST });
    fates.v2 = { ends: { state: TaskState.REJECTED, afterMs: 100 } };
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.COMPLETED);
    const started = status()?.startedAtMs;
    await cluster.clock.advance(60_000);
    assert.equal(status()?.startedAtMs, started);
    assert.deepEqual(images(), ["busybox"]);
    fates.v2 = {};
    await cluster.clock.advance(120_000);
    assert.deepEqual(images(), ["v2"]);
  });

  it("is not begun again when the policy gives the new task up beside the old one", async () => {
    const { CONTINUE } = UpdateConfigFailureAction;
    const { START_FIRST } = UpdateConfigOrder;
    await open(1, { failureAction: CONTINUE, order: START_FIRST });
    fates.v2 = { ends: { state: TaskState.REJECTED, afterMs: 100 } };
    const restart = make("RestartPolicy", { condition: RestartPolicyCondition.NONE });
    await cluster.respec("web", (spec) => ({
      ...spec,
      task: spec.task && { ...spec.task, restart },
    }));
    await until(UpdateStatusState.COMPLETED);
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.COMPLETED);
    const started = status()?.startedAtMs;
    await cluster.clock.advance(60_000);
    assert.equal(status()?.startedAtMs, started);
    assert.deepEqual(images(), ["busybox"]);
  });

  it("rolls back to the previous specification, all by itself", async () => {
    const failureAction = UpdateConfigFailureAction.ROLLBACK;
    await open(4, { parallelism: 2, failureAction }, { parallelism: 1 });
    const version = cluster.service("web").specVersion;
    fates.v2 = { ends: { state: TaskState.FAILED, afterMs: 1_000 } };
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.ROLLBACK_STARTED);
    assert.match(
      status()?.message ?? "",
      /^update rolled back due to failure or early termination of task [0-9a-z]{25}$/,
    );
    assert.deepEqual(cluster.service("web").specVersion, version);
    assert.equal(cluster.service("web").previousSpec, null);
    await until(UpdateStatusState.ROLLBACK_COMPLETED);
    assert.equal(status()?.message, "rollback completed");
    assert.deepEqual(images(), Array(4).fill("busybox"));
  });

  it("pauses when the previous specification's secret is gone, and holds up no other service", async () => {
    const failureAction = UpdateConfigFailureAction.ROLLBACK;
    await open(2, { parallelism: 1, failureAction });
    await cluster.store.update((tx) => tx.create("secret", make("Secret", { id: "s1" })));
    const { spec } = cluster.service("web");
    await cluster.respec("web", () => withSecret(spec));
    await until(UpdateStatusState.COMPLETED);
    fates.v2 = { ends: { state: TaskState.FAILED, afterMs: 1_000 } };
    await cluster.respec("web", () => spec);
    await cluster.newImage("web", "v2");
    await cluster.change("web", (web) => ({ ...web, previousSpec: spec && withSecret(spec) }));
    await cluster.store.update((tx) => {
      const secret = tx.view.secret.get("s1");
      if (secret) tx.remove("secret", secret);
    });
    await until(UpdateStatusState.PAUSED);
    assert.match(
      status()?.message ?? "",
      /^update paused due to failure or .*; it cannot be rolled back: secret not found: s1$/,
    );
    await cluster.add(aService("other", { replicas: 1 }));
    await cluster.converged("other", 1);
  });

  it("pauses a rollback that fails too", async () => {
    const failureAction = UpdateConfigFailureAction.ROLLBACK;
    await open(2, { parallelism: 1, failureAction });
    fates.v2 = { ends: { state: TaskState.FAILED, afterMs: 1_000 } };
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.ROLLBACK_STARTED);
    fates.busybox = { ends: { state: TaskState.REJECTED, afterMs: 100 } };
    await until(UpdateStatusState.ROLLBACK_PAUSED);
    assert.match(status()?.message ?? "", /^rollback paused due to failure or early termination/);
  });

  it("rolls back when a person asks", async () => {
    await open(3, { parallelism: 1 });
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.COMPLETED);
    await cluster.change("web", (service) => ({
      ...service,
      spec: service.previousSpec,
      specVersion: service.previousSpecVersion,
      previousSpec: service.spec,
      previousSpecVersion: service.specVersion,
      updateStatus: make("UpdateStatus", {
        state: UpdateStatusState.ROLLBACK_STARTED,
        message: "manually requested rollback",
      }),
    }));
    await until(UpdateStatusState.ROLLBACK_COMPLETED);
    assert.deepEqual(images(), Array(3).fill("busybox"));
  });

  it("gives up on a task that never gets to run, and says why", async () => {
    await open(3, { parallelism: 1, progressDeadlineNs: { value: 120 * S } });
    fates.v2 = { stuckAt: TaskState.PENDING };
    await cluster.newImage("web", "v2");
    assert.equal(await until(UpdateStatusState.PAUSED), 120_000);
    assert.match(
      status()?.message ?? "",
      /^update paused because task [0-9a-z]{25} did not run within 2m0s: PENDING$/,
    );
  });

  it("pauses a rollback whose tasks never get to run", async () => {
    const failureAction = UpdateConfigFailureAction.ROLLBACK;
    await open(2, { parallelism: 1, failureAction, progressDeadlineNs: { value: 120 * S } });
    fateOf = (task) =>
      (task.meta?.createdAtMs ?? 0) > began ? { stuckAt: TaskState.PENDING } : {};
    const began = cluster.clock.now();
    await cluster.clock.advance(1);
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.ROLLBACK_PAUSED);
    assert.match(status()?.message ?? "", /^rollback paused because .* did not run within 2m0s/);
  });

  it("names what did not run when it was told to go on", async () => {
    const failureAction = UpdateConfigFailureAction.CONTINUE;
    await open(2, { parallelism: 1, failureAction });
    fates.v2 = { stuckAt: TaskState.PENDING };
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.COMPLETED, 2_000_000);
    assert.match(status()?.message ?? "", /^update completed; 2 not running, because task/);
  });

  it("waits no longer for what an earlier update left in a slot than for a task of its own", async () => {
    const config = {
      parallelism: 1,
      order: UpdateConfigOrder.START_FIRST,
      progressDeadlineNs: { value: 60 * S },
    };
    await open(3, config);
    fates.v2 = { stuckAt: TaskState.PENDING };
    await cluster.newImage("web", "v2");
    await until(UpdateStatusState.PAUSED);
    await cluster.respec("web", (spec) => {
      const failureAction = UpdateConfigFailureAction.CONTINUE;
      return { ...spec, update: make("UpdateConfig", { ...config, failureAction }) };
    });
    fateOf = (task) => (task.slot === 1 ? { stuckAt: TaskState.PENDING } : {});
    await cluster.clock.advance(59_000);
    assert.deepEqual(images(), Array(3).fill("busybox"));
    // The deadline, and the monitor period of the last task after that.
    for (let seconds = 0; seconds < 6; seconds++) await cluster.clock.advance(1_000);
    assert.equal(state(), UpdateStatusState.COMPLETED);
    assert.match(status()?.message ?? "", /^update completed; 1 not running, because task/);
    assert.deepEqual(images().sort(), ["busybox", "v2", "v2"]);
  });

  it("begins a slot anew whose task was lost before it ran, within the same update", async () => {
    await open(1, { parallelism: 1, order: UpdateConfigOrder.START_FIRST });
    // The policy replaces nothing by itself.
    const restart = make("RestartPolicy", { condition: RestartPolicyCondition.NONE });
    await cluster.respec("web", (spec) => ({
      ...spec,
      task: spec.task && { ...spec.task, restart },
    }));
    await until(UpdateStatusState.COMPLETED);
    fates.v2 = { stuckAt: TaskState.ASSIGNED };
    await cluster.newImage("web", "v2");
    await cluster.clock.advance(1_000);
    const started = status()?.startedAtMs;
    const lost = cluster.tasks("web").find((task) => imageOf(task) === "v2");
    fates.v2 = {};
    await cluster.setNodeState(lost?.nodeId ?? "", NodeState.DOWN);
    await until(UpdateStatusState.COMPLETED);
    assert.deepEqual(images(), ["v2"]);
    assert.equal(status()?.startedAtMs, started);
  });

  it("goes on under a new leader where the old one stopped", async () => {
    await open(6, { parallelism: 1, delayNs: 10 * S });
    await cluster.newImage("web", "v2");
    await cluster.clock.advance(25_000);
    const before = images().filter((image) => image === "v2").length;
    assert.equal(before, 3);
    const started = status()?.startedAtMs;
    await cluster.stop();
    cluster.start();
    assert.equal(await until(UpdateStatusState.COMPLETED), 25_000 + 11_000);
    assert.equal(status()?.startedAtMs, started);
  });

  it("counts a failure that a new leader finds", async () => {
    await open(2, { parallelism: 1, delayNs: 60 * S });
    await cluster.newImage("web", "v2");
    await cluster.clock.advance(1_000);
    await cluster.stop();
    await cluster.store.update((tx) => {
      const task = cluster.running("web").find((t) => imageOf(t) === "v2");
      const now = cluster.clock.now();
      const end = { state: TaskState.FAILED, timestampMs: now, appliedAtMs: now };
      if (task) tx.update("task", { ...task, status: make("TaskStatus", end) });
    });
    cluster.start();
    await until(UpdateStatusState.PAUSED, 0);
  });

  it("turns to the newest specification when it is changed on the way", async () => {
    await open(4, { parallelism: 1, delayNs: 10 * S });
    await cluster.newImage("web", "v2");
    await cluster.clock.advance(15_000);
    await cluster.newImage("web", "v3");
    await until(UpdateStatusState.COMPLETED);
    assert.deepEqual(images(), Array(4).fill("v3"));
  });

  it("does not touch tasks when only the scale or the update's options change", async () => {
    await open(3, { parallelism: 1 });
    const before = cluster.running("web").map((t) => t.id);
    await cluster.respec("web", (spec) => ({ ...spec, update: null }));
    await cluster.clock.advance(60_000);
    assert.deepEqual(
      cluster.running("web").map((t) => t.id),
      before,
    );
    assert.equal(status(), null);
  });
});
