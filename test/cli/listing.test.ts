import assert from "node:assert/strict";
import type { Clock } from "../../lib/clock.ts";
import { systemClock } from "../../lib/clock.ts";
import { FakeDockerApi } from "../fakes/docker-api.ts";
import { runSwarm, words } from "./harness.ts";
import { fillSwarm, NOW, service, task } from "./objects.ts";

const CLOCK: Clock = { ...systemClock, now: () => NOW };

describe("tables", () => {
  let api: FakeDockerApi;
  const print = async (line: string): Promise<string> => {
    const run = await runSwarm(words(line), api, { clock: CLOCK });
    assert.equal(run.err, "");
    assert.equal(run.status, 0);
    return run.out;
  };

  beforeEach(async () => {
    api = await FakeDockerApi.open();
    fillSwarm(api);
    api.objects.services.push(
      service("s10", "web10", 2),
      service("s2", "web2", 3, {
        Endpoint: {
          Ports: [
            { Protocol: "tcp", TargetPort: 80, PublishedPort: 8080, PublishMode: "ingress" },
            { Protocol: "tcp", TargetPort: 81, PublishedPort: 8081, PublishMode: "ingress" },
            { Protocol: "udp", TargetPort: 53, PublishedPort: 53, PublishMode: "ingress" },
          ],
        },
      }),
    );
    api.objects.tasks.push(
      task("t1", { service: "s2", slot: 1, node: "aa" }, "running"),
      task("t0", { service: "s2", slot: 1, node: "bb" }, "failed", {
        CreatedAt: "2026-11-20T08:30:00Z",
        DesiredState: "shutdown",
        Status: {
          State: "failed",
          Timestamp: "2026-11-20T08:59:00Z",
          Err: "task: non-zero exit (1): the program said no",
        },
      }),
      task("t2", { service: "s2", slot: 2, node: "" }, "pending"),
    );
  });
  afterEach(() => api.close());

  it("lists nodes as docker does", async () => {
    assert.equal(
      await print("node ls"),
      [
        "ID                            HOSTNAME   STATUS    AVAILABILITY   MANAGER STATUS   ENGINE VERSION",
        "aa00000000000000000000000 *   alpha      Ready     Active         Leader           28.2.2",
        "bb00000000000000000000000     beta       Ready     Active         Reachable        28.2.2",
        "cc00000000000000000000000     gamma      Ready     Active                          28.2.2",
        "",
      ].join("\n"),
    );
  });

  it("lists services as docker does, numbers in names by value", async () => {
    assert.equal(
      await print("service ls"),
      [
        "ID             NAME      MODE         REPLICAS   IMAGE        PORTS",
        "s20000000000   web2      replicated   1/3        nginx:1.25   *:8080-8081->80-81/tcp, *:53->53/udp",
        "s10000000000   web10     replicated   1/2        nginx:1.25   ",
        "",
      ].join("\n"),
    );
  });

  it("lists tasks as docker does, a slot's history under its newest task", async () => {
    assert.equal(
      await print("service ps web2"),
      [
        "ID             NAME         IMAGE        NODE      DESIRED STATE   CURRENT STATE              ERROR                              PORTS",
        "t10000000000   web2.1       nginx:1.25   alpha     Running         Running 5 minutes ago                                         ",
        't00000000000    \\_ web2.1   nginx:1.25   beta      Shutdown        Failed about an hour ago   "task: non-zero exit (1): the …"   ',
        "t20000000000   web2.2       nginx:1.25             Running         Pending 5 minutes ago                                         ",
        "",
      ].join("\n"),
    );
  });

  it("cuts nothing with --no-trunc and maps nothing with --no-resolve", async () => {
    const out = await print("service ps --no-trunc --no-resolve web2");
    assert.match(out, /t00{23} /);
    assert.match(out, /"task: non-zero exit \(1\): the program said no"/);
    assert.match(out, /nginx:1\.25@sha256:a{64}/);
    assert.match(out, /s20{23}\.1/);
  });

  it("lists networks, secrets and configs", async () => {
    assert.match(
      await print("network ls"),
      /^NETWORK ID +NAME +DRIVER +SCOPE\nnet1net1net1 +front/,
    );
    assert.match(
      await print("secret ls"),
      /DRIVER +CREATED +UPDATED\n.*2 hours ago +About an hour ago/,
    );
    assert.match(await print("config ls"), /^ID +NAME +CREATED +UPDATED\n/);
  });

  it("prints ids alone with -q", async () => {
    assert.equal(
      await print("node ls -q"),
      ["aa", "bb", "cc"].map((id) => `${id.padEnd(25, "0")}\n`).join(""),
    );
    assert.equal(await print("network ls -q"), "net1net1net1\n");
    assert.match(await print("service ps -q web2"), /^t10{23}\n/);
  });

  it("prints JSON, one object a line", async () => {
    assert.equal(
      (await print("node ls --format json")).split("\n")[0],
      '{"Availability":"Active","EngineVersion":"28.2.2","Hostname":"alpha","ID":"aa00000000000000000000000",' +
        '"ManagerStatus":"Leader","Self":true,"Status":"Ready","TLSStatus":"Ready"}',
    );
  });

  it("prints templates, with and without a header", async () => {
    assert.equal(
      await print("service ls --format {{.Name}}:{{.Replicas}}"),
      "web2:1/3\nweb10:1/2\n",
    );
    assert.equal(
      await print('service ls --format "table {{.Name}}\\t{{.Mode}}"'),
      "NAME      MODE\nweb2      replicated\nweb10     replicated\n",
    );
  });

  it("hangs older tasks under newer ones in tables only", async () => {
    assert.equal(await print("service ps --format {{.Name}} web2"), "web2.1\nweb2.1\nweb2.2\n");
    assert.match(await print('service ps --format "table {{.Name}}" web2'), /\n \\_ web2\.1\n/);
  });

  it("reads a single label in a template", async () => {
    const [network] = api.objects.networks as [Record<string, unknown>];
    network["Labels"] = { a: "1", b: "2" };
    const line = `network ls --format '{{.Labels}} {{.Label "b"}}{{.Label "x"}}'`;
    assert.equal(await print(line), "a=1,b=2 2\n");
    assert.equal((await print("network ls --format json")).includes('Label"'), false);
  });

  it("names the fields there are when a template asks for another", async () => {
    const run = await runSwarm(words("node ls --format {{.Nope}}"), api);
    assert.equal(run.status, 1);
    assert.match(run.err, /there is no field \.Nope here; use \.ID, \.Hostname/);
  });

  it("sends filters in docker's form", async () => {
    await print("node ls -f role=manager --filter label=a=b --filter label=c");
    assert.deepEqual(JSON.parse(api.received("GET", "/nodes")[0]?.query["filters"] ?? ""), {
      role: { manager: true },
      label: { "a=b": true, c: true },
    });
  });

  it("resolves the node filter's self, which the engine does not know", async () => {
    await print("service ps -f node=self web2");
    const filters = JSON.parse(api.received("GET", "/tasks")[0]?.query["filters"] ?? "") as object;
    assert.deepEqual(filters, {
      node: { ["aa".padEnd(25, "0")]: true },
      service: { ["s2".padEnd(25, "0")]: true },
    });
  });

  it("inspects: JSON array, template, prose, and what is missing", async () => {
    const array = JSON.parse(await print("service inspect web2")) as { ID: string }[];
    assert.equal(array[0]?.ID, "s2".padEnd(25, "0"));
    assert.equal(await print("service inspect -f {{.Spec.Name}} web2 web10"), "web2\nweb10\n");
    assert.match(
      await print("service inspect --pretty web2"),
      /Service Mode: Replicated\n Replicas: 3/,
    );
    assert.match(await print("node inspect self --pretty"), /Hostname: alpha\n[^]*Leader: Yes/);
    const run = await runSwarm(words("service inspect nope web2"), api);
    assert.equal(run.status, 1);
    assert.match(run.err, /^swarm: no such service: nope\. "swarm service ls" lists them\n$/);
    assert.equal((JSON.parse(run.out) as unknown[]).length, 1, "the others are still shown");
  });
});
