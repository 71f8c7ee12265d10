import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { cancelled } from "../../../../lib/abort.ts";
import { isSwarmError, SwarmError } from "../../../../lib/errors.ts";
import type { EventListener } from "../../../../worker/runtime/docker/engine-events.ts";
import { Stops } from "../../../../worker/runtime/docker/stops.ts";
import { SimClock } from "../../../fakes/sim-clock.ts";

const { signal } = new AbortController();
/** Rooms of one CPU. */
const ROOMS = 5;

describe("stops", () => {
  let clock: SimClock;
  let stops: Stops;
  let listeners: Map<string, EventListener>;
  /** Stops under way, and what ends them. */
  let under: Map<string, { readonly resolve: () => void; readonly reject: (e: unknown) => void }>;

  const stop = (id: string, until = signal): Promise<void> =>
    stops.run(
      id,
      () => new Promise((resolve, reject) => void under.set(id, { resolve, reject })),
      until,
    );
  const begun = (): string[] => [...under.keys()];
  const all = (count: number): Promise<void>[] =>
    Array.from({ length: count }, (_, i) => stop(`t${i}`));

  beforeEach(() => {
    clock = new SimClock();
    listeners = new Map();
    under = new Map();
    const subscribe = (id: string, listener: EventListener): (() => void) => {
      listeners.set(id, listener);
      return () => listeners.delete(id);
    };
    stops = new Stops(1, { clock, events: { subscribe } });
  });

  it("stops a few at a time, and the next when one has stopped", async () => {
    const waiting = all(ROOMS + 2);
    await setImmediate();
    assert.equal(begun().length, ROOMS);
    under.get("t1")?.resolve();
    await waiting[1];
    await setImmediate();
    assert.equal(begun().length, ROOMS + 1);
    under.get("t0")?.resolve();
    await waiting[0];
    await setImmediate();
    assert.equal(begun().length, ROOMS + 2);
    for (const { resolve } of under.values()) resolve();
    await Promise.all(waiting);
    assert.equal(clock.pending, 0);
    assert.equal(listeners.size, 0);
  });

  it("keeps none waiting for another's grace period", async () => {
    const waiting = all(ROOMS + 1);
    await clock.advance(1_000);
    assert.equal(begun().length, ROOMS, "an engine that has not sent the signals is busy");
    listeners.get("t3")?.("kill");
    await clock.advance(1_000);
    assert.equal(begun().length, ROOMS + 1);
    for (const { resolve } of under.values()) resolve();
    await Promise.all(waiting);
  });

  it("gives an engine time to clear away what has ended, but not for ever", async () => {
    const waiting = all(ROOMS + 1);
    await setImmediate();
    for (const listener of listeners.values()) listener("die");
    await clock.advance(1_000);
    assert.equal(begun().length, ROOMS);
    await clock.advance(10_000);
    assert.equal(begun().length, ROOMS + 1);
    for (const { resolve } of under.values()) resolve();
    await Promise.all(waiting);
  });

  it("fails as the stop fails, and goes on with the next", async () => {
    const [first, ...others] = all(ROOMS + 1);
    await setImmediate();
    under.get("t0")?.reject(new SwarmError("not-found", "no such container"));
    await assert.rejects(first ?? Promise.resolve(), (error) => isSwarmError(error, "not-found"));
    await setImmediate();
    assert.equal(begun().length, ROOMS + 1);
    for (const { resolve } of under.values()) resolve();
    await Promise.all(others);
  });

  it("lets go who does not want to stop any more", async () => {
    const leave = new AbortController();
    const waiting = all(ROOMS);
    const left = stop("late", leave.signal);
    leave.abort(cancelled("enough"));
    await assert.rejects(left, (error) => isSwarmError(error, "cancelled"));
    for (const { resolve } of under.values()) resolve();
    await Promise.all(waiting);
    assert.ok(!under.has("late"));
  });
});
