import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { FakeDockerApi, type Json } from "../fakes/docker-api.ts";
import { runSwarm, words } from "./harness.ts";
import { fillSwarm } from "./objects.ts";
import { withoutBlanks } from "./without-blanks.ts";

function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`golden/${name}`, import.meta.url), "utf8")) as T;
}

/** Request bodies of docker 28.2.2 for the same flags and the same service. */
const GOLDEN = golden<{ args: string; query: Json; body: Json }[]>("service-update.json");
const BASE = golden<Json>("service-update-base.json");

/** Docker ignores this flag on a service that is no job; we refuse it. */
const REFUSED_HERE = new Set(["--max-concurrent 3"]);

/** Docker sorts these lists; their order has no meaning. */
function sorted(body: Json): unknown {
  const text = JSON.stringify(body, (key, value: unknown) =>
    ["Constraints", "Mounts", "Env"].includes(key) && Array.isArray(value)
      ? value.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))
      : value,
  );
  return withoutBlanks(JSON.parse(text));
}

describe("swarm service update", () => {
  let api: FakeDockerApi;
  beforeEach(async () => {
    api = await FakeDockerApi.open();
    fillSwarm(api);
    const stamps = { Version: { Index: 3 }, CreatedAt: "", UpdatedAt: "" };
    api.objects.networks.push({ Id: "net2net2net2net2net2net2n", Name: "back", Scope: "swarm" });
    api.objects.secrets.push({ ID: "sec2sec2sec2sec2sec2sec2s", ...stamps, Spec: { Name: "pw2" } });
    api.objects.configs.push({
      ID: "con2con2con2con2con2con2c",
      ...stamps,
      Spec: { Name: "conf2" },
    });
    api.objects.services.push(structuredClone(BASE));
  });
  afterEach(() => api.close());

  for (const { args, query, body } of GOLDEN.filter((c) => !REFUSED_HERE.has(c.args)))
    it(`asks for what docker's client asks for: ${args}`, async () => {
      const run = await runSwarm(["service", "update", "-d", ...words(args), "web"], api);
      assert.equal(run.status, 0, run.err);
      assert.equal(run.out, "web\n");
      const sent = api.received("POST", "/services/")[0];
      assert.deepEqual(sent?.query, query);
      assert.deepEqual(sorted(sent?.body as Json), sorted(body));
    });

  it("replaces what Docker has no field for, and takes it away with an empty value", async () => {
    const [service] = api.objects.services as [{ Spec: { Labels: Record<string, string> } }];
    service.Spec.Labels = {
      own: "",
      "skep.affinity": "db",
      "skep.schedule": "@daily",
      "skep.schedule.time-zone": "UTC",
      "skep.depends-on": "db",
      "skep.devices": "/dev/fuse",
      "skep.privileged": "true",
    };
    const flags = [
      "--device",
      "",
      "--privileged=false",
      "--affinity",
      "",
      "--schedule",
      "",
      "--depends-on",
      "cache:healthy",
    ];
    await runSwarm(["service", "update", "-d", ...flags, "web"], api);
    const sent = api.received("POST", "/services/")[0]?.body as { Labels: object };
    assert.deepEqual(sent.Labels, { own: "", "skep.depends-on": "cache:healthy" });
  });

  it("keeps fields it does not know", async () => {
    const [service] = api.objects.services as [{ Spec: Json }];
    service.Spec["Later"] = { x: 1 };
    await runSwarm(words("service update -d --label-add z=1 web"), api);
    const sent = api.received("POST", "/services/")[0]?.body as Json;
    assert.deepEqual(sent["Later"], { x: 1 });
  });

  it("changes the service anew when it changed meanwhile", async () => {
    let refusals = 2;
    api.script(({ method }) =>
      method === "POST" && refusals-- > 0
        ? { status: 500, json: { message: "update out of sequence" } }
        : undefined,
    );
    const run = await runSwarm(words("service update -d --force web"), api);
    assert.equal(run.status, 0, run.err);
    assert.equal(api.received("GET", "/services/web").length, 3, "read again before each try");
  });

  it("tells a race that it keeps losing, and the next step", async () => {
    api.script(({ method }) =>
      method === "POST"
        ? {
            status: 500,
            json: { message: "rpc error: code = Unknown desc = update out of sequence" },
          }
        : undefined,
    );
    const run = await runSwarm(words("service update -d --force web"), api);
    assert.equal(run.status, 1);
    assert.equal(
      run.err,
      "swarm: update out of sequence: it was changed by someone else meanwhile. Try again\n",
    );
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ["--max-concurrent 3 web", /--max-concurrent can only be used with replicated-job/],
    ["--cap-add NET_RAW --cap-drop NET_RAW web", /CAP_NET_RAW cannot be both added and dropped/],
    ["--secret-add nope web", /secret not found: nope/],
    ["--replicas 2 nope", /no such service: nope/],
  ];
  for (const [args, message] of refused)
    it(`refuses: ${args}`, async () => {
      const run = await runSwarm(["service", "update", ...words(args)], api);
      assert.equal(run.status, 1);
      assert.match(run.err, message);
      assert.equal(api.received("POST", "/services/").length, 0);
    });

  it("rolls back on request", async () => {
    for (const line of ["service update -d --rollback web", "service rollback -d web"]) {
      api.requests.length = 0;
      const run = await runSwarm(words(line), api);
      assert.equal(run.status, 0, run.err);
      const query = api.received("POST", "/services/")[0]?.query;
      assert.equal(query?.["rollback"], "previous");
    }
  });
});
