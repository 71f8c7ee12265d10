import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import Docker from "dockerode";
import { IMAGE } from "../busybox-image.ts";
import { useEngine } from "../engine.ts";
import { SystemCluster, until, type SystemTask } from "../../system/cluster.ts";
import type { SwarmProcess } from "../../system/swarm-process.ts";

const run = promisify(execFile);
const COMMAND_TIME_MS = 60_000;
const HOOK_LIMIT_MS = 60_000;

/** A whole swarm of swarmd processes that run containers, seen by Docker's own clients. */
describe("a swarm that runs containers", function () {
  this.timeout(120_000);
  const engine = useEngine();
  const cluster = new SystemCluster();
  let manager: SwarmProcess;

  before(async function () {
    this.timeout(HOOK_LIMIT_MS);
    const flags = ["--runtime", "docker", "--docker-host", engine().host];
    manager = await cluster.add("m1", flags);
    await cluster.init(manager);
    await cluster.join(await cluster.add("w1", flags), "Worker");
    await cluster.allReady(1);
  });

  afterEach(function () {
    if (this.currentTest?.state === "failed") process.stderr.write(cluster.logs());
  });

  after(async function () {
    this.timeout(HOOK_LIMIT_MS);
    await cluster.remove();
  });

  /** What the stock `docker` command prints when pointed at swarmd. */
  const docker = async (...args: readonly string[]): Promise<string> => {
    const env = {
      ...process.env,
      DOCKER_HOST: `unix://${manager.socket}`,
      DOCKER_CONFIG: cluster.root,
    };
    const { stdout } = await run("docker", [...args], { env, timeout: COMMAND_TIME_MS });
    return stdout.trim();
  };

  /** Containers of the service: those that run, or all that are left of it. */
  const containers = async (all = false): Promise<readonly string[]> => {
    const filters = { label: ["com.docker.swarm.service.name=web"] };
    const list = await engine().docker.listContainers({ all, filters });
    return list.map(({ Id }) => Id).sort();
  };

  /** Container of each task that runs. */
  const containerOf = async (): Promise<ReadonlyMap<string, string>> => {
    const tasks = await cluster.running("web", 4);
    return new Map(tasks.map(({ ID, Status }) => [ID, Status.ContainerStatus?.ContainerID ?? ""]));
  };

  it("runs what docker service create asks for, on every node", async () => {
    await docker("network", "create", "--driver", "overlay", "--attachable", "backend");
    await run("sh", [
      "-c",
      `printf hush | docker -H unix://${manager.socket} secret create key - && ` +
        `printf node={{.Node.Hostname}} | docker -H unix://${manager.socket} ` +
        "config create --template-driver golang settings -",
    ]);
    const flags =
      "--detach --name web --replicas 4 --secret source=key,target=key,mode=0400 " +
      "--config source=settings,target=/s --env TASK={{.Task.Name}} --label tier=front " +
      "--limit-memory 64M --restart-delay 0s --update-monitor 500ms --stop-grace-period 1s " +
      "--no-resolve-image";
    const script =
      "echo $TASK $(cat /run/secrets/key /s) $(stat -c %a /run/secrets/key); exec sleep 3600";
    await docker("service", "create", ...flags.split(" "), IMAGE, "sh", "-c", script);
    await cluster.running("web", 4);
    assert.equal((await containers()).length, 4);
    const list = await docker("service", "ls", "--format", "{{.Name}} {{.Mode}} {{.Replicas}}");
    assert.equal(list, "web replicated 4/4");
    const nodes = await docker("service", "ps", "--format", "{{.Node}} {{.CurrentState}}", "web");
    for (const name of ["m1", "w1"]) assert.match(nodes, new RegExp(`^${name} Running`, "m"));
  });

  it("shows the containers' output through docker service logs", async () => {
    const lines = await until("all have written", async () => {
      const text = await docker("service", "logs", "--raw", "web");
      return text.split("\n").length === 4 ? text.split("\n") : undefined;
    });
    for (const line of lines) assert.match(line, /^web\.\d\.\w+ hushnode=(m1|w1) 400$/);
  });

  it("every object reads alike through dockerode and the docker command", async () => {
    const client = new Docker({ socketPath: manager.socket });
    const inspect = async (...what: readonly string[]): Promise<unknown> =>
      (JSON.parse(await docker(...what)) as unknown[])[0];
    const same = async (ours: unknown, ...what: readonly string[]): Promise<void> => {
      const theirs = await inspect(...what);
      assert.deepEqual(pick(ours), pick(theirs));
    };
    const [service] = await client.listServices({ filters: { name: ["web"] } });
    const ours = await client.getService(String(service?.ID)).inspect();
    // The command asks for the defaults to be filled in.
    const theirs = (await inspect("service", "inspect", "web")) as {
      Spec: { [key: string]: unknown };
    };
    assert.deepEqual({ ...theirs.Spec, ...ours.Spec }, theirs.Spec);
    for (const node of await client.listNodes())
      await same(node, "node", "inspect", String(node.ID));
    for (const task of (await client.listTasks()) as SystemTask[])
      await same(await client.getTask(task.ID).inspect(), "inspect", "--type", "task", task.ID);
    await same(await client.getSecret("key").inspect(), "secret", "inspect", "key");
    await same(await client.getConfig("settings").inspect(), "config", "inspect", "settings");
    await same(await client.getNetwork("backend").inspect(), "network", "inspect", "backend");
    assert.match(await docker("service", "inspect", "--pretty", "web"), /Replicas:\s+4/);
    assert.match(await docker("info"), /Swarm: active/);
  });

  it("a swarmd that was killed finds its containers again", async () => {
    const before = await containerOf();
    const worker = cluster.node("w1");
    await worker.stop("SIGKILL");
    worker.start();
    await cluster.allReady(1);
    await cluster.running("web", 4);
    // On a busy machine it may have been away for too long, and lost tasks to the other node.
    const after = await containerOf();
    for (const [task, container] of after)
      if (before.has(task)) assert.equal(container, before.get(task));
    await until("there are no others", async () => {
      assert.deepEqual(await containers(), [...after.values()].sort());
      return true;
    });
  });

  it("a rolling update and a rollback replace the containers", async () => {
    const before = await containers();
    await docker("service", "update", "--quiet", "--env-add", "RELEASE=2", "web");
    const updated = await containers();
    assert.ok(updated.every((id) => !before.includes(id)));
    await docker("service", "rollback", "--quiet", "web");
    assert.equal((await containers()).length, 4);
  });

  it("docker service rm leaves no container", async () => {
    await docker("service", "rm", "web");
    await until("no container is left", async () => {
      assert.deepEqual(await containers(true), []);
      return true;
    });
    await docker("secret", "rm", "key");
    await docker("config", "rm", "settings");
    await docker("network", "rm", "backend");
  });
});

/** An object's lasting parts: a task's or node's state may move on between two looks. */
function pick(object: unknown): unknown {
  const { ID, Id, Spec, CreatedAt } = object as Record<string, unknown>;
  return { ID, Id, Spec, CreatedAt };
}
