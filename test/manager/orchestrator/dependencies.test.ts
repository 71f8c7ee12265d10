import assert from "node:assert/strict";
import { runReplicatedJobs } from "../../../manager/orchestrator/jobs.ts";
import { runReplicated } from "../../../manager/orchestrator/replicated.ts";
import { make } from "../../../proto/codec.ts";
import {
  ServiceDependencyCondition,
  TaskState,
  type ServiceSpec,
  type Task,
} from "../../../proto/generated.ts";
import { aService } from "../../fakes/objects.ts";
import type { Fate } from "../../fakes/scripted-agents.ts";
import { Harness } from "./harness.ts";

const { STARTED, HEALTHY, COMPLETED } = ServiceDependencyCondition;

describe("service dependencies", () => {
  let cluster: Harness;
  let fates: Record<string, Fate>;
  beforeEach(async () => {
    fates = {};
    cluster = await Harness.open({
      loops: [runReplicated, runReplicatedJobs],
      fate: (task: Task) => fates[task.serviceId] ?? {},
    });
  });
  afterEach(() => cluster.stop());

  const dependsOn = (serviceName: string, condition: ServiceDependencyCondition) =>
    aService("web", { replicas: 2, spec: { dependsOn: [{ serviceName, condition }] } });

  it("prepares tasks but does not start them, and says what they wait for", async () => {
    await cluster.add(dependsOn("db", STARTED));
    await cluster.clock.advance(600_000);
    const states = cluster.tasks("web").map((t) => [t.status?.state, t.desiredState]);
    assert.deepEqual(states, Array(2).fill([TaskState.READY, TaskState.READY]));
    assert.equal(cluster.tasks("web")[0]?.origin?.reason, "held until service db has started");
    await cluster.add(aService("db"));
    await cluster.converged("web", 2);
  });

  it("tells healthy from started: all tasks of the other service run", async () => {
    fates.db = { prepareMs: 10_000 };
    await cluster.add(dependsOn("DB", HEALTHY), aService("db", { replicas: 3 }));
    await cluster.clock.advance(9_000);
    assert.equal(cluster.running("web").length, 0);
    await cluster.clock.advance(1_000);
    assert.equal(cluster.running("web").length, 2);
  });

  it("waits for a job until all of it has completed", async () => {
    fates.migrate = { ends: { state: TaskState.COMPLETE, afterMs: 5_000 } };
    const spec: Partial<ServiceSpec> = {
      mode: "replicatedJob",
      replicatedJob: { maxConcurrent: 1, totalCompletions: 3 },
    };
    const job = aService("migrate", { spec });
    await cluster.add(dependsOn("migrate", COMPLETED), {
      ...job,
      jobStatus: make("JobStatus", { jobIteration: { index: 0 }, lastExecutionMs: 1 }),
    });
    await cluster.clock.advance(14_000);
    assert.equal(cluster.running("web").length, 0);
    await cluster.clock.advance(1_000);
    assert.equal(cluster.running("web").length, 2);
  });

  it("leaves running tasks alone when the other service goes", async () => {
    await cluster.add(dependsOn("db", STARTED), aService("db"));
    await cluster.converged("web", 2);
    await cluster.store.update((tx) => tx.remove("service", cluster.service("db")));
    await cluster.clock.advance(60_000);
    assert.equal(cluster.running("web").length, 2);
  });
});
