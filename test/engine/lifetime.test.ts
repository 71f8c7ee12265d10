import assert from "node:assert/strict";
import http from "node:http";
import type { Duplex } from "node:stream";
import { abortable } from "../../lib/abort.ts";
import { SwarmError } from "../../lib/errors.ts";
import { SimClock } from "../fakes/sim-clock.ts";
import { Rig } from "./rig.ts";

describe("the life of a request", () => {
  let rig: Rig;
  afterEach(() => rig.close());

  /** Makes the next listNodes wait; resolves with its end when it has begun. */
  function holdNodes(): { readonly begun: Promise<AbortSignal>; readonly release: () => void } {
    let release = (): void => {};
    const begun = new Promise<AbortSignal>((resolve) => {
      rig.control.listNodes = async (_, { signal }) => {
        const held = new Promise<void>((done) => {
          release = done;
        });
        resolve(signal);
        await abortable(held, signal);
        return { nodes: [], next: "" };
      };
    });
    return { begun, release: () => release() };
  }

  it("ends after Docker's 20 seconds with Docker's text", async () => {
    const clock = new SimClock();
    rig = await Rig.open({ clock });
    rig.node.activate();
    const { begun } = holdNodes();
    const reply = rig.get("/nodes");
    await begun;
    await clock.advance(19_999);
    const early = await Promise.race([reply, Promise.resolve("waiting")]);
    assert.equal(early, "waiting");
    await clock.advance(1);
    assert.equal((await reply).status, 504);
    assert.match((await reply).message(), /context deadline exceeded$/);
  });

  it("tells a slow join to look at the state instead", async () => {
    const clock = new SimClock();
    rig = await Rig.open({ clock });
    rig.node.joinHangs = true;
    const begun = new Promise<void>((resolve) => {
      const { joins } = rig.node;
      joins.push = (...items) => {
        resolve();
        return joins.unshift(...items);
      };
    });
    const reply = rig.post("/swarm/join", {
      ListenAddr: "0.0.0.0",
      RemoteAddrs: ["10.0.0.1"],
      JoinToken: "t",
    });
    await begun;
    await clock.advance(20_000);
    assert.equal((await reply).status, 503);
    assert.match((await reply).message(), /^Timeout was reached before node joined\./);
  });

  it("stops the work of a client that went away", async () => {
    rig = await Rig.open();
    rig.node.activate();
    const { begun } = holdNodes();
    const request = http.get({ socketPath: rig.socketPath, path: "/nodes", agent: false });
    request.on("error", () => {});
    const signal = await begun;
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    request.destroy();
    await aborted;
  });

  it("finishes running requests when it closes, and takes no more", async () => {
    rig = await Rig.open();
    rig.node.activate();
    const { begun, release } = holdNodes();
    const reply = rig.request("GET", "/nodes", undefined, { Connection: "keep-alive" });
    await begun;
    const closing = rig.close();
    await assert.rejects(rig.get("/_ping"));
    release();
    assert.equal((await reply).status, 200);
    assert.equal((await reply).headers.connection, "close");
    await closing;
  });

  it("shows no detail of a bug", async () => {
    rig = await Rig.open();
    rig.node.activate();
    rig.control.listNodes = async () => {
      throw new TypeError("secret internals");
    };
    const reply = await rig.get("/nodes");
    assert.equal(reply.status, 500);
    assert.equal(reply.message(), "internal error; see the log of swarmd");
  });

  it("gives every refusal of the cluster Docker's status", async () => {
    rig = await Rig.open();
    rig.node.activate();
    const cases = [
      ["invalid", 400, "rpc error: code = InvalidArgument desc = x"],
      ["failed-precondition", 400, "rpc error: code = FailedPrecondition desc = x"],
      ["not-found", 404, "x"],
      ["exists", 409, "rpc error: code = AlreadyExists desc = x"],
      ["denied", 403, "rpc error: code = PermissionDenied desc = x"],
      ["unimplemented", 501, "rpc error: code = Unimplemented desc = x"],
      ["unavailable", 503, "x"],
      ["out-of-sequence", 500, "rpc error: code = Unknown desc = update out of sequence"],
    ] as const;
    for (const [code, status, message] of cases) {
      rig.control.listNodes = async () => {
        throw new SwarmError(code, "x");
      };
      const reply = await rig.get("/nodes");
      assert.equal(reply.status, status);
      assert.equal(reply.message(), message);
    }
  });

  it("leaves what is not the swarm's to a local engine", async () => {
    const seen: string[] = [];
    rig = await Rig.open({
      passthrough: {
        apiVersion: 1041,
        greet: () => Promise.resolve(),
        call: () => Promise.resolve({ status: 404, body: { message: "no" } }),
        async *stream() {},
        async request(request, response) {
          for await (const chunk of request) seen.push(String(chunk));
          response.end(`local ${request.url}`);
        },
        upgrade(request, socket: Duplex) {
          socket.end(`HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhi`);
          seen.push(String(request.url));
        },
      },
    });
    const list = await rig.get("/v1.41/containers/json?all=1");
    assert.equal(list.text, "local /v1.41/containers/json?all=1");
    const created = await rig.post("/containers/create", { Image: "x" });
    assert.equal(created.text, "local /containers/create");
    assert.deepEqual(seen, ['{"Image":"x"}']);
    assert.equal((await rig.get("/_ping")).headers["api-version"], "1.41");
    // Newer requests are understood all the same: the swarm's part does not depend on the engine.
    assert.equal((await rig.get("/v1.42/nodes")).status, 503);
    const upgraded = new Promise<string>((resolve, reject) => {
      const headers = { Connection: "Upgrade", Upgrade: "tcp" };
      const path = "/exec/1/start";
      const request = http.request({ socketPath: rig.socketPath, method: "POST", path, headers });
      request.on("upgrade", (_, socket, head) => {
        socket.destroy();
        resolve(String(head));
      });
      request.on("error", reject);
      request.end();
    });
    assert.equal(await upgraded, "hi");
    assert.equal(seen.at(-1), "/exec/1/start");
  });
});
