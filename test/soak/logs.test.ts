import assert from "node:assert/strict";
import { request, type IncomingMessage } from "node:http";
import { residentMb } from "../../bench/resident.ts";
import { until, useCluster } from "../system/cluster.ts";

/** What the quick reader gets to see before the test is over: more than may be held. */
const READ_MB = 300;
/** Buffers of a megabyte at each hop, and what has not been collected of the garbage they make. */
const GROWTH_MAX_MB = 200;
const LIMIT_MS = 300_000;
const LINE = "x".repeat(199);
/** Thirty megabytes a second, where the machine has the time: more than is ever shown. */
const SCRIPT = `while :; do yes ${LINE} | head -c 3000000; sleep 0.1; done`;

describe("a log that is written faster than it is shown", function () {
  this.timeout(2 * LIMIT_MS);
  const cluster = useCluster(1, 1);

  function follow(socketPath: string): Promise<IncomingMessage> {
    const path = "/v1.41/services/loud/logs?follow=1&stdout=1";
    return new Promise((resolve, reject) => {
      const call = request({ socketPath, path, agent: false }, resolve);
      call.on("error", reject);
      call.end();
    });
  }

  it("takes no more memory for that, whether its readers are quick or have stopped reading", async () => {
    const template = { Placement: { Constraints: ["node.role==worker"] } };
    await cluster.create("loud", { script: SCRIPT, template });
    await cluster.running("loud", 1);
    const { socket } = await cluster.manager();
    const sizes = (): readonly number[] => cluster.nodes.map(({ pid = 0 }) => residentMb(pid));
    const before = sizes();
    const peaks = before.map(() => 0);
    const [quick, stopped] = [await follow(socket), await follow(socket)];
    stopped.pause();
    let bytes = 0;
    quick.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    let ended = false;
    quick.on("end", () => {
      ended = true;
    });
    await until(
      `${READ_MB} MB are read`,
      async () => {
        for (const [i, size] of sizes().entries())
          peaks[i] = Math.max(peaks[i] ?? 0, size - (before[i] ?? 0));
        return ended || bytes >= READ_MB * 1e6 ? true : undefined;
      },
      LIMIT_MS,
    );
    assert.ok(!ended, "the quick reader still follows");
    const report = peaks.map((peak, i) => `${cluster.nodes[i]?.name} ${peak.toFixed(0)} MB more`);
    assert.ok(Math.max(...peaks) < GROWTH_MAX_MB, report.join(", "));
    quick.destroy();
    stopped.destroy();
    await cluster.removeService("loud");
    await cluster.noProcesses();
  });
});
