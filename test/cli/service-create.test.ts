import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { FakeDockerApi } from "../fakes/docker-api.ts";
import { runSwarm, words } from "./harness.ts";
import { fillSwarm } from "./objects.ts";
import { withoutBlanks } from "./without-blanks.ts";

/** Request bodies of docker 28.2.2 for the same flags against the same API. */
const GOLDEN = JSON.parse(
  readFileSync(new URL("golden/service-create.json", import.meta.url), "utf8"),
) as { readonly args: string; readonly body: unknown }[];

const FILES = { "vars.env": "# note\nA=1\nB=two words\n\nHOME_LIKE\n" };

describe("swarm service create", () => {
  let api: FakeDockerApi;
  beforeEach(async () => {
    api = await FakeDockerApi.open();
    fillSwarm(api);
  });
  afterEach(() => api.close());

  for (const { args, body } of GOLDEN)
    it(`asks for what docker's client asks for: ${args}`, async () => {
      const run = await runSwarm(["service", "create", "-d", ...words(args)], api, {
        files: FILES,
      });
      assert.equal(run.status, 0, run.err);
      const sent = api.received("POST", "/services/create")[0]?.body;
      assert.deepEqual(withoutBlanks(sent), withoutBlanks(body));
    });

  it("starts a process without an image", async () => {
    const line = "service create -d --name p --runtime process -- sleep 60 --flag";
    const run = await runSwarm(words(line), api);
    assert.equal(run.status, 0, run.err);
    const sent = api.received("POST", "/services/create")[0]?.body as {
      Labels: object;
      TaskTemplate: { ContainerSpec: object };
    };
    assert.deepEqual(sent.Labels, { "skep.runtime": "process" });
    assert.deepEqual(sent.TaskTemplate.ContainerSpec, {
      Image: "process",
      Args: ["sleep", "60", "--flag"],
      Init: false,
    });
    assert.equal(run.err, "", "no registry is asked");
  });

  it("carries the name of an external scheduler as a label", async () => {
    await runSwarm(words("service create -d --scheduler gang nginx"), api);
    const sent = api.received("POST", "/services/create")[0]?.body as { Labels: object };
    assert.deepEqual(sent.Labels, { "skep.scheduler": "gang" });
  });

  it("carries what Docker has no field for as labels", async () => {
    const flags = [
      "--affinity=tier=db --affinity=cache --anti-affinity=noisy --depends-on=db:healthy",
      "--depends-on=init:completed --mode=replicated-job --schedule-concurrency=forbid",
      "--schedule-starting-deadline=90s --schedule-time-zone=Europe/Berlin",
    ];
    await runSwarm(
      [...words(`service create -d ${flags.join(" ")}`), "--schedule", "0 3 * * *", "job"],
      api,
    );
    const sent = api.received("POST", "/services/create")[0]?.body as { Labels: object };
    assert.deepEqual(sent.Labels, {
      "skep.affinity": "tier=db,cache",
      "skep.anti-affinity": "noisy",
      "skep.depends-on": "db:healthy,init:completed",
      "skep.schedule": "0 3 * * *",
      "skep.schedule.concurrency": "forbid",
      "skep.schedule.starting-deadline": "1m30s",
      "skep.schedule.time-zone": "Europe/Berlin",
    });
  });

  it("carries devices and privileges as labels", async () => {
    const flags = "--device /dev/fuse --device /dev/null:/dev/x --privileged";
    await runSwarm(words(`service create -d ${flags} nginx`), api);
    const sent = api.received("POST", "/services/create")[0]?.body as { Labels: object };
    const devices = "/dev/fuse,/dev/null:/dev/x";
    assert.deepEqual(sent.Labels, { "skep.devices": devices, "skep.privileged": "true" });
  });

  it("carries the placement strategy as a label", async () => {
    await runSwarm(words("service create -d --strategy binpack -l a=b nginx"), api);
    const sent = api.received("POST", "/services/create")[0]?.body as { Labels: object };
    assert.deepEqual(sent.Labels, { a: "b", "skep.strategy": "binpack" });
  });

  it("pins the image to the digest and platforms that the registry names", async () => {
    const digest = `sha256:${"b".repeat(64)}`;
    api.script(({ path }) =>
      path === "/distribution/nginx:latest/json"
        ? {
            json: {
              Descriptor: { digest },
              Platforms: [{ architecture: "amd64", os: "linux" }],
            },
          }
        : undefined,
    );
    await runSwarm(words("service create -d nginx"), api);
    const sent = api.received("POST", "/services/create")[0]?.body as {
      TaskTemplate: { ContainerSpec: { Image: string }; Placement: object };
    };
    assert.equal(sent.TaskTemplate.ContainerSpec.Image, `nginx:latest@${digest}`);
    assert.deepEqual(sent.TaskTemplate.Placement, {
      Platforms: [{ Architecture: "amd64", OS: "linux" }],
    });
  });

  const refused: readonly (readonly [string, number, RegExp])[] = [
    ["--bad nginx", 125, /unknown flag: --bad/],
    ["--replica 3 nginx", 125, /unknown flag: --replica. Did you mean --replicas\?/],
    ["--replicas x nginx", 125, /invalid argument "x" for "--replicas" flag: use a whole number/],
    ["--replicas", 125, /flag needs an argument: --replicas/],
    ["--replicas 3 --mode global nginx", 1, /--replicas can only be used with replicated/],
    ["--mode foo nginx", 125, /invalid argument "foo" for "--mode" flag: use one of replicated/],
    ["--limit-memory x nginx", 125, /"--limit-memory" flag: invalid size "x"/],
    ["--limit-cpu x nginx", 125, /"--limit-cpu" flag: invalid number of CPUs/],
    ["-p foo nginx", 125, /"--publish" flag: use PUBLISHED:TARGET/],
    ["-p target=x nginx", 125, /"--publish" flag: invalid port: x/],
    ["--mount foo nginx", 125, /"--mount" flag: invalid field 'foo'/],
    ["--mount type=bind,source=/a nginx", 125, /target is required/],
    ["--secret nope nginx", 1, /secret not found: nope/],
    ["--config nope nginx", 1, /config not found: nope/],
    ["--network nope nginx", 1, /network nope not found/],
    ["--max-concurrent 2 nginx", 1, /--max-concurrent can only be used with replicated-job/],
    ["--no-healthcheck --health-cmd x nginx", 1, /--no-healthcheck conflicts/],
    ["--env-file nope.env nginx", 1, /cannot read nope.env: no such file/],
    ["--update-delay 5s --mode global-job nginx", 1, /not supported for jobs/],
    ["--detach=foo nginx", 125, /invalid argument "foo" for "--detach" flag/],
    ["", 1, /requires at least 1 argument/],
    ["--runtime process", 1, /requires at least 1 argument/],
  ];
  for (const [args, status, message] of refused)
    it(`refuses: ${args || "no image"}`, async () => {
      const run = await runSwarm(["service", "create", ...words(args)], api);
      assert.equal(run.status, status);
      assert.match(run.err, message);
      assert.equal(api.received("POST", "/services/create").length, 0);
    });
});
