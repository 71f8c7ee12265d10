import assert from "node:assert/strict";
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { cancelled } from "../../lib/abort.ts";
import { isSwarmError, SwarmError } from "../../lib/errors.ts";
import type { Call, Caller } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import { LogBrokerService, LogsService, type LogBrokerApi } from "../../proto/generated.ts";
import type { LogsApi } from "../../proto/generated.ts";
import { RpcConnection } from "../../proto/rpc-client.ts";
import { serve } from "../../proto/rpc-server.ts";

const CALLER: Caller = { nodeId: "n1", role: "manager", clusterId: "c1", addr: "127.0.0.1" };

describe("rpc", () => {
  let server: Server;
  let connection: RpcConnection;
  let seen: AbortSignal | undefined;
  const controller = new AbortController();
  const call: Call = { signal: controller.signal, caller: CALLER };

  const logs: LogsApi = {
    async *subscribeLogs(request, context) {
      if (request.selector?.taskIds[0] === "none") {
        throw new SwarmError("not-found", "task none not found", { details: { task: "none" } });
      }
      seen = context.signal;
      for (let i = 0; i < 500; i++) {
        yield make("SubscribeLogsMessage", {
          messages: [make("LogMessage", { data: new Uint8Array(4096) })],
        });
      }
      await new Promise((_, reject) => {
        context.signal.addEventListener("abort", () => reject(context.signal.reason));
      });
    },
  };
  const broker: LogBrokerApi = {
    listenSubscriptions: () => assert.fail("not called"),
    async publishLogs(requests) {
      let lines = 0;
      for await (const request of requests) lines += request.messages.length;
      if (lines !== 300) throw new SwarmError("invalid", `got ${lines} lines`);
      return make("PublishLogsResponse");
    },
  };

  before(async () => {
    server = new Server();
    const hooks = {
      authorize: () => CALLER,
      onError: (error: unknown) => assert.fail(String(error)),
    };
    serve(server, LogsService, logs, hooks);
    serve(server, LogBrokerService, broker, hooks);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    connection = new RpcConnection({
      addr: `127.0.0.1:${port}`,
      credentials: credentials.createInsecure(),
      now: () => performance.timeOrigin + performance.now(),
    });
  });

  after(() => {
    connection.close();
    server.forceShutdown();
  });

  it("carries an error's code, text and details", async () => {
    const request = make("SubscribeLogsRequest", {
      selector: make("LogSelector", { taskIds: ["none"] }),
    });
    const stream = connection.api(LogsService).subscribeLogs(request, call);
    await assert.rejects(
      async () => {
        for await (const _ of stream) assert.fail("nothing to read");
      },
      (error) =>
        isSwarmError(error, "not-found") &&
        error.message === "task none not found" &&
        error.details["task"] === "none",
    );
  });

  it("tells the server when the reader leaves a stream", async () => {
    let count = 0;
    const stream = connection.api(LogsService).subscribeLogs(make("SubscribeLogsRequest"), call);
    for await (const _ of stream) if (++count === 500) break;
    assert.equal(count, 500);
    if (!seen!.aborted) await new Promise((resolve) => seen!.addEventListener("abort", resolve));
    assert.ok(isSwarmError(seen!.reason, "cancelled"));
  });

  it("streams requests to the server", async () => {
    async function* lines() {
      for (let i = 0; i < 300; i++)
        yield make("PublishLogsMessage", { messages: [make("LogMessage")] });
    }
    await connection.api(LogBrokerService).publishLogs(lines(), call);
  });

  it("says of a failed call whether it ever went out", async () => {
    const dying = new Server();
    const services: LogBrokerApi = { ...broker, publishLogs: () => hang() };
    const hang = () => new Promise<never>(() => setImmediate(() => dying.forceShutdown()));
    const hooks = { authorize: () => CALLER, onError: () => {} };
    serve(dying, LogBrokerService, services, hooks);
    const port = await new Promise<number>((resolve, reject) => {
      dying.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    const lost = new RpcConnection({
      addr: `127.0.0.1:${port}`,
      credentials: credentials.createInsecure(),
      now: () => performance.timeOrigin + performance.now(),
    });
    async function* nothing() {}
    const attempt = () => lost.api(LogBrokerService).publishLogs(nothing(), call);
    const sent = (wanted: string | undefined) => (error: unknown) =>
      isSwarmError(error) && error.details["sent"] === wanted;
    await assert.rejects(attempt(), sent(undefined));
    await assert.rejects(attempt(), sent("no"));
    lost.close();
  });

  it("rejects with the caller's reason when it aborts", async () => {
    const own = new AbortController();
    const stream = connection
      .api(LogsService)
      .subscribeLogs(make("SubscribeLogsRequest"), { ...call, signal: own.signal });
    await assert.rejects(
      async () => {
        for await (const _ of stream) own.abort(cancelled("enough"));
      },
      (error) => isSwarmError(error, "cancelled"),
    );
  });
});
