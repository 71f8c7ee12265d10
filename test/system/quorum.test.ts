import assert from "node:assert/strict";
import { until, useCluster } from "./cluster.ts";

const NO_LEADER = /The swarm does not have a leader/;

describe("a swarm that lost its quorum", function () {
  const cluster = useCluster(3, 1);

  it("answers reads, refuses the rest, and its tasks run on until it is back", async () => {
    await cluster.create("web", { script: "exec sleep 3600", replicas: 4 });
    const tasks = await cluster.running("web", 4);
    const processes = cluster.processes();
    const [left, ...stopped] = cluster.nodes.filter((node) => node.name.startsWith("m"));
    assert.ok(left);
    await Promise.all(stopped.map((node) => node.stop("SIGKILL")));

    await until("the manager that is left notices", async () => {
      const { Swarm } = await left.get<{ Swarm: { Error?: string } }>("/info");
      assert.match(Swarm.Error ?? "", NO_LEADER);
      return true;
    });
    const services = await left.get<unknown[]>("/services?consistency=local");
    assert.equal(services.length, 1, "what this manager knows is there to be read");
    const ls = await left.swarm("service", "ls", "-q");
    assert.equal(ls.code, 0, ls.err);
    assert.match(ls.out, /^[a-z0-9]{12}\n$/);
    await assert.rejects(left.get("/services?consistency=linearizable"), NO_LEADER);
    const scaled = await left.swarm("service", "scale", "--detach", "web=9");
    assert.equal(scaled.code, 1);
    assert.match(scaled.err, NO_LEADER);
    assert.deepEqual(cluster.processes(), processes, "tasks run on");

    for (const node of stopped) node.start();
    await cluster.allReady(3);
    const after = await cluster.running("web", 4);
    assert.deepEqual(after.map((task) => task.ID).sort(), tasks.map((task) => task.ID).sort());
    assert.deepEqual(cluster.processes(), processes);
    const listed = await left.swarm("service", "ls", "--format", "{{.Name}} {{.Replicas}}");
    assert.equal(listed.out.trim(), "web 4/4");
  });
});
