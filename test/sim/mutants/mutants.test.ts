import assert from "node:assert/strict";
import { PROFILES } from "../raft/profiles.ts";
import { SWARM } from "../cli/worker.ts";
import { MUTANTS } from "./hunt.ts";
import { patched, sourceOf } from "./workshop.ts";

describe("the planted bugs", () => {
  it("are at least 25, each with a name of its own and a known profile", () => {
    assert.ok(MUTANTS.length >= 25);
    assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
    for (const { name, profile } of MUTANTS)
      assert.ok(profile === SWARM || PROFILES.some((known) => known.name === profile), name);
  });

  for (const mutant of MUTANTS)
    it(`${mutant.name} fits the code as it is`, () => {
      for (const { file } of mutant.patches)
        assert.notEqual(patched(sourceOf(mutant, file), mutant, file), sourceOf(mutant, file));
    });
});
