import assert from "node:assert/strict";
import { systemClock } from "../../lib/clock.ts";
import { until, useCluster } from "../system/cluster.ts";

const REPLICAS = 500;
/** On a quiet machine it takes less than 20 s; a busy one may take its time. */
const LIMIT_MS = 120_000;

describe(`${REPLICAS} replicas on two workers`, function () {
  this.timeout(3 * LIMIT_MS);
  const cluster = useCluster(1, 2);

  const report = (what: string, fromMs: number): void => {
    const seconds = ((systemClock.monotonic() - fromMs) / 1000).toFixed(1);
    process.stdout.write(`        ${what} after ${seconds} s\n`);
  };

  it("all run, and none is left after service rm", async () => {
    const template = { Placement: { Constraints: ["node.role==worker"] } };
    const start = systemClock.monotonic();
    await cluster.create("many", { script: "exec sleep 3600", replicas: REPLICAS, template });
    await cluster.running("many", REPLICAS, LIMIT_MS);
    report(`${REPLICAS} replicas run`, start);
    await cluster.processCount(REPLICAS);
    const nodes = new Map<string, number>();
    for (const { NodeID = "" } of await cluster.tasks("many"))
      nodes.set(NodeID, (nodes.get(NodeID) ?? 0) + 1);
    assert.deepEqual([...nodes.values()], [REPLICAS / 2, REPLICAS / 2]);

    const removed = systemClock.monotonic();
    await cluster.removeService("many");
    await until(
      "no process is left",
      async () => (cluster.remains().length === 0 ? true : undefined),
      LIMIT_MS,
    );
    report("no process is left", removed);
  });
});
