import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cancelled } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { FakeDockerApi, type Json } from "../fakes/docker-api.ts";
import { runSwarm, words } from "./harness.ts";
import { fillSwarm, service, task } from "./objects.ts";

/** An engine's refusal of every request but the ping. */
function refusing(api: FakeDockerApi, status: number, message: string): void {
  api.script(({ path }) => (path === "/_ping" ? undefined : { status, json: { message } }));
}

describe("errors", () => {
  let api: FakeDockerApi;
  beforeEach(async () => {
    api = await FakeDockerApi.open();
    fillSwarm(api);
  });
  afterEach(() => api.close());

  it("names the socket that does not exist and how to start swarmd", async () => {
    const run = await runSwarm(["node", "ls"], undefined, { socket: "/nowhere/swarm.sock" });
    assert.equal(run.status, 1);
    assert.equal(
      run.err,
      "swarm: cannot reach swarmd at unix:///nowhere/swarm.sock: the socket does not exist. " +
        'Start it with "swarmd" (a new node: "swarm init" or "swarm join"), or name another with ' +
        "-H or SWARM_HOST\n",
    );
  });

  it("tells a socket that nothing listens on any more", async () => {
    const dir = await mkdtemp(join(tmpdir(), "swarm-cli-"));
    const path = join(dir, "s.sock");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen({ path, exclusive: true }, resolve));
    await new Promise((resolve) => server.close(resolve));
    const run = await runSwarm(["node", "ls", "-H", `unix://${path}`], undefined);
    assert.match(run.err, /the socket does not exist|nothing listens on it/);
    await rm(dir, { recursive: true });
  });

  it("refuses a host that is no address", async () => {
    for (const host of ["unix://", "http:/x", "ssh://h", "tcp://h:x"]) {
      const run = await runSwarm(["-H", host, "node", "ls"], undefined);
      assert.equal(run.status, 1);
      assert.ok(run.err.includes(`invalid host "${host}": use unix:///path/to/swarm.sock`));
    }
  });

  it("ignores DOCKER_HOST, which speaks of another engine", async () => {
    process.env["DOCKER_HOST"] = "tcp://127.0.0.1:1";
    try {
      const run = await runSwarm(["node", "ls", "-q"], api);
      assert.equal(run.status, 0, run.err);
    } finally {
      delete process.env["DOCKER_HOST"];
    }
  });

  it("takes the host before and after the command's words, and from the environment", async () => {
    const host = ["-H", api.host];
    for (const args of [
      [...host, "node", "ls", "-q"],
      ["node", "ls", ...host, "-q"],
    ])
      assert.equal((await runSwarm(args, undefined)).status, 0);
    assert.equal((await runSwarm(["node", "ls"], api)).status, 0);
    const create = await runSwarm(
      ["service", "create", ...host, "-d", "--host", "a:1.2.3.4", "nginx"],
      undefined,
    );
    assert.equal(create.status, 0, create.err);
    const body = api.received("POST", "/services/create")[0]?.body as Json;
    assert.deepEqual((body["TaskTemplate"] as Json)["ContainerSpec"], {
      Image: "nginx:latest",
      Hosts: ["1.2.3.4 a"],
      Init: false,
    });
  });

  it("takes the gRPC look off the cluster's errors and names our commands", async () => {
    refusing(api, 400, "rpc error: code = InvalidArgument desc = name must be valid");
    assert.equal((await runSwarm(["node", "ls"], api)).err, "swarm: name must be valid\n");
    refusing(
      api,
      503,
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect.',
    );
    assert.equal(
      (await runSwarm(["node", "ls"], api)).err,
      'swarm: This node is not a swarm manager. Use "swarm init" or "swarm join" to connect.\n',
    );
  });

  const usage: readonly (readonly [string, number, RegExp])[] = [
    ["servce ls", 1, /^swarm: unknown command 'servce'\. Did you mean service\?\n/],
    ["service lss", 1, /unknown command 'lss'\. Did you mean ls\?/],
    ["service", 1, /"swarm service" needs a command\n\nUsage: {2}swarm service COMMAND/],
    [
      "service rm",
      1,
      /"swarm service rm" requires at least 1 argument\n\nUsage: {2}swarm service rm SERVICE \[SERVICE\.\.\.\]/,
    ],
    ["node ls --fliter a=b", 125, /unknown flag: --fliter\. Did you mean --filter\?/],
    ["node ls -f x", 125, /invalid argument "x" for "--filter" flag: use key=value/],
    ["node ls extra", 1, /too many arguments/],
    ["service scale web", 1, /invalid scale specifier 'web': use SERVICE=REPLICAS/],
    ["service scale web=x", 1, /web: invalid replicas value x/],
    ["join-token boss", 1, /unknown role "boss": use worker or manager/],
    ["join 10.0.0.1:2377", 1, /a token is needed to join/],
    ["update", 1, /nothing to update/],
    ["update --cert-expiry soon", 125, /invalid duration "soon"/],
    ["node update --availability off alpha", 125, /use one of active, pause, drain/],
    ["ca --ca-cert x.pem", 1, /only together with --rotate/],
    ["completion ksh", 1, /use bash, zsh or fish/],
    ["service logs nope", 1, /no such task or service: nope/],
  ];
  for (const [line, status, message] of usage)
    it(`refuses: swarm ${line}`, async () => {
      const run = await runSwarm(words(line), api);
      assert.equal(run.status, status);
      assert.match(run.err, message);
      assert.equal(run.out, "");
      assert.ok(api.requests.every((request) => request.method === "GET"));
    });

  it("goes on with the other objects when one fails, and still exits with 1", async () => {
    api.objects.services.push(service("s1", "web", 1));
    const run = await runSwarm(words("service rm nope web"), api);
    assert.equal(run.status, 1);
    assert.equal(run.out, "web\n");
    assert.equal(run.err, "swarm: service nope not found\n");
  });

  it("prints help on demand and exits with 0", async () => {
    for (const args of [[], ["--help"], ["service", "--help"], ["service", "create", "--help"]]) {
      const run = await runSwarm(args, api);
      assert.equal(run.status, 0);
      assert.match(run.out, /^Usage: {2}swarm/);
      for (const line of run.out.split("\n")) assert.ok(line.length <= 80, line);
    }
  });
});

describe("a swarm without a leader", () => {
  let api: FakeDockerApi;
  beforeEach(async () => {
    api = await FakeDockerApi.open();
    fillSwarm(api);
    api.objects.services.push(service("s1", "web", 0, { UpdateStatus: { State: "completed" } }));
  });
  afterEach(() => api.close());

  const message =
    "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too " +
    "few managers are online. Make sure more than half of the managers are online.";

  it("is told as the engine tells it", async () => {
    refusing(api, 500, message);
    const run = await runSwarm(words("service ls"), api);
    assert.equal(run.status, 1);
    assert.match(run.err, /^swarm: The swarm does not have a leader\./);
  });

  it("is sat out while a service converges", async () => {
    let refusals = 3;
    api.script(({ path }) =>
      path === "/tasks" && refusals-- > 0 ? { status: 500, json: { message } } : undefined,
    );
    const run = await runSwarm(words("service rollback web"), api);
    assert.equal(run.status, 0, run.err);
    assert.equal(run.err.match(/Waiting for the swarm: The swarm does not/g)?.length, 1);
  });

  it("is not sat out for ever", async () => {
    let now = 0;
    const clock: Clock = {
      now: () => now,
      monotonic: () => now,
      after: (ms, fire) => {
        now += ms;
        setImmediate(fire);
        return () => {};
      },
      turn: () => Promise.resolve(),
    };
    api.script(({ path }) => (path === "/tasks" ? { status: 500, json: { message } } : undefined));
    const run = await runSwarm(words("service rollback web"), api, { clock });
    assert.equal(run.status, 1);
    assert.match(run.err, /\nswarm: The swarm does not have a leader/);
    assert.ok(now > 30_000);
  });
});

describe("Ctrl-C", () => {
  let api: FakeDockerApi;
  beforeEach(async () => {
    api = await FakeDockerApi.open();
    fillSwarm(api);
  });
  afterEach(() => api.close());

  it("detaches from a converging service with a note and success", async () => {
    api.objects.services.push(service("s1", "web", 1));
    api.objects.tasks.push(task("t1", { service: "s1", slot: 1, node: "aa" }, "preparing"));
    const interrupt = new AbortController();
    api.script(({ path }) => {
      if (path === "/tasks") interrupt.abort(cancelled("interrupted"));
      return undefined;
    });
    const run = await runSwarm(words("service scale web=2"), api, { signal: interrupt.signal });
    assert.equal(run.status, 0);
    assert.match(run.out, /web scaled to 2/);
    assert.match(run.err, /Operation continuing in background\.\nUse "swarm service ps s10+" to/);
  });

  it("ends anything else with 130", async () => {
    const interrupt = new AbortController();
    api.script(() => {
      interrupt.abort(cancelled("interrupted"));
      return undefined;
    });
    const run = await runSwarm(words("node ls"), api, { signal: interrupt.signal });
    assert.equal(run.status, 130);
  });
});
