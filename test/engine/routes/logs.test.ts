import assert from "node:assert/strict";
import { onAbort } from "../../../lib/abort.ts";
import { SwarmError } from "../../../lib/errors.ts";
import { make } from "../../../proto/codec.ts";
import {
  LogStream,
  type LogMessage,
  type LogsApi,
  type SubscribeLogsMessage,
  type SubscribeLogsRequest,
} from "../../../proto/generated.ts";
import { eventually } from "../../fakes/eventually.ts";
import { Rig, type RawReply } from "../rig.ts";

const ENDLESS_LINE_BYTES = 65_536;
/** Far more than all buffers between the log and its client hold. */
const UNREAD_LINES_MAX = 512;

/** Logs that say what they are told to, then end, fail or wait for the reader to go. */
class ScriptedLogs implements LogsApi {
  readonly requests: SubscribeLogsRequest[] = [];
  batches: SubscribeLogsMessage[] = [];
  failure: SwarmError | undefined;
  waits = false;
  /** Goes on with lines of {@link ENDLESS_LINE_BYTES} for as long as somebody takes them. */
  isEndless = false;
  /** Lines that were taken of an endless log. */
  taken = 0;
  readonly aborted: Promise<void>;
  #onAborted: () => void = () => {};

  constructor() {
    this.aborted = new Promise((resolve) => {
      this.#onAborted = resolve;
    });
  }

  async *subscribeLogs(
    request: SubscribeLogsRequest,
    { signal }: Parameters<LogsApi["subscribeLogs"]>[1],
  ): AsyncGenerator<SubscribeLogsMessage> {
    this.requests.push(request);
    yield* this.batches;
    if (this.failure) throw this.failure;
    const messages = [line("x".repeat(ENDLESS_LINE_BYTES))];
    while (this.isEndless && !signal.aborted) {
      yield make("SubscribeLogsMessage", { messages });
      this.taken++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (!this.waits) return;
    onAbort(signal, this.#onAborted);
    await this.aborted;
    throw signal.reason;
  }
}

function line(text: string, fields: Partial<LogMessage> = {}): LogMessage {
  return make("LogMessage", {
    context: { nodeId: "N", serviceId: "S", taskId: "T" },
    timestamp: "2026-01-02T03:04:05.67Z",
    stream: LogStream.STDOUT,
    data: Buffer.from(text),
    ...fields,
  });
}

/** Splits a reply into `[stream, text]` by its frame headers. */
function frames(bytes: Buffer): [number, string][] {
  const found: [number, string][] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const size = bytes.readUInt32BE(at + 4);
    assert.equal(bytes.readUIntBE(at + 1, 3), 0);
    found.push([bytes.readUInt8(at), bytes.toString("utf8", at + 8, at + 8 + size)]);
    at += 8 + size;
  }
  return found;
}

describe("logs", () => {
  let rig: Rig;
  let logs: ScriptedLogs;
  let id: string;
  beforeEach(async () => {
    logs = new ScriptedLogs();
    rig = await Rig.open({ logs: () => logs });
    rig.node.activate();
    id = await create("web", false);
  });
  afterEach(() => rig.close());

  async function create(name: string, TTY: boolean): Promise<string> {
    const spec = { Name: name, TaskTemplate: { ContainerSpec: { Image: "nginx", TTY } } };
    return ((await rig.post("/services/create", spec)).json() as { ID: string }).ID;
  }

  function read(query: string, name = "web"): Promise<RawReply> {
    return rig.get(`/v1.47/services/${name}/logs?${query}`);
  }

  it("sends one frame a line", async () => {
    logs.batches = [
      make("SubscribeLogsMessage", {
        messages: [line("out"), line("err", { stream: LogStream.STDERR })],
      }),
      make("SubscribeLogsMessage", { messages: [line("")] }),
    ];
    const reply = await read("stdout=1&stderr=true");
    assert.equal(reply.status, 200);
    assert.equal(reply.headers["content-type"], "application/vnd.docker.multiplexed-stream");
    assert.deepEqual(frames(reply.bytes), [
      [1, "out\n"],
      [2, "err\n"],
      [1, "\n"],
    ]);
    const [request] = logs.requests;
    assert.deepEqual(request?.selector?.serviceIds, [id]);
    assert.deepEqual(request?.options?.streams, [LogStream.STDOUT, LogStream.STDERR]);
    const old = await rig.get("/v1.41/services/web/logs?stdout=1");
    assert.equal(old.headers["content-type"], undefined);
    assert.deepEqual(logs.requests[1]?.options?.streams, [LogStream.STDOUT]);
  });

  it("puts timestamps and sorted, escaped details before the text", async () => {
    const attrs = { zone: "a b", a: "x=y,z" };
    logs.batches = [make("SubscribeLogsMessage", { messages: [line("hi", { attrs })] })];
    const reply = await read("stdout=1&timestamps=1&details=1&tail=7&since=1700000000.5&follow=0");
    assert.deepEqual(frames(reply.bytes), [
      [
        1,
        "2026-01-02T03:04:05.670000000Z a=x%3Dy%2Cz,com.docker.swarm.node.id=N," +
          "com.docker.swarm.service.id=S,com.docker.swarm.task.id=T,zone=a+b hi\n",
      ],
    ]);
    const options = logs.requests[0]?.options;
    assert.equal(options?.tail?.value, 7);
    assert.equal(options?.sinceMs, 1_700_000_000_500);
    assert.equal(options?.follow, false);
  });

  it("sends raw lines for tasks with a terminal, by task too", async () => {
    await create("tty", true);
    const task = rig.control.putTask(rig.control.services.find("tty"));
    logs.batches = [make("SubscribeLogsMessage", { messages: [line("hi")] })];
    const reply = await rig.get(`/tasks/${task.id}/logs?stdout=1`);
    assert.equal(reply.headers["content-type"], "application/vnd.docker.raw-stream");
    assert.equal(reply.text, "hi\n");
    assert.deepEqual(logs.requests[0]?.selector?.taskIds, [task.id]);
  });

  it("tells in the log what could not be read", async () => {
    logs.batches = [
      make("SubscribeLogsMessage", { messages: [line("a")], warning: "node N is down" }),
    ];
    assert.deepEqual(frames((await read("stdout=1")).bytes), [
      [1, "a\n"],
      [3, "node N is down\n"],
    ]);
    logs.batches = [];
    logs.failure = new SwarmError("unavailable", "the leader went away");
    assert.deepEqual(frames((await read("stdout=1")).bytes), [[3, "the leader went away\n"]]);
  });

  it("tells it at once to a client that reads on", async () => {
    const warned = (warning: string): SubscribeLogsMessage =>
      make("SubscribeLogsMessage", { messages: [line("a")], warning });
    logs.batches = [warned("node N is away"), warned(""), warned("node M is away")];
    const told = (await read("stdout=1&warnings=1")).bytes;
    assert.deepEqual(
      frames(told).map(([, text]) => text),
      ["a\n", "node N is away\n", "a\n", "a\n", "node M is away\n"],
    );
    // Others leave at the first such frame.
    assert.deepEqual(frames((await read("stdout=1")).bytes), [
      ...Array.from({ length: 3 }, () => [1, "a\n"]),
      [3, "node N is away\n"],
    ]);
  });

  it("refuses odd questions before it sends anything", async () => {
    for (const [query, message] of [
      ["", "Bad parameters: you must choose at least one stream"],
      ["stdout=1&tail=x", 'tail value must be a positive integer or "all"'],
      ["stdout=1&since=yesterday", 'invalid value for "since": "yesterday"'],
    ] as const) {
      const reply = await read(query);
      assert.equal(reply.status, 400);
      assert.equal(reply.message(), message);
    }
    assert.equal((await read("stdout=1", "nope")).status, 404);
    assert.equal(logs.requests.length, 0);
  });

  it("sends headers at once, and stops reading when the client goes", async () => {
    logs.waits = true;
    const response = await rig.stream("/services/web/logs?stdout=1&follow=1");
    assert.equal(response.statusCode, 200);
    response.destroy();
    await logs.aborted;
  });

  it("takes no more of the log than the client reads", async () => {
    logs.isEndless = true;
    const response = await rig.stream("/services/web/logs?stdout=1&follow=1");
    // Nobody reads: the log comes to a halt.
    let before = -1;
    await eventually("the log waits", () => {
      assert.ok(logs.taken < UNREAD_LINES_MAX, `${logs.taken} lines were taken unread`);
      const isSame = logs.taken > 0 && logs.taken === before;
      before = logs.taken;
      return isSame;
    });
    // Somebody reads: it goes on.
    response.resume();
    await eventually("the log goes on", () => logs.taken > UNREAD_LINES_MAX);
    response.destroy();
  });

  it("ends an open stream when the server closes", async () => {
    logs.waits = true;
    const response = await rig.stream("/services/web/logs?stdout=1&follow=1");
    response.on("error", () => {});
    response.resume();
    const closed = new Promise((resolve) => response.once("close", resolve));
    await rig.close();
    await closed;
    await logs.aborted;
  });
});
