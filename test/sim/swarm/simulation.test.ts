import assert from "node:assert/strict";
import { simulateSwarm, type SwarmResult } from "./simulation.ts";
import { SWARM_REGRESSIONS } from "./regressions.ts";

const report = ({ violation, trace, objects }: SwarmResult): string =>
  [...trace, ...objects, violation?.stack ?? ""].join("\n");

describe("a simulated swarm", () => {
  for (const seed of ["fixed-1", "fixed-2"])
    it(`keeps its promises under faults and traffic (${seed})`, async () => {
      const result = await simulateSwarm({ seed });
      assert.equal(result.violation, null, report(result));
      assert.ok(result.requests > 0 && result.commits > 0);
    }).timeout(300_000);

  for (const { seed, about, plan = {} } of SWARM_REGRESSIONS)
    it(`does not fail again at ${seed}: ${about}`, async () => {
      const result = await simulateSwarm({ seed, plan });
      assert.equal(result.violation, null, report(result));
    }).timeout(300_000);

  it("goes the same way twice for one seed, and another way for another", async () => {
    const [first, second, other] = [
      await simulateSwarm({ seed: "same" }),
      await simulateSwarm({ seed: "same" }),
      await simulateSwarm({ seed: "other" }),
    ];
    assert.equal(first.hash, second.hash);
    assert.equal(first.events, second.events);
    assert.notEqual(first.hash, other.hash);
  }).timeout(300_000);
});
