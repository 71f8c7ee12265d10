import assert from "node:assert/strict";
import { profileOf } from "../cli/single.ts";
import { reportOf } from "../cli/report.ts";
import { PROFILES } from "./profiles.ts";
import { REGRESSIONS } from "./regressions.ts";
import { simulate } from "./simulation.ts";

describe("a simulated group", () => {
  for (const profile of PROFILES)
    it(`keeps its promises under the faults of profile ${profile.name}`, async () => {
      const result = await simulate({ seed: "fixed", profile });
      assert.equal(result.violation, null, reportOf(result));
      assert.ok(result.operations > 0 && result.committed > 0);
    }).timeout(300_000);

  for (const { profile, seed, about } of REGRESSIONS)
    it(`does not fail again at ${profile} ${seed}: ${about}`, async () => {
      const result = await simulate({ seed, profile: profileOf(profile) });
      assert.equal(result.violation, null, reportOf(result));
    }).timeout(300_000);

  it("goes the same way twice for one seed, and another way for another", async () => {
    const profile = profileOf("swarm");
    const [first, second, other] = [
      await simulate({ seed: "same", profile }),
      await simulate({ seed: "same", profile }),
      await simulate({ seed: "other", profile }),
    ];
    assert.equal(first.hash, second.hash);
    assert.equal(first.events, second.events);
    assert.notEqual(first.hash, other.hash);
  }).timeout(300_000);
});
