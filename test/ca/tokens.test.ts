import assert from "node:assert/strict";
import fc from "fast-check";
import {
  digestOfToken,
  isPinned,
  newJoinToken,
  newJoinTokens,
  roleOfToken,
} from "../../ca/tokens.ts";
import { isSwarmError } from "../../lib/errors.ts";
import { SeededRandom } from "../../lib/random.ts";
import { createTestCa } from "../fakes/certificates.ts";

describe("join token", () => {
  let root: string;

  before(async () => {
    root = (await createTestCa()).root.certificate;
  });

  it("has swarm mode's form whatever the secret", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const token = newJoinToken(root, new SeededRandom(seed));
        assert.match(token, /^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$/);
        assert.ok(isPinned(root, digestOfToken(token)));
      }),
    );
    const zero = newJoinToken(root, {
      bytes: (n) => new Uint8Array(n),
      int: () => 0,
      float: () => 0,
    });
    assert.ok(zero.endsWith("-0000000000000000000000000"));
  });

  it("pins one root and no other", async () => {
    const other = (await createTestCa()).root.certificate;
    assert.equal(isPinned(other, digestOfToken(newJoinToken(root, new SeededRandom(1)))), false);
  });

  it("admits to the role it was made for, and only when it is current", () => {
    const tokens = newJoinTokens(root, new SeededRandom("a"));
    const old = newJoinTokens(root, new SeededRandom("b"));
    assert.equal(roleOfToken(tokens.worker, tokens), "worker");
    assert.equal(roleOfToken(tokens.manager, tokens), "manager");
    for (const token of [old.worker, old.manager, "", tokens.worker.toUpperCase()]) {
      assert.equal(roleOfToken(token, tokens), null);
    }
    const unset = { worker: "", manager: "" };
    for (const token of ["", tokens.worker]) assert.equal(roleOfToken(token, unset), null);
    const same = { worker: tokens.worker, manager: tokens.worker };
    assert.equal(roleOfToken(tokens.worker, same), "manager");
  });

  it("is refused with advice when it is something else", () => {
    const good = newJoinToken(root, new SeededRandom(1));
    for (const bad of ["", "SWMTKN-1", `${good}x`, ` ${good}`, good.replace("-1-", "-2-1-")]) {
      assert.throws(
        () => digestOfToken(bad),
        (error) => isSwarmError(error, "invalid"),
      );
    }
  });
});
