import assert from "node:assert/strict";
import { SeededRandom } from "../../../lib/random.ts";
import { ManagerList } from "../../../worker/agent/managers.ts";

const DRAWS = 1_000;

/** How often each address is picked. */
function shares(list: ManagerList, except = ""): Map<string, number> {
  const random = new SeededRandom("managers");
  const counts = new Map<string, number>();
  for (let i = 0; i < DRAWS; i++) {
    const addr = list.pick(random, except);
    counts.set(addr, (counts.get(addr) ?? 0) + 1);
  }
  return counts;
}

describe("manager list", () => {
  it("picks all alike at first", () => {
    const counts = shares(new ManagerList(["a", "b", "c"]));
    for (const addr of ["a", "b", "c"]) {
      const count = counts.get(addr) ?? 0;
      assert.ok(count > DRAWS / 4 && count < DRAWS / 2, `${addr} was picked ${count} times`);
    }
  });

  it("prefers one that works, but never gives up one that failed", () => {
    const list = new ManagerList(["good", "bad"]);
    for (let i = 0; i < 5; i++) {
      list.observe("good", true);
      list.observe("bad", false);
    }
    const bad = shares(list).get("bad") ?? 0;
    assert.ok(bad > 0 && bad < DRAWS / 5, `the bad one was picked ${bad} times`);
  });

  it("does not pick the one that has just failed unless there is no other", () => {
    assert.deepEqual([...shares(new ManagerList(["a", "b"]), "a").keys()], ["b"]);
    assert.deepEqual([...shares(new ManagerList(["a"]), "a").keys()], ["a"]);
  });

  it("takes over the managers' own list, and keeps what it learnt", () => {
    const list = new ManagerList(["a", "b"]);
    for (let i = 0; i < 5; i++) list.observe("a", false);
    const weight = 10;
    assert.equal(list.replace([]), false);
    assert.equal(
      list.replace([
        { addr: "a", weight },
        { addr: "c", weight },
      ]),
      true,
    );
    assert.deepEqual(list.addrs, ["a", "c"]);
    assert.ok((shares(list).get("a") ?? 0) < DRAWS / 5);
    assert.equal(
      list.replace([
        { addr: "c", weight },
        { addr: "a", weight },
      ]),
      false,
    );
  });
});
