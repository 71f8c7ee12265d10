import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { FakeDockerApi } from "../fakes/docker-api.ts";
import { fillSwarm, task } from "./objects.ts";
import { SWARM } from "../system/swarm-process.ts";
import type { Run } from "./harness.ts";

describe("the swarm program", function () {
  let api: FakeDockerApi;
  beforeEach(async () => {
    api = await FakeDockerApi.open();
    fillSwarm(api);
  });
  afterEach(() => api.close());

  async function start(args: readonly string[], input = ""): Promise<Run> {
    const child = spawn(process.execPath, [SWARM, ...args], {
      env: { ...process.env, SWARM_HOST: api.host },
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.stdin.end(input);
    const [status] = (await once(child, "close")) as [number];
    return { status, out, err };
  }

  it("runs a command and exits with its status", async () => {
    const good = await start(["node", "ls", "-q"]);
    assert.deepEqual([good.status, good.err], [0, ""]);
    assert.equal(good.out.split("\n").length, 4);
    const bad = await start(["node", "ls", "--nope"]);
    assert.deepEqual([bad.status, bad.out], [125, ""]);
  });

  it("reads standard input where a file is -", async () => {
    const run = await start(["secret", "create", "pw2", "-"], "hunter2");
    assert.equal(run.status, 0, run.err);
    const body = api.received("POST", "/secrets/create")[0]?.body as { Data: string };
    assert.equal(Buffer.from(body.Data, "base64").toString(), "hunter2");
  });

  it("reads an answer from standard input", async () => {
    api.objects.networks.push({ Id: "ing", Name: "ingress", Ingress: true });
    const run = await start(["network", "rm", "ingress"], "y\n");
    assert.equal(run.out, "ingress\n", run.err);
  });

  it("ends quietly when its reader goes away", async () => {
    for (let n = 0; n < 20_000; n++)
      api.objects.tasks.push(task(`t${n}`, { service: "s", slot: n + 1, node: "aa" }, "running"));
    const args = [SWARM, "task", "ls", "--no-resolve"];
    const child = spawn(process.execPath, args, { env: { ...process.env, SWARM_HOST: api.host } });
    let err = "";
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.stdout.once("data", () => child.stdout.destroy());
    const [status] = (await once(child, "close")) as [number];
    assert.deepEqual([status, err], [0, ""]);
  });
});
