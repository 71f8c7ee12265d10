import assert from "node:assert/strict";
import http from "node:http";
import type { Duplex } from "node:stream";
import { SwarmError } from "../../../lib/errors.ts";
import {
  encodeFrame,
  EXEC_FRAMES,
  EXEC_PAYLOAD_BYTES_MAX,
  FrameSplitter,
} from "../../../lib/frames.ts";
import { make } from "../../../proto/codec.ts";
import type { ReachApi, ReachAsk, ReachInput, ReachOutput } from "../../../proto/generated.ts";
import { Rig } from "../rig.ts";

/** Answers every ask as a test says and keeps what it was sent. */
class FakeReachApi implements ReachApi {
  ask: ReachAsk | undefined;
  readonly inputs: ReachInput[] = [];
  refusal: SwarmError | null = null;

  async *open(request: AsyncIterable<ReachInput>): AsyncIterable<ReachOutput> {
    const items = request[Symbol.asyncIterator]();
    const first = await items.next();
    if (first.done || first.value.kind !== "ask") throw new SwarmError("invalid", "no ask");
    this.ask = first.value.ask;
    if (this.refusal) throw this.refusal;
    if (this.ask.kind === "top") {
      const rows = [{ cells: ["1", "init"] }];
      yield {
        kind: "processes",
        processes: make("ReachProcesses", { titles: ["PID", "CMD"], rows }),
      };
      return;
    }
    yield { kind: "started", started: true };
    for (let next = await items.next(); !next.done; next = await items.next()) {
      const input = next.value;
      this.inputs.push(input);
      if (input.kind === "data") yield { kind: "stdout", stdout: input.data };
      if (input.kind === "end") break;
    }
    if (this.ask.kind === "exec") yield { kind: "exit", exit: 7 };
    else yield { kind: "end", end: true };
  }
}

describe("ways into tasks over HTTP", () => {
  let rig: Rig;
  let reach: FakeReachApi;
  let path: string;

  beforeEach(async () => {
    reach = new FakeReachApi();
    rig = await Rig.open({ reach: () => reach });
    rig.node.activate();
    const spec = { Name: "web", TaskTemplate: { ContainerSpec: { Image: "busybox" } } };
    assert.equal((await rig.post("/services/create", spec)).status, 201);
    const task = rig.control.putTask(rig.control.services.find("web"));
    path = `/skep/v1/tasks/${task.id}`;
  });
  afterEach(() => rig.close());

  /** Asks for the connection; its stream, or the status and text of the refusal. */
  function upgrade(
    where: string,
    body?: unknown,
  ): Promise<Duplex | { readonly status: number; readonly message: string }> {
    const text = body === undefined ? "" : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = http.request({
        socketPath: rig.socketPath,
        method: "POST",
        path: where,
        headers: {
          Connection: "Upgrade",
          Upgrade: "tcp",
          "Content-Length": Buffer.byteLength(text),
          "X-Skep-Client": "me@here",
        },
      });
      request.on("error", reject);
      request.on("upgrade", (_response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      request.on("response", (response) => {
        let json = "";
        response.on("data", (chunk) => (json += String(chunk)));
        response.on("end", () => {
          const { message } = JSON.parse(json) as { message: string };
          resolve({ status: response.statusCode ?? 0, message });
        });
      });
      request.end(text);
    });
  }

  it("runs a command over a connection of its own", async () => {
    const body = { Command: ["cat"], Env: ["A=b"], User: "nobody", Dir: "/tmp", Stdin: true };
    const socket = await upgrade(`${path}/exec`, { ...body, Tty: true, Rows: 30, Columns: 90 });
    assert.ok(!("status" in socket), JSON.stringify(socket));
    socket.write(encodeFrame(EXEC_FRAMES.stdin, Buffer.from("hello")));
    socket.write(encodeFrame(EXEC_FRAMES.resize, Buffer.from("50 132")));
    socket.write(encodeFrame(EXEC_FRAMES.end, Buffer.alloc(0)));
    const splitter = new FrameSplitter(EXEC_PAYLOAD_BYTES_MAX);
    const frames: [number, string][] = [];
    for await (const chunk of socket)
      for (const { type, payload } of splitter.push(chunk as Buffer))
        frames.push([type, String(payload)]);
    assert.deepEqual(frames, [
      [EXEC_FRAMES.stdout, "hello"],
      [EXEC_FRAMES.exit, "7"],
    ]);
    assert.ok(reach.ask?.kind === "exec");
    assert.equal(reach.ask.client, "me@here");
    const terminal = { rows: 30, columns: 90 };
    assert.deepEqual(
      { ...reach.ask.exec },
      { command: ["cat"], env: ["A=b"], user: "nobody", dir: "/tmp", stdin: true, terminal },
    );
    assert.deepEqual(reach.inputs[1], { kind: "resize", resize: { rows: 50, columns: 132 } });
  });

  it("makes a connection a port's, whose ends pass both ways", async () => {
    const socket = await upgrade(`${path}/dial?port=80`);
    assert.ok(!("status" in socket), JSON.stringify(socket));
    socket.end("ping");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    assert.equal(text, "ping");
    assert.ok(reach.ask?.kind === "dial" && reach.ask.dial.port === 80);
  });

  it("refuses with a status before anything is taken over", async () => {
    reach.refusal = new SwarmError("unavailable", "node n1 is away");
    assert.deepEqual(await upgrade(`${path}/exec`, { Command: ["ls"] }), {
      status: 503,
      message: "node n1 is away",
    });
    assert.equal(
      ((await upgrade("/skep/v1/tasks/nosuch/exec", {})) as { status: number }).status,
      404,
    );
    assert.equal(((await upgrade(`${path}/dial?port=x`)) as { status: number }).status, 400);
    assert.equal(((await upgrade("/nosuch")) as { status: number }).status, 404);
    const large = { Command: ["x".repeat(300 * 1024)] };
    assert.equal(((await upgrade(`${path}/exec`, large)) as { status: number }).status, 413);
    const plain = await rig.post(`${path}/exec`, { Command: ["ls"] });
    assert.equal(plain.status, 400);
    assert.match(plain.message(), /Connection: Upgrade/);
  });

  it("lists processes as docker does", async () => {
    const reply = await rig.get(`${path}/top`);
    assert.deepEqual(reply.json(), { Titles: ["PID", "CMD"], Processes: [["1", "init"]] });
  });
});
