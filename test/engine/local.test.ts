import assert from "node:assert/strict";
import http from "node:http";
import type { Duplex } from "node:stream";
import { LocalEngine } from "../../engine/local/local-engine.ts";
import { silentLog } from "../../lib/log.ts";
import { FakeContainerEngine } from "../fakes/container-engine.ts";
import { Rig } from "./rig.ts";

const GREETING = new AbortController().signal;

/** Asks for an upgraded connection; resolves with it. */
function upgraded(socketPath: string, path: string, body: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const headers = { Connection: "Upgrade", Upgrade: "tcp", "Content-Length": body.length };
    const request = http.request({ socketPath, method: "POST", path, headers });
    request.on("upgrade", (_, socket, head) => {
      socket.unshift(head);
      resolve(socket);
    });
    request.on("error", reject);
    request.end(body);
  });
}

describe("a container engine behind the HTTP API", () => {
  let engine: FakeContainerEngine;
  let rig: Rig;

  beforeEach(async () => {
    engine = await FakeContainerEngine.open();
    const passthrough = new LocalEngine(engine.host, { log: silentLog });
    await passthrough.greet(GREETING);
    rig = await Rig.open({ passthrough });
    rig.node.activate();
  });
  afterEach(async () => {
    await rig.close();
    await engine.close();
  });

  it("answers what is not the swarm's, in no version newer than its own", async () => {
    const list = await rig.get("/v1.47/containers/json?all=1");
    assert.deepEqual(list.json(), [{ Id: "c1" }]);
    await rig.get("/v1.30/containers/json");
    const made = await rig.post("/containers/create?name=x", { Image: "i" });
    assert.deepEqual(made.json(), { Id: "c2" });
    assert.equal((await rig.get("/containers/nope/json")).status, 404);
    assert.deepEqual(engine.seen.slice(1, 4), [
      "GET /v1.41/containers/json?all=1",
      "GET /v1.30/containers/json",
      'POST /containers/create?name=x {"Image":"i"}',
    ]);
    assert.equal((await rig.get("/_ping")).headers["api-version"], "1.41");
  });

  it("takes over connections that ask for an upgrade, both ways and half-closed", async () => {
    const socket = await upgraded(rig.socketPath, "/v1.47/exec/1/start", "{}");
    let text = "";
    socket.on("data", (chunk) => {
      text += String(chunk);
      if (text.includes("head:{}") && !text.includes("echo")) socket.write("ls");
      if (text.includes("echo:ls")) socket.end();
    });
    await new Promise((resolve) => socket.once("end", resolve));
    assert.match(text, /^head:\{\}\n?echo:lsbye$/);
    assert.equal(engine.seen.at(-1), "upgrade /v1.41/exec/1/start");
  });

  it("has its networks beside the cluster's", async () => {
    await rig.post("/networks/create", { Name: "ov", Driver: "overlay" });
    const list = (await rig.get("/networks")).json() as { Name: string }[];
    assert.deepEqual(list.map(({ Name }) => Name).sort(), ["bridge", "ov"]);
    assert.deepEqual((await rig.get("/networks/bridge")).json(), { Id: "n1", Name: "bridge" });
    assert.equal((await rig.get("/networks/nope")).status, 404);
    const made = await rig.post("/networks/create", { Name: "b", Driver: "bridge" });
    assert.deepEqual(made.json(), { Id: "n2", Warning: "" });
    assert.equal((await rig.request("DELETE", "/networks/ov")).status, 204);
  });

  it("has networks that services name by its ids, if every node has them", async () => {
    const service = (id: string) => ({
      Name: "web",
      TaskTemplate: { ContainerSpec: { Image: "i" }, Networks: [{ Target: id.repeat(64) }] },
    });
    assert.equal((await rig.post("/services/create", service("a"))).status, 201);
    const { Spec: stored } = (await rig.get("/services/web")).json() as {
      readonly Spec: { readonly TaskTemplate: { readonly Networks: unknown } };
    };
    assert.deepEqual(stored.TaskTemplate.Networks, [{ Target: "host" }]);
    const refused = await rig.post("/services/create", service("b"));
    assert.equal(refused.status, 403);
    assert.match(refused.message(), /^The network mine cannot be used with services/);
    const unknown = { ...service("c"), Name: "other" };
    assert.equal((await rig.post("/services/create", unknown)).status, 201);
  });

  it("is described by /info and /version, in which the swarm is ours", async () => {
    const info = (await rig.get("/info")).json() as Record<string, { NodeID: string }>;
    assert.equal(info["Containers"], 1);
    assert.equal(info["Swarm"]?.NodeID, rig.node.state.nodeId);
    const version = (await rig.get("/version")).json() as { Components: { Name: string }[] };
    assert.deepEqual(
      version.Components.map(({ Name }) => Name),
      ["Engine", "Docker Engine"],
    );
  });

  it("adds its events to the swarm's", async () => {
    const past = await rig.get("/events?since=1&until=2");
    assert.deepEqual(past.json(), { Type: "container", Action: "start" });
    const swarm = await rig.get('/events?since=1&until=2&filters={"scope":["swarm"]}');
    assert.equal(swarm.text, "");
  });
});

describe("without a container engine", () => {
  let rig: Rig;
  afterEach(() => rig.close());

  for (const [name, passthrough, text] of [
    [
      "a dead socket",
      new LocalEngine("unix:///nowhere/d.sock", { log: silentLog }),
      /Start Docker/,
    ],
    ["none wanted", undefined, /--docker-host/],
  ] as const) {
    it(`says what is missing and what to do (${name})`, async () => {
      rig = await Rig.open({ passthrough });
      rig.node.activate();
      for (const path of ["/containers/json", "/v1.41/images/json", "/system/df"]) {
        const reply = await rig.get(path);
        assert.equal(reply.status, 503, path);
        assert.match(reply.message(), text);
      }
      const made = await rig.post("/containers/create", { Image: "i" });
      assert.equal(made.status, 503);
      // `docker inspect` goes on to the swarm's kinds after these.
      for (const path of ["/containers/x/json", "/images/x/json", "/volumes/x", "/networks/x"])
        assert.equal((await rig.get(path)).status, 404, path);
      assert.equal((await rig.get("/nope")).message(), "page not found");
      assert.equal((await rig.get("/networks")).text, "[]\n");
      assert.equal((await rig.get("/info")).status, 200);
      assert.equal((await rig.get("/services")).status, 200);
    });
  }
});
