import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { SeededRandom } from "../../../lib/random.ts";
import { runController, type Controller } from "../../../manager/store/controller.ts";
import { Store } from "../../../manager/store/store.ts";
import { LocalRaft } from "../../fakes/local-raft.ts";
import { aNode, aSecret } from "../../fakes/objects.ts";

describe("controller", () => {
  it("acts once on the initial state, then on each batch of commits, until aborted", async () => {
    const store = new Store({ clock: systemClock, random: new SeededRandom(1) });
    const raft = new LocalRaft(store);
    store.attach(raft);
    const abort = new AbortController();
    const batches: string[][] = [];
    let dirty: string[] = [];
    let acted: () => void = () => {};
    const next = () => new Promise<void>((resolve) => (acted = resolve));
    const controller: Controller = {
      name: "test",
      kinds: ["node"],
      init: () => void dirty.push("init"),
      mark: (event) => void dirty.push(event.object.id),
      act() {
        batches.push(dirty);
        dirty = [];
        acted();
        return Promise.resolve(undefined);
      },
    };
    const first = next();
    const run = runController(controller, { store, clock: systemClock }, abort.signal);
    await first;
    const second = next();
    raft.hold();
    const writes = ["a", "b"].map((id) => store.update((tx) => tx.create("node", aNode(id))));
    raft.release();
    await Promise.all([...writes, second]);
    await store.update((tx) => tx.create("secret", aSecret("s")));
    assert.deepEqual(dirty, [], "a kind it does not look at is no concern of its");
    abort.abort();
    await run;
    assert.deepEqual(batches, [["init"], ["a", "b"]]);
  });

  it("comes back by itself when the controller asked for it", async () => {
    const store = new Store({ clock: systemClock, random: new SeededRandom(1) });
    const abort = new AbortController();
    let calls = 0;
    const controller: Controller = {
      name: "test",
      kinds: ["node"],
      init: () => {},
      mark: () => {},
      act: () => {
        if (++calls === 3) abort.abort();
        return Promise.resolve(1);
      },
    };
    await runController(controller, { store, clock: systemClock }, abort.signal);
    assert.equal(calls, 3);
  });
});
