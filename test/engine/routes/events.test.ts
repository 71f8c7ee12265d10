import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { NodeAvailability } from "../../../proto/generated.ts";
import { SwarmError } from "../../../lib/errors.ts";
import { SimClock } from "../../fakes/sim-clock.ts";
import { Rig } from "../rig.ts";

interface Event {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Record<string, string> };
}

const SPEC = { Name: "web", TaskTemplate: { ContainerSpec: { Image: "nginx" } } };

/** Reads a stream of lines one at a time. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of response) {
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function next(lines: AsyncGenerator<string>): Promise<Event> {
  const { value, done } = await lines.next();
  assert.ok(!done);
  return JSON.parse(value as string) as Event;
}

describe("/events", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.open();
    rig.node.activate();
  });
  afterEach(() => rig.close());

  it("prints one line for each change, with what changed", async () => {
    const lines = linesOf(await rig.stream("/events"));
    const { ID } = (await rig.post("/services/create", SPEC)).json() as { ID: string };
    const first = (await lines.next()).value as string;
    const { time, ...event } = JSON.parse(first) as Event & { time: number; timeNano: number };
    assert.match(first, new RegExp(`"time":${time},"timeNano":${time}\\d{9}}$`));
    assert.deepEqual(event, {
      Type: "service",
      Action: "create",
      Actor: { ID, Attributes: { name: "web" } },
      scope: "swarm",
      timeNano: event.timeNano,
    });
    const more = {
      ...SPEC,
      TaskTemplate: { ContainerSpec: { Image: "nginx:2" } },
      Mode: { Replicated: { Replicas: 4 } },
    };
    const { index = 0 } = rig.control.services.find(ID).meta?.version ?? {};
    await rig.post(`/services/${ID}/update?version=${index}`, more);
    assert.deepEqual((await next(lines)).Actor.Attributes, {
      name: "web",
      "image.old": "nginx",
      "image.new": "nginx:2",
      "replicas.old": "1",
      "replicas.new": "4",
    });
    const node = rig.control.putNode({ hostname: "w1" });
    assert.equal((await next(lines)).Type, "node");
    const availability = NodeAvailability.DRAIN;
    const spec = node.spec && { ...node.spec, availability };
    rig.control.putNode({ ...node, hostname: "w1", spec });
    assert.deepEqual((await next(lines)).Actor.Attributes, {
      name: "w1",
      "availability.old": "active",
      "availability.new": "drain",
    });
    await rig.request("DELETE", `/services/${ID}`);
    assert.equal((await next(lines)).Action, "remove");
  });

  it("filters by type, action and object, and leaves tasks out", async () => {
    const filters = { type: ["secret", "service"], event: { create: true } };
    const query = encodeURIComponent(JSON.stringify(filters));
    const lines = linesOf(await rig.stream(`/events?filters=${query}`));
    const named = encodeURIComponent(JSON.stringify({ service: ["web"] }));
    const ofWeb = linesOf(await rig.stream(`/events?filters=${named}`));
    await rig.post("/configs/create", { Name: "c", Data: "eA==" });
    await rig.post("/services/create", SPEC);
    rig.control.putTask(rig.control.services.find("web"));
    await rig.request("DELETE", "/services/web");
    await rig.post("/secrets/create", { Name: "s", Data: "eA==" });
    assert.equal((await next(lines)).Actor.Attributes["name"], "web");
    assert.equal((await next(lines)).Actor.Attributes["name"], "s");
    assert.equal((await next(ofWeb)).Action, "create");
    assert.equal((await next(ofWeb)).Action, "remove");
  });

  it("ends at the time asked for, and at once when that has passed", async () => {
    const reply = await rig.get("/events?since=1&until=2");
    assert.equal(reply.status, 200);
    assert.equal(reply.text, "");
    assert.equal((await rig.get("/events?until=soon")).status, 400);
  });

  it("watches the cluster once for all clients, and again after the watch broke", async () => {
    const streams = [await rig.stream("/events"), await rig.stream("/events")];
    assert.equal(rig.control.watchers, 1);
    const ended = streams.map(
      (stream) =>
        new Promise((resolve) =>
          stream
            .on("error", () => {})
            .resume()
            .once("close", resolve),
        ),
    );
    rig.control.failWatches(new SwarmError("lagged", "too slow"));
    await Promise.all(ended);
    const lines = linesOf(await rig.stream("/events"));
    await rig.post("/services/create", SPEC);
    assert.equal((await next(lines)).Action, "create");
    assert.equal(rig.control.watchers, 1);
  });

  it("lets go of the watch when this node stops being a manager", async () => {
    await rig.get("/nodes");
    assert.equal(rig.control.watchers, 1);
    rig.node.state = { ...rig.node.state, controlAvailable: false };
    const reply = await rig.get("/events?until=1");
    assert.equal(reply.status, 200);
    assert.equal(reply.text, "");
    assert.equal(rig.control.watchers, 0);
  });

  it("keeps the latest 256 events for those who ask for the past", async () => {
    await rig.close();
    const clock = new SimClock();
    rig = await Rig.open({ clock });
    rig.node.activate();
    const from = clock.now() / 1000;
    for (let i = 0; i < 256; i++) rig.control.putNode({ hostname: `early${i}` });
    await rig.get("/_ping");
    for (let i = 0; i < 256; i++) rig.control.putNode({ hostname: `n${i}` });
    await rig.get("/_ping");
    await clock.advance(10_000);
    rig.control.putNode({ hostname: "late" });
    await rig.get("/_ping");
    await clock.advance(10_000);
    const seen = async (query: string): Promise<string[]> => {
      const lines = (await rig.get(`/events?${query}`)).text.split("\n");
      return lines
        .filter((line) => line !== "")
        .map((line) => (JSON.parse(line) as Event).Actor.Attributes["name"] ?? "");
    };
    const early = await seen(`since=${from}&until=${from + 5}`);
    assert.equal(early.length, 255);
    assert.equal(early[0], "n1");
    assert.deepEqual(await seen(`since=${from + 5}&until=${from + 15}.5`), ["late"]);
    assert.deepEqual(await seen(`since=${from + 15}&until=${from + 20}`), []);
    const lines = linesOf(await rig.stream(`/events?since=${from + 5}`));
    rig.control.putNode({ hostname: "now" });
    assert.equal((await next(lines)).Actor.Attributes["name"], "late");
    assert.equal((await next(lines)).Actor.Attributes["name"], "now");
  });
});
