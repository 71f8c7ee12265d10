import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { until, useCluster, type ServiceShape, type SystemTask } from "./cluster.ts";

const SLEEP = "exec sleep 3600";

describe("services on a cluster", function () {
  const cluster = useCluster(1, 2);

  const onNode = async (name: string, service: string): Promise<number> => {
    const { ID } = await cluster.object(cluster.node(name));
    const wanted = await cluster.tasks(service, { "desired-state": ["running"] });
    return wanted.filter((task) => task.NodeID === ID).length;
  };

  const remove = async (name: string): Promise<void> => {
    await cluster.removeService(name);
    await cluster.noProcesses();
  };

  const gone = (file: string): Promise<boolean> =>
    until(`${file} is gone`, async () => (fs.existsSync(file) ? undefined : true));

  /** Resolves when `count` tasks of the service have ended in `state`. */
  const ended = (name: string, state: string, count: number): Promise<SystemTask[]> =>
    until(`${count} tasks of ${name} are ${state}`, async () => {
      const tasks = await cluster.tasks(name);
      const found = tasks.filter((task) => task.Status.State === state);
      assert.equal(found.length, count, tasks.map((task) => task.Status.State).join(" "));
      return found;
    });

  const updateState = (name: string, state: string): Promise<string> =>
    until(`the update of ${name} is ${state}`, async () => {
      const { UpdateStatus } = await cluster.service(name);
      assert.equal(UpdateStatus?.State, state, UpdateStatus?.Message);
      return UpdateStatus.Message;
    });

  it("a drained node gives its tasks away, a paused one keeps them and gets no more", async () => {
    const worker = cluster.node("w1");
    await cluster.create("web", { script: SLEEP, replicas: 3 });
    await cluster.create("all", { script: SLEEP, mode: { Global: {} } });
    await cluster.running("web", 3);
    await cluster.running("all", 3);

    await cluster.changeNode(worker, { Availability: "drain" });
    await until("w1 is empty", async () => {
      assert.equal((await onNode("w1", "web")) + (await onNode("w1", "all")), 0);
      return true;
    });
    await cluster.running("web", 3);
    await cluster.running("all", 2);
    await cluster.processCount(5);

    await cluster.changeNode(worker, { Availability: "active" });
    await cluster.running("all", 3);
    assert.equal(await onNode("w1", "web"), 0, "nothing moves to a node that comes back");

    await cluster.changeNode(worker, { Availability: "pause" });
    await cluster.update("web", { script: SLEEP, replicas: 6 });
    await cluster.running("web", 6);
    assert.equal(await onNode("w1", "web"), 0);
    assert.equal(await onNode("w1", "all"), 1, "what runs there goes on");
    await cluster.changeNode(worker, { Availability: "active" });
    await cluster.removeService("web");
    await remove("all");
  });

  it("a task that nothing fits waits and says why", async () => {
    const template = { Placement: { Constraints: ["node.labels.disk==ssd"] } };
    await cluster.create("picky", { script: SLEEP, template });
    await until("the reason is there", async () => {
      const [task] = await cluster.tasks("picky");
      assert.equal(task?.Status.State, "pending");
      assert.match(task.Status.Err ?? "", /no suitable node \(.*constraint/);
      return true;
    });
    const worker = cluster.node("w2");
    const { ID } = await cluster.object(worker);
    const labelled = await (
      await cluster.manager()
    ).swarm("node", "update", "--label-add", "disk=ssd", ID);
    assert.equal(labelled.code, 0, labelled.err);
    const [task] = await cluster.running("picky", 1);
    assert.equal(task?.NodeID, ID);
    await remove("picky");
  });

  it("a job runs until it has completed, tries again what failed", async () => {
    const counter = path.join(cluster.root, "tries");
    // The first try fails, the others do well.
    const script = `mkdir ${counter} 2>/dev/null && exit 3; exit 0`;
    const mode = { ReplicatedJob: { MaxConcurrent: 2, TotalCompletions: 4 } };
    const template = { RestartPolicy: { Condition: "on-failure", Delay: 0 } };
    await cluster.create("job", { script, mode, template });
    await ended("job", "complete", 4);
    const [failed] = await ended("job", "failed", 1);
    assert.equal(failed?.Status.ContainerStatus?.ExitCode, 3);
    await remove("job");
  });

  it("restarts by its policy: up to the limit, and not what ended well", async () => {
    const limited = { RestartPolicy: { Condition: "any", Delay: 0, MaxAttempts: 2 } };
    await cluster.create("failing", { script: "exit 1", template: limited });
    const careful = { RestartPolicy: { Condition: "on-failure", Delay: 0 } };
    await cluster.create("done", { script: "exit 0", template: careful });
    await ended("failing", "failed", 3);
    await ended("done", "complete", 1);
    assert.equal((await cluster.tasks("done")).length, 1);
    await cluster.removeService("failing");
    await remove("done");
  });

  for (const [action, state] of [
    ["pause", "paused"],
    ["rollback", "rollback_completed"],
  ] as const) {
    it(`an update that fails ends ${state} with the failure action ${action}`, async () => {
      const config = { Parallelism: 1, Delay: 0, Monitor: 2e9, FailureAction: action };
      const shape = (script: string): ServiceShape => ({
        script,
        replicas: 3,
        template: { RestartPolicy: { Condition: "none", Delay: 0 } },
        spec: { UpdateConfig: config, RollbackConfig: { Parallelism: 0, Monitor: 5e8 } },
      });
      await cluster.create("rolling", shape(SLEEP));
      const old = await cluster.running("rolling", 3);
      await cluster.update("rolling", shape("exit 1"));
      await updateState("rolling", state);
      const running = (await cluster.tasks("rolling")).filter(
        (task) => task.Status.State === "running",
      );
      if (action === "rollback") await cluster.running("rolling", 3);
      else assert.ok(running.length >= 1, "the update did not go on");
      const kept = running.filter((task) => old.some((one) => one.ID === task.ID));
      assert.ok(kept.length >= 1, "tasks that were not reached are as they were");
      await remove("rolling");
    });
  }

  it("an update that does well replaces every task, one after the other", async () => {
    const spec = { UpdateConfig: { Parallelism: 2, Delay: 0, Monitor: 5e8, Order: "start-first" } };
    await cluster.create("rolling", { script: SLEEP, replicas: 4, spec });
    const old = await cluster.running("rolling", 4);
    await cluster.update("rolling", { script: SLEEP, replicas: 4, spec, env: ["RELEASE=2"] });
    await updateState("rolling", "completed");
    const now = await cluster.running("rolling", 4);
    assert.ok(now.every((task) => !old.some((one) => one.ID === task.ID)));
    assert.equal(cluster.processes("RELEASE=2").length, 4);
    await cluster.processCount(4);
    await remove("rolling");
  });

  it("logs of tasks on every node are read from any manager, followed and cut", async () => {
    const go = path.join(cluster.root, "go");
    const script =
      `echo "one $TASK"; echo "two $TASK" >&2; ` +
      `while [ ! -e ${go} ]; do sleep 0.1; done; echo "three $TASK"; exec sleep 3600`;
    const env = ["TASK={{.Task.Slot}}@{{.Node.Hostname}}"];
    await cluster.create("talk", { script, env, replicas: 3 });
    await cluster.running("talk", 3);
    const manager = await cluster.manager();
    const read = async (...flags: string[]): Promise<string[]> => {
      const { code, out, err } = await manager.swarm("service", "logs", "--raw", ...flags, "talk");
      assert.equal(code, 0, err);
      return `${out}${err}`.trim().split("\n").sort();
    };
    await until("both lines of each task are there", async () => {
      const lines = await read();
      assert.equal(lines.length, 6, lines.join("\n"));
      const nodes = new Set(lines.map((line) => line.split("@")[1]));
      assert.deepEqual(nodes, new Set(["m1", "w1", "w2"]), "a task on each node");
      return true;
    });
    assert.equal((await read("--tail", "1")).length, 3, "one line of each task");
    const lines = manager.follow("service", "logs", "--raw", "--follow", "talk");
    fs.writeFileSync(go, "");
    await until("the third lines arrive", async () => {
      const third = lines.text().match(/three/g) ?? [];
      assert.equal(third.length, 3, lines.text());
      return true;
    });
    await lines.stop();
    await remove("talk");
  });

  it("secrets and configs are files of the task, with their modes, and vanish after it", async () => {
    const manager = await cluster.manager();
    const data = (text: string): string => Buffer.from(text).toString("base64");
    const secret = await manager.post<{ ID: string }>("/secrets/create", {
      Name: "key",
      Labels: {},
      Data: data("hush"),
    });
    const config = await manager.post<{ ID: string }>("/configs/create", {
      Name: "settings",
      Labels: {},
      Data: data("node={{.Node.Hostname}}"),
      Templating: { Name: "golang" },
    });
    const file = { UID: "0", GID: "0" };
    const container = {
      Secrets: [
        { SecretID: secret.ID, SecretName: "key", File: { ...file, Name: "key", Mode: 0o400 } },
      ],
      Configs: [
        {
          ConfigID: config.ID,
          ConfigName: "settings",
          File: { ...file, Name: "/settings.conf", Mode: 0o444 },
        },
      ],
    };
    const script =
      'stat -c "%a %n" "$SKEP_SECRETS_DIR/key" "$SKEP_CONFIGS_DIR/settings.conf"; ' +
      'cat "$SKEP_SECRETS_DIR/key" "$SKEP_CONFIGS_DIR/settings.conf"; exec sleep 3600';
    await cluster.create("reader", { script, container });
    const [task] = await cluster.running("reader", 1);
    const hosts = await cluster.list();
    const host = hosts.find((node) => node.ID === task?.NodeID)?.Description.Hostname;
    const lines = await until("the task has shown its files", async () => {
      const { out } = await manager.swarm("service", "logs", "--raw", "reader");
      return out.includes("node=") ? out.trim().split("\n") : undefined;
    });
    assert.equal(lines.length, 3, lines.join("\n"));
    assert.equal(lines[2], `hushnode=${host}`);
    const files = lines.slice(0, 2).map((line) => line.split(" "));
    assert.deepEqual(
      files.map(([mode]) => mode),
      ["400", "444"],
    );
    // A sandbox has them where only its own processes look.
    const paths = files.map(([, name]) => `/proc/${task?.Status.ContainerStatus?.PID}/root${name}`);
    for (const path of paths) assert.ok(fs.existsSync(path), path);
    await assert.rejects(manager.delete(`/secrets/${secret.ID}`), /in use/);
    await remove("reader");
    for (const path of paths) await gone(path);
    await until("nothing is left of them", async () => {
      const kept = fs.readdirSync(cluster.root, { recursive: true, encoding: "utf8" });
      const left = kept.filter((path) => /(^|\/)(key|settings\.conf)$/.test(path));
      assert.deepEqual(left, []);
      return true;
    });
    await manager.delete(`/secrets/${secret.ID}`);
    await manager.delete(`/configs/${config.ID}`);
  });
});
