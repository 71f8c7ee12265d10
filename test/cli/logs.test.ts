import assert from "node:assert/strict";
import { FrameReader } from "../../cli/logs/frames.ts";
import { parseLogLine } from "../../cli/logs/line.ts";
import { sinceSeconds } from "../../cli/commands/service/logs.ts";
import { FakeDockerApi } from "../fakes/docker-api.ts";
import { runSwarm, words } from "./harness.ts";
import { fillSwarm, NOW, service, task } from "./objects.ts";

/** One frame of the multiplexed stream. */
function frame(stream: number, text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

const id = (text: string): string => text.padEnd(25, "0");

function details(taskId: string): string {
  return (
    `com.docker.swarm.node.id=${id("aa")},com.docker.swarm.service.id=${id("s1")},` +
    `com.docker.swarm.task.id=${id(taskId)}`
  );
}

describe("log frames", () => {
  it("come out alike however the stream is cut", () => {
    const stream = Buffer.concat([frame(1, "one\n"), frame(2, "two\n"), frame(1, "")]);
    for (let cut = 0; cut <= stream.length; cut++) {
      const reader = new FrameReader();
      const frames = [
        ...reader.push(stream.subarray(0, cut)),
        ...reader.push(stream.subarray(cut)),
      ];
      assert.deepEqual(
        frames.map(({ stream: kind, payload }) => [kind, payload.toString()]),
        [
          ["stdout", "one\n"],
          ["stderr", "two\n"],
          ["stdout", ""],
        ],
      );
    }
  });

  it("are refused when the header makes no sense", () => {
    const reader = new FrameReader();
    assert.throws(() => reader.push(Buffer.from("HTTP/1.1 200")), { code: "internal" });
  });
});

describe("log lines", () => {
  it("carry their origin in front", () => {
    const line = parseLogLine(
      `2026-11-20T08:00:00.000000000Z ${details("t1")},a=b%20c text x\n`,
      true,
    );
    assert.deepEqual(line, {
      timestamp: "2026-11-20T08:00:00.000000000Z",
      nodeId: id("aa"),
      serviceId: id("s1"),
      taskId: id("t1"),
      details: "a=b%20c",
      text: "text x\n",
    });
  });

  it("are refused without it", () => {
    assert.throws(
      () => parseLogLine("hello world\n", false),
      /missing com\.docker\.swarm\.node\.id/,
    );
  });
});

describe("swarm service logs", () => {
  let api: FakeDockerApi;
  beforeEach(async () => {
    api = await FakeDockerApi.open();
    fillSwarm(api);
    api.objects.services.push(service("s1", "web", 10));
    api.objects.tasks.push(task("t1", { service: "s1", slot: 1, node: "aa" }, "running"));
    api.script(({ path }) =>
      path.endsWith("/logs")
        ? {
            raw: Buffer.concat([
              frame(1, `${details("t1")} hello\n`),
              frame(2, `${details("gone")} oops\n`),
            ]),
          }
        : undefined,
    );
  });
  afterEach(() => api.close());

  it("names task and node, keeps the streams apart, lines up the names", async () => {
    const run = await runSwarm(words("service logs web"), api);
    assert.equal(run.status, 0, run.err);
    assert.equal(run.out, "web.1.t10000000000@alpha     | hello\n");
    assert.equal(run.err, `web.${id("aa")}.gone00000000@alpha    | oops\n`);
  });

  it("leaves out what is not wanted", async () => {
    const run = await runSwarm(words("service logs --no-task-ids --no-resolve web"), api);
    assert.equal(run.out, `${id("s1")}.1@${id("aa")}     | hello\n`);
  });

  it("asks for what the flags say", async () => {
    await runSwarm(words("service logs -t -n 5 --since 10 --raw web"), api);
    assert.deepEqual(api.received("GET", `/services/${id("s1")}/logs`)[0]?.query, {
      since: "10",
      stdout: "1",
      stderr: "1",
      tail: "5",
      timestamps: "1",
      warnings: "1",
    });
  });

  it("shows the log of a task by the name that people see", async () => {
    const run = await runSwarm(words("task logs web.1"), api);
    assert.equal(run.status, 0, run.err);
    assert.equal(run.out, "web.1.t10000000000@alpha    | hello\n");
    assert.equal(api.received("GET", `/tasks/${id("t1")}/logs`).length, 1);
    assert.match((await runSwarm(words("task logs web.2"), api)).err, /no such task: web\.2/);
  });

  it("tells what is missing where it is missing, and fails when the log ends", async () => {
    api.script(({ path }) =>
      path.endsWith("/logs")
        ? {
            raw: Buffer.concat([
              frame(3, "warning: node1 is away\n"),
              frame(1, `${details("t1")} hello\n`),
            ]),
          }
        : undefined,
    );
    const run = await runSwarm(words("service logs --no-task-ids web"), api);
    assert.equal(run.status, 1);
    assert.equal(run.err, "swarm: warning: node1 is away\n");
    assert.equal(run.out, "web.1@alpha     | hello\n");
  });

  it("fails with the engine's words when it refuses", async () => {
    api.script(({ path }) =>
      path.endsWith("/logs") ? { status: 400, json: { message: "no such tail" } } : undefined,
    );
    const run = await runSwarm(words("service logs --tail x web"), api);
    assert.deepEqual([run.status, run.err], [1, "swarm: no such tail\n"]);
  });

  it("reads a time as an instant, a duration or seconds", () => {
    assert.equal(sinceSeconds("2026-11-20T09:00:00Z", NOW), String(NOW / 1000 - 3600));
    assert.equal(sinceSeconds("1h30m", NOW), (NOW / 1000 - 5400).toFixed(3));
    assert.equal(sinceSeconds("12.5", NOW), "12.5");
    assert.throws(() => sinceSeconds("soon", NOW), { code: "invalid" });
  });
});
