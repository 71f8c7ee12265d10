import assert from "node:assert/strict";
import { SwarmError } from "../../../../../lib/errors.ts";
import { isPinned, PullFailures } from "../../../../../worker/runtime/docker/images/pull-rules.ts";

const HEX = "0123456789abcdef".repeat(4);
const ID = `sha256:${HEX}`;

describe("rules of pulling", () => {
  it("tell what names one content for ever from a tag, which may move", () => {
    const pinned = [`app@${ID}`, `registry:5000/team/app:1@${ID}`, ID, HEX, HEX.slice(0, 12)];
    for (const image of pinned) assert.equal(isPinned(image, ID), true, image);
    // "deadbeef" may be somebody's repository: only the image that is here tells.
    for (const image of ["app", "app:1", "r:5000/app:0123456", "deadbeef", "0123:456789"])
      assert.equal(isPinned(image, ID), false, image);
  });

  it("leave a registry alone after a failure, longer with each, up to a minute", () => {
    const failures = new PullFailures();
    const error = new SwarmError("not-found", "no");
    let now = 0;
    for (const waitMs of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      failures.failed("a", error, now);
      assert.equal(failures.refusal("a", now + waitMs - 1), error);
      assert.equal(failures.refusal("b", now), null, "others are not affected");
      now += waitMs;
      assert.equal(failures.refusal("a", now), null);
    }
    failures.succeeded("a");
    failures.failed("a", error, now);
    assert.equal(failures.refusal("a", now + 5_000), null, "a success makes it good");
  });

  it("remember a bounded number of failures, the latest", () => {
    const failures = new PullFailures();
    const error = new SwarmError("not-found", "no");
    for (let i = 0; i < 2_000; i++) failures.failed(String(i), error, 0);
    const known = Array.from({ length: 2_000 }, (_, i) => failures.refusal(String(i), 0));
    assert.equal(known.filter(Boolean).length, 512);
    assert.equal(known.at(-1), error);
  });
});
