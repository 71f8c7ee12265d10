import assert from "node:assert/strict";
import fc from "fast-check";
import { make } from "../../../../proto/codec.ts";
import {
  afterProbe,
  toHealthCheck,
  type Health,
} from "../../../../worker/runtime/process/health.ts";

const CHECK = toHealthCheck(make("HealthConfig", { test: ["CMD", "true"], retries: 3 }))!;
const STARTING: Health = { status: "starting", streak: 0 };

describe("health of a process", () => {
  it("fills in docker's defaults", () => {
    assert.deepEqual(CHECK, {
      command: ["true"],
      intervalMs: 30_000,
      timeoutMs: 30_000,
      retries: 3,
      startPeriodMs: 0,
      startIntervalMs: 5_000,
    });
  });

  it("is off without a test and with NONE", () => {
    assert.equal(toHealthCheck(null), null);
    assert.equal(toHealthCheck(make("HealthConfig")), null);
    assert.equal(toHealthCheck(make("HealthConfig", { test: ["NONE"] })), null);
  });

  it("is unhealthy exactly after so many failures in a row", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (probes) => {
        let health = STARTING;
        for (const ok of probes) health = afterProbe(health, ok, 1e9, CHECK);
        const streak = probes.length - 1 - probes.lastIndexOf(true);
        assert.equal(health.status === "unhealthy", streak >= CHECK.retries);
        assert.equal(health.status === "healthy", streak < CHECK.retries && probes.includes(true));
      }),
    );
  });

  it("does not count failures in the start period, until a first success", () => {
    const check = { ...CHECK, startPeriodMs: 1_000, retries: 1 };
    assert.deepEqual(afterProbe(STARTING, false, 999, check), STARTING);
    assert.equal(afterProbe(STARTING, false, 1_000, check).status, "unhealthy");
    const healthy = afterProbe(STARTING, true, 10, check);
    assert.equal(afterProbe(healthy, false, 20, check).status, "unhealthy");
  });
});
