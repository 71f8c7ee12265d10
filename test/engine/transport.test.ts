import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { Rig } from "./rig.ts";

describe("HTTP transport", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.open();
  });
  afterEach(() => rig.close());

  it("answers pings without a swarm, with the headers clients negotiate by", async () => {
    const reply = await rig.get("/_ping");
    assert.equal(reply.status, 200);
    assert.equal(reply.text, "OK");
    assert.equal(reply.headers["api-version"], "1.47");
    assert.equal(reply.headers["ostype"], "linux");
    assert.equal(reply.headers["docker-experimental"], "false");
    assert.equal(reply.headers["server"], "Docker/0.1.0 (linux)");
    assert.equal(reply.headers["swarm"], "inactive");
    assert.equal(reply.headers["cache-control"], "no-cache, no-store, must-revalidate");
    const head = await rig.request("HEAD", "/_ping");
    assert.equal(head.status, 200);
    assert.equal(head.text, "");
    rig.node.activate();
    assert.equal((await rig.get("/v1.41/_ping")).headers["swarm"], "active/manager");
  });

  it("answers an unknown path, method or version form with page not found", async () => {
    for (const [method, path] of [
      ["GET", "/nope"],
      ["PUT", "/nodes"],
      ["POST", "/nodes/x"],
      ["GET", "/vX/nodes"],
      ["GET", "//nodes"],
      ["GET", "/nodes/%zz"],
    ] as const) {
      const reply = await rig.request(method, path);
      assert.equal(reply.status, 404, `${method} ${path}`);
      assert.equal(reply.message(), "page not found");
    }
  });

  it("takes an empty name for no name at all, never for a prefix of every name", async () => {
    rig.node.activate();
    rig.control.putNode({ hostname: "only" });
    for (const method of ["GET", "DELETE"])
      assert.equal((await rig.request(method, "/nodes/")).message(), "page not found");
    assert.equal(rig.control.nodes.rows.size, 1);
  });

  it("refuses API versions out of range", async () => {
    const late = await rig.get("/v1.99/nodes");
    assert.equal(late.status, 400);
    assert.equal(
      late.message(),
      "client version 1.99 is too new. Maximum supported API version is 1.47",
    );
    const early = await rig.get("/v1.10/nodes");
    assert.equal(
      early.message(),
      "client version 1.10 is too old. Minimum supported API version is 1.24, " +
        "please upgrade your client to a newer version",
    );
  });

  it("says why this node cannot answer for the cluster", async () => {
    for (const path of ["/swarm", "/nodes", "/services", "/tasks", "/secrets", "/configs"]) {
      const reply = await rig.get(path);
      assert.equal(reply.status, 503, path);
      assert.match(reply.message(), /^This node is not a swarm manager\. Use "docker swarm init"/);
    }
    rig.node.state = { ...rig.node.state, state: "active" };
    assert.match((await rig.get("/nodes")).message(), /Worker nodes can't be used to view/);
    rig.node.state = { ...rig.node.state, state: "pending" };
    assert.match((await rig.get("/nodes")).message(), /is starting, or joining a swarm, right now/);
    rig.node.state = { ...rig.node.state, state: "locked" };
    assert.match((await rig.get("/services/x")).message(), /^Swarm is encrypted and needs to be/);
  });

  it("takes JSON only, with keys in any case, and ignores what it does not know", async () => {
    const plain = await rig.post("/swarm/init", "ListenAddr=1", { "Content-Type": "text/plain" });
    assert.equal(plain.status, 400);
    assert.equal(
      plain.message(),
      "unsupported Content-Type header (text/plain): must be 'application/json'",
    );
    const broken = await rig.post("/swarm/init", "{");
    assert.equal(broken.status, 400);
    const wrong = await rig.post("/swarm/init", { ListenAddr: 7 });
    assert.equal(wrong.status, 400);
    assert.equal(wrong.message(), "invalid JSON: ListenAddr must be a string");
    const reply = await rig.post("/swarm/init", {
      listenaddr: "127.0.0.1:4500",
      AcceptancePolicy: { Policies: [] },
      SPEC: null,
    });
    assert.equal(reply.status, 200);
    assert.deepEqual(rig.node.inits[0]?.listen, { host: "127.0.0.1", port: 4500 });
  });

  it("refuses a body above its bound", async () => {
    const reply = await rig.post("/swarm/init", { ListenAddr: "x".repeat(5 * 1024 * 1024) });
    assert.equal(reply.status, 413);
  });

  it("keeps its socket from everybody but owner and group", async () => {
    assert.equal((await stat(rig.socketPath)).mode & 0o777, 0o660);
  });

  it("ends JSON with a newline and a length", async () => {
    const reply = await rig.get("/version");
    assert.ok(reply.text.endsWith("}\n"));
    assert.equal(Number(reply.headers["content-length"]), reply.bytes.byteLength);
    assert.equal(reply.headers["content-type"], "application/json");
  });
});
