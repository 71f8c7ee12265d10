import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { PocketCluster } from "../../engine/pocket-cluster.ts";
import { skipWhere } from "../../skip-where.ts";

const run = promisify(execFile);
const COMMAND_TIME_MS = 30_000;

/** Needs the `docker` command, but no engine. */
describe("the stock docker CLI", function () {
  this.timeout(60_000);
  let directory: string;
  let cluster: PocketCluster;

  before(async function () {
    const there = await run("docker", ["--version"]).then(
      () => true,
      () => false,
    );
    skipWhere(this, there ? "" : "there is no docker command: install docker.io");
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "skep-cli-"));
    cluster = await PocketCluster.open(join(directory, "s.sock"));
  });
  afterEach(async () => {
    await cluster.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function docker(...args: readonly string[]): Promise<string> {
    const env = {
      ...process.env,
      DOCKER_HOST: `unix://${join(directory, "s.sock")}`,
      DOCKER_CONFIG: directory,
    };
    const options = { env, timeout: COMMAND_TIME_MS };
    const { stdout } = await run("docker", [...args], options);
    return stdout.trim();
  }

  /** The text of a command that must fail. */
  async function refused(...args: readonly string[]): Promise<string> {
    try {
      await docker(...args);
    } catch (error) {
      return (error as { stderr: string }).stderr.trim();
    }
    return assert.fail(`docker ${args.join(" ")} succeeded`);
  }

  it("forms a swarm and shows its nodes", async () => {
    assert.match(await refused("node", "ls"), /This node is not a swarm manager/);
    assert.match(
      await docker("swarm", "init"),
      /docker swarm join --token SWMTKN-1-0+-w 10\.0\.0\.7:2377/,
    );
    assert.match(await refused("swarm", "init"), /already part of a swarm/);
    const nodes = await docker(
      "node",
      "ls",
      "--format",
      "{{.Hostname}} {{.Status}} {{.ManagerStatus}}",
    );
    assert.deepEqual(nodes.split("\n").sort(), ["host1 Ready", "host1 Ready Leader"]);
    assert.match(await docker("info"), /Swarm: active/);
    assert.equal(
      await docker("swarm", "join-token", "-q", "manager"),
      `SWMTKN-1-${"0".repeat(50)}-m`,
    );
    await docker("node", "update", "--label-add", "disk=ssd", "w".repeat(25));
    const labels = await docker("node", "inspect", "--format", "{{json .Spec.Labels}}", "www");
    assert.equal(labels, '{"disk":"ssd"}');
    assert.match(await docker("node", "inspect", "--pretty", "self"), /Leader:\s+Yes/);
    await docker("swarm", "update", "--task-history-limit", "0", "--autolock");
    assert.match(await docker("swarm", "unlock-key", "-q"), /^SWMKEY-1-/);
    assert.match(await docker("version"), /Server: Skep/);
  });

  it("runs a service through its life and waits for it to converge", async () => {
    await docker("swarm", "init");
    await docker(
      "service",
      "create",
      "-q",
      "--name",
      "web",
      "--replicas",
      "3",
      "-p",
      "8080:80",
      "--update-monitor",
      "100ms",
      "--no-resolve-image",
      "nginx:1",
    );
    const list = await docker(
      "service",
      "ls",
      "--format",
      "{{.Name}} {{.Mode}} {{.Replicas}} {{.Image}} {{.Ports}}",
    );
    assert.equal(list, "web replicated 3/3 nginx:1 *:8080->80/tcp");
    await docker("service", "update", "-q", "--image", "nginx:2", "--no-resolve-image", "web");
    await docker("service", "scale", "web=2");
    await docker("service", "rollback", "-q", "web");
    const tasks = await docker(
      "service",
      "ps",
      "--filter",
      "desired-state=running",
      "--format",
      "{{.Name}} {{.Node}} {{.DesiredState}}",
      "web",
    );
    assert.equal(tasks.split("\n").length, 3);
    assert.match(tasks, /^web\.1 host1 Running$/m);
    assert.match(
      await docker("service", "inspect", "--pretty", "web"),
      /Service Mode:\s+Replicated/,
    );
    assert.match(await docker("node", "ps", "self"), /web\.\d/);
    assert.match(await docker("inspect", "--format", "{{.Spec.Name}}", "web"), /^web$/);
    await docker("service", "rm", "web");
    assert.match(await refused("service", "inspect", "web"), /no such service: web/i);
  });

  it("runs processes as services of a label", async () => {
    await docker("swarm", "init");
    await docker(
      "service",
      "create",
      "-d",
      "--name",
      "p",
      "--label",
      "skep.runtime=process",
      "--label",
      "skep.strategy=binpack",
      "--env",
      "A=1",
      "process",
      "sleep",
      "1000",
    );
    await docker(
      "service",
      "update",
      "-d",
      "--env-add",
      "B=2",
      "--args",
      "sleep 2000",
      "--no-resolve-image",
      "p",
    );
    const spec = await docker(
      "service",
      "inspect",
      "--format",
      "{{json .Spec.Labels}} {{len .Spec.TaskTemplate.ContainerSpec.Env}} {{json .Spec.TaskTemplate.ContainerSpec.Args}}",
      "p",
    );
    assert.equal(spec, '{"skep.runtime":"process","skep.strategy":"binpack"} 2 ["sleep","2000"]');
    const [stored] = [...cluster.store.view.service.all()];
    assert.equal(stored?.spec?.task?.runtime, "process");
  });

  it("deploys a stack twice without restarting anything, and removes it", async () => {
    await docker("swarm", "init");
    const file = join(directory, "stack.yml");
    await writeFile(join(directory, "c.txt"), "hello");
    await writeFile(file, STACK);
    await docker("stack", "deploy", "--detach=true", "-c", file, "app");
    const services = await docker(
      "stack",
      "services",
      "--format",
      "{{.Name}} {{.Replicas}}",
      "app",
    );
    const names = services.split("\n").map((line) => line.split(" ")[0]);
    assert.deepEqual(new Set(names), new Set(["app_all", "app_db", "app_web"]));
    const versions = (): string[] =>
      [...cluster.store.view.service.all()].map(({ specVersion }) => String(specVersion?.index));
    const tasks = (): number => [...cluster.store.view.task.all()].length;
    const [before, count] = [versions().length, tasks()];
    await docker("stack", "deploy", "--detach=true", "-c", file, "app");
    assert.equal(versions().length, before);
    assert.equal(tasks(), count);
    assert.match(await docker("network", "ls"), /app_default\s+overlay\s+swarm/);
    assert.match(await docker("config", "ls"), /app_conf/);
    assert.match(await docker("stack", "ps", "app"), /app_web\.1/);
    await docker("stack", "rm", "app");
    assert.equal(await docker("service", "ls", "-q"), "");
  });

  it("handles secrets, configs and networks", async () => {
    await docker("swarm", "init");
    const file = join(directory, "secret");
    await writeFile(file, "s3cret");
    const id = await docker("secret", "create", "--label", "a=b", "sec", file);
    assert.match(id, /^[a-z0-9]{25}$/);
    assert.equal(await docker("secret", "ls", "--filter", "name=sec", "-q"), id);
    await docker("network", "create", "-d", "overlay", "--attachable", "ov");
    await docker(
      "service",
      "create",
      "-d",
      "--name",
      "s",
      "--secret",
      "sec",
      "--network",
      "ov",
      "--no-resolve-image",
      "nginx",
    );
    assert.match(
      await refused("secret", "rm", "sec"),
      /secret 'sec' is in use by the following service: s/,
    );
    assert.match(await refused("network", "rm", "ov"), /is in use by/);
    assert.match(await refused("secret", "create", "sec", file), /secret sec already exists/);
    assert.match(
      await docker("network", "inspect", "--format", "{{.Scope}} {{.Driver}}", "ov"),
      /^swarm overlay$/,
    );
    await docker("service", "rm", "s");
    await docker("secret", "rm", "sec");
  });

  it("runs jobs to completion state and global services on every node", async () => {
    await docker("swarm", "init");
    await docker(
      "service",
      "create",
      "-q",
      "--name",
      "g",
      "--mode",
      "global",
      "--no-resolve-image",
      "nginx",
    );
    assert.equal(
      await docker("service", "ls", "--format", "{{.Mode}} {{.Replicas}}"),
      "global 2/2",
    );
    assert.match(
      await refused("service", "scale", "g=3"),
      /scale can only be used with replicated/,
    );
    assert.match(
      await refused("service", "update", "--update-order", "x", "g"),
      /unrecognized update order x/,
    );
  });
});

const STACK = `
services:
  web:
    image: nginx:1
    ports: ["8081:80"]
    configs: [conf]
    deploy:
      replicas: 2
      update_config: {order: start-first}
      labels: {tier: front}
  db:
    image: redis
    environment: {A: "1"}
    volumes: ["data:/data"]
    healthcheck: {test: ["CMD", "true"], interval: 5s}
  all:
    image: busybox
    deploy: {mode: global}
configs:
  conf: {file: ./c.txt}
volumes:
  data: {}
`;
