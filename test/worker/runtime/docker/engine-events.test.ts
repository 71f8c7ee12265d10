import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import pino from "pino";
import { EngineEvents } from "../../../../worker/runtime/docker/engine-events.ts";
import { SimClock } from "../../../fakes/sim-clock.ts";

const REFUSED = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });

describe("events of an engine", () => {
  it("tells the log once of an engine that is away, and again of the next time", async () => {
    const clock = new SimClock();
    const warnings: string[] = [];
    const log = pino({ level: "warn" }, { write: (line) => void warnings.push(line) });
    let stream: PassThrough | null = null;
    const getEvents = () => (stream ? Promise.resolve(stream) : Promise.reject(REFUSED));
    const docker = { getEvents } as unknown as Docker;
    const events = new EngineEvents("n1", { docker, clock, log });
    let looks = 0;
    events.subscribe("t1", () => looks++);
    const end = new AbortController();
    const running = events.run(end.signal).catch((reason: unknown) => {
      if (!end.signal.aborted) throw reason;
    });
    await clock.advance(30_000);
    assert.ok(looks > 20, "it is asked for again all the while");
    assert.equal(warnings.length, 1);
    stream = new PassThrough();
    await clock.advance(1_000);
    assert.equal(events.connected, true);
    const first = stream;
    stream = null;
    first.end();
    await new Promise((resolve) => first.once("close", resolve));
    await clock.advance(10_000);
    assert.equal(events.connected, false);
    assert.equal(warnings.length, 2);
    end.abort();
    await running;
    assert.equal(clock.pending, 0, "no timer is left");
  });
});
