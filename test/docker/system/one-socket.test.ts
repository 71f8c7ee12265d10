import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { SystemCluster } from "../../system/cluster.ts";
import type { SwarmProcess } from "../../system/swarm-process.ts";
import { IMAGE, useEngine } from "../engine.ts";

const run = promisify(execFile);
const COMMAND_TIME_MS = 60_000;

/** What is not the swarm's reaches the local Docker Engine through swarmd's socket. */
describe("the docker command on swarmd's socket", function () {
  this.timeout(120_000);
  const engine = useEngine();
  const cluster = new SystemCluster();
  let manager: SwarmProcess;

  before(async function () {
    this.timeout(60_000);
    manager = await cluster.add("m1", ["--runtime", "docker", "--docker-host", engine().host]);
    await cluster.init(manager);
  });
  after(async function () {
    this.timeout(60_000);
    await cluster.remove();
  });

  const env = (): NodeJS.ProcessEnv => ({
    ...process.env,
    DOCKER_HOST: `unix://${manager.socket}`,
    DOCKER_CONFIG: cluster.root,
  });
  const docker = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run("docker", [...args], { env: env(), timeout: COMMAND_TIME_MS });
    return stdout.trim();
  };

  /** Runs the command with `input` on its standard input, which then ends. */
  const fed = (input: string, ...args: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn("docker", [...args], { env: env(), timeout: COMMAND_TIME_MS });
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
      child.once("error", reject);
      child.once("close", () => resolve(text));
      child.stdin.end(input);
    });

  it("runs containers, attached and with their input", async () => {
    assert.equal(await docker("run", "--rm", IMAGE, "echo", "hi"), "hi");
    assert.equal(await fed("from outside\n", "run", "-i", "--rm", IMAGE, "cat"), "from outside\n");
  });

  it("executes commands in them and ends with their status", async () => {
    await docker("run", "-d", "--name", "c1", IMAGE, "sleep", "300");
    assert.equal(await docker("exec", "c1", "echo", "inside"), "inside");
    assert.equal(await fed("abc", "exec", "-i", "c1", "cat"), "abc");
    await assert.rejects(docker("exec", "c1", "sh", "-c", "exit 3"), { code: 3 });
    assert.match(await docker("ps", "--format", "{{.Names}}"), /^c1$/m);
    await docker("rm", "-f", "c1");
  });

  it("finds services where there is no container of the name, and lists both networks", async () => {
    await docker("service", "create", "-d", "-q", "--no-resolve-image", "--name", "web", IMAGE);
    assert.equal(await docker("inspect", "--format", "{{.Spec.Name}}", "web"), "web");
    const networks = await docker("network", "ls", "--format", "{{.Name}} {{.Scope}}");
    assert.match(networks, /^bridge local$/m);
    assert.match(networks, /^ingress swarm$/m);
    assert.match(
      await docker("info", "--format", "{{.Swarm.LocalNodeState}} {{.Driver}}"),
      /^active \w/,
    );
    await docker("service", "rm", "web");
  });
});
