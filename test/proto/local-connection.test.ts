import assert from "node:assert/strict";
import { cancelled } from "../../lib/abort.ts";
import { isSwarmError, SwarmError, type ErrorCode } from "../../lib/errors.ts";
import type { Call, Caller } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import { LogBrokerService, type LogBrokerApi } from "../../proto/generated.ts";
import { LocalConnection } from "../../proto/local-connection.ts";
import type { RpcService } from "../../proto/method.ts";
import type { Incoming } from "../../proto/rpc-server.ts";
import { eventually } from "../fakes/eventually.ts";

const CERTIFICATE = Buffer.from("the node's own");
const PROVEN: Caller = { nodeId: "n1", role: "manager", clusterId: "c1", addr: "10.0.0.1" };
/** Whom a caller says it is; nobody believes it. */
const CLAIMED: Caller = { nodeId: "n2", role: "worker", clusterId: "c1", addr: "" };

const withCode = (code: ErrorCode) => (error: unknown) => isSwarmError(error, code);
const never = new Promise<never>(() => {});

describe("local connection", () => {
  let caller: Caller | undefined;
  let seen: AbortSignal | undefined;
  let ended: boolean;
  let told: unknown[];
  let incoming: Incoming[];
  let refusal: SwarmError | undefined;
  let publish: LogBrokerApi["publishLogs"];
  let server: AbortController;
  let connection: LocalConnection;
  let own: AbortController;

  const broker: LogBrokerApi = {
    async *listenSubscriptions(_request, call) {
      caller = call.caller;
      seen = call.signal;
      try {
        for (;;) yield make("SubscriptionMessage", { id: "s1" });
      } finally {
        ended = true;
      }
    },
    publishLogs: (requests, call) => publish(requests, call),
  };

  const api = (): LogBrokerApi => connection.api(LogBrokerService);
  const call = (): Call => ({ signal: own.signal, caller: CLAIMED });
  async function* nothing() {}

  beforeEach(() => {
    [caller, seen, refusal, ended] = [undefined, undefined, undefined, false];
    [told, incoming] = [[], []];
    publish = () => Promise.resolve(make("PublishLogsResponse"));
    [server, own] = [new AbortController(), new AbortController()];
    const authorize = (call_: Incoming): Caller => {
      incoming.push(call_);
      if (refusal) throw refusal;
      return PROVEN;
    };
    const hooks = { authorize, onError: (error: unknown) => void told.push(error) };
    const find = <Api>(service: RpcService<Api>): Api => {
      assert.equal(service, LogBrokerService);
      return broker as Api;
    };
    const peer = { certificate: CERTIFICATE, addr: "10.0.0.1" };
    connection = new LocalConnection(peer, { hooks, find }, server.signal);
  });

  it("has each call checked by the node's certificate, whoever the caller says it is", async () => {
    for await (const { id } of api().listenSubscriptions({ sessionId: "" }, call())) {
      assert.equal(id, "s1");
      break;
    }
    assert.equal(caller, PROVEN);
    const [{ certificate, addr, path } = assert.fail("no call was checked")] = incoming;
    assert.deepEqual([certificate, addr], [CERTIFICATE, "10.0.0.1"]);
    assert.equal(path, "/skep.v1.LogBroker/ListenSubscriptions");
  });

  it("hands nothing to a service when the check refuses the caller", async () => {
    refusal = new SwarmError("denied", "not you");
    publish = () => assert.fail("the call was refused");
    await assert.rejects(api().publishLogs(nothing(), call()), withCode("denied"));
    const stream = api().listenSubscriptions({ sessionId: "" }, call());
    await assert.rejects(async () => {
      for await (const _ of stream) assert.fail("nothing to read");
    }, withCode("denied"));
    assert.deepEqual(told, []);
  });

  it("tells the service when the reader leaves a stream", async () => {
    let count = 0;
    for await (const _ of api().listenSubscriptions({ sessionId: "" }, call()))
      if (++count === 3) break;
    assert.ok(isSwarmError(seen?.reason, "cancelled"));
    await eventually("the service has ended the stream", () => ended);
  });

  it("rejects at once when its caller gives up, whatever the service waits for", async () => {
    publish = () => never;
    const given = api().publishLogs(nothing(), call());
    const reason = cancelled("enough");
    own.abort(reason);
    await assert.rejects(given, (error) => error === reason);
  });

  it("ends every call when it is closed or the server stops, also one that waits for input", async () => {
    async function* silent() {
      await never;
      yield make("PublishLogsMessage");
    }
    publish = async (requests) => {
      for await (const _ of requests) assert.fail("nothing comes");
      return make("PublishLogsResponse");
    };
    const stopped = api().publishLogs(silent(), call());
    server.abort(new SwarmError("unavailable", "this manager is stopping"));
    await assert.rejects(stopped, withCode("unavailable"));
    await assert.rejects(api().publishLogs(nothing(), call()), withCode("unavailable"));
    connection.close();
    assert.deepEqual(told, []);
  });

  it("streams requests to the service", async () => {
    let lines = 0;
    publish = async (requests) => {
      for await (const { messages } of requests) lines += messages.length;
      return make("PublishLogsResponse");
    };
    async function* requests() {
      for (let i = 0; i < 300; i++)
        yield make("PublishLogsMessage", { messages: [make("LogMessage")] });
    }
    await api().publishLogs(requests(), call());
    assert.equal(lines, 300);
  });

  it("passes errors with their code on, and a bug as an internal error that is told", async () => {
    publish = () => Promise.reject(new SwarmError("exhausted", "too many"));
    await assert.rejects(api().publishLogs(nothing(), call()), withCode("exhausted"));
    assert.deepEqual(told, []);
    const bug = new TypeError("undefined is not a function");
    publish = () => Promise.reject(bug);
    await assert.rejects(api().publishLogs(nothing(), call()), withCode("internal"));
    assert.deepEqual(told, [bug]);
  });
});
