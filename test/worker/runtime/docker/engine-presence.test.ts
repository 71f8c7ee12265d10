import assert from "node:assert/strict";
import { SwarmError } from "../../../../lib/errors.ts";
import { silentLog } from "../../../../lib/log.ts";
import { EnginePresence } from "../../../../worker/runtime/docker/engine-presence.ts";
import { SimClock } from "../../../fakes/sim-clock.ts";

const REFUSED = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
const LOST = /^the Docker Engine of the node has not answered for 40 s$/;

describe("an engine's presence", () => {
  const never = (): Promise<never> => new Promise(() => {});
  let clock: SimClock;
  let presence: EnginePresence;
  let ping: () => Promise<unknown>;
  let end: AbortController;
  let running: Promise<unknown>;

  beforeEach(() => {
    clock = new SimClock();
    ping = () => Promise.resolve("OK");
    presence = new EnginePresence({ docker: { ping: () => ping() }, clock, log: silentLog });
    end = new AbortController();
    running = presence.run(end.signal).catch((error: unknown) => {
      if (!end.signal.aborted) throw error;
    });
  });
  afterEach(async () => {
    end.abort();
    await running;
    assert.equal(clock.pending, 0, "no timer is left");
  });

  for (const [how, silence] of [
    ["refuses connections", () => Promise.reject(REFUSED)],
    ["is frozen", never],
  ] as const)
    it(`ends some time after it ${how}, and comes back with its first answer`, async () => {
      await clock.advance(60_000);
      assert.equal(presence.isAway, false);
      ping = silence;
      await clock.advance(9_000);
      assert.equal(presence.isAway, false, "a restart is no loss");
      await clock.advance(16_000);
      assert.equal(presence.isAway, true);
      ping = () => Promise.resolve("OK");
      await clock.advance(10_000);
      assert.equal(presence.isAway, false);
      assert.equal(await presence.unlessLost(() => Promise.resolve(1), end.signal), 1);
    });

  it("breaks off what waits for an engine that is lost, and refuses what comes later", async () => {
    ping = () => Promise.reject(REFUSED);
    let reason: unknown;
    const waiting = presence.unlessLost((signal) => {
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject((reason = signal.reason)));
      });
    }, end.signal);
    const refused = assert.rejects(waiting, { code: "failed-precondition", message: LOST });
    await clock.advance(30_000);
    assert.equal(reason, undefined, "not yet: the managers are still being told");
    await clock.advance(20_000);
    await refused;
    const later = presence.unlessLost(() => assert.fail("not begun"), end.signal);
    await assert.rejects(later, (error) => error instanceof SwarmError && LOST.test(error.message));
  });
});
