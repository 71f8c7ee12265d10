import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ContainerInspectInfo } from "dockerode";
import { SystemCluster, until } from "../../system/cluster.ts";
import { shapeOf, type Shape } from "../container-shape.ts";
import { IMAGE, useEngine } from "../engine.ts";

const run = promisify(execFile);
const LIMIT_MS = 60_000;
/** What the engine is told that its node has. */
const RESOURCES = ["disk=4", "gpu=a", "gpu=b"].map((one) => `--node-generic-resource=${one}`);

/** Every flag of `docker service create` that has a say in the container, by what it is about. */
const FLAGS: Readonly<Record<string, string>> = {
  nothing: "",
  capabilities: "--cap-add SYS_TIME --cap-add NET_ADMIN --cap-drop CHOWN",
  "all-capabilities": "--cap-drop ALL --cap-add CAP_NET_BIND_SERVICE",
  labels: "--container-label a=b --container-label c --label service=1",
  names: "--dns 10.0.0.1 --dns-option ndots:2 --dns-search example.org --endpoint-mode dnsrr",
  hosts: "--host db:10.0.0.9 --host db2:10.0.0.9 --host v6:fd00::1 --hostname h-{{.Task.Slot}}",
  process:
    "--label one=1 --label two=2 --env A=1 --env N={{.Service.Name}}/{{.Task.Slot}} --env EMPTY= --env-file {dir}/env " +
    "--user 12:34 --group 7 --group 8 --workdir /tmp --tty --init --isolation default",
  "no-init": "--init=false --read-only --stop-signal SIGINT --stop-grace-period 2500ms",
  entrypoint: "--entrypoint /bin/env",
  health:
    "--health-cmd true --health-interval 1s --health-retries 4 --health-timeout 3s " +
    "--health-start-period 2s",
  "no-health": "--no-healthcheck",
  limits:
    "--limit-cpu 0.5 --limit-memory 64M --limit-pids 40 --reserve-cpu 0.1 --reserve-memory 16M " +
    "--ulimit nofile=100:200 --ulimit nproc=50 --sysctl net.ipv4.ip_forward=0",
  resources: "--generic-resource disk=2 --generic-resource gpu=1",
  log: "--log-driver json-file --log-opt max-size=1m --log-opt tag={{.Name}}",
  "no-log": "--log-driver none",
  global: "--mode global --hostname on-{{.Node.Hostname}}",
  job: "--mode replicated-job --max-concurrent 1",
  "global-job": "--mode global-job",
  bind: "--mount type=bind,source={dir},target=/host",
  "bind-options":
    "--mount type=bind,source={dir},target=/host,readonly,bind-nonrecursive " +
    "--mount type=bind,source=/proc,target=/host-proc,bind-propagation=private",
  volume: "--mount type=volume,source=data,target=/data --mount target=/anonymous",
  "volume-options":
    "--mount type=volume,source=data-{{.Task.Slot}},target=/data,volume-nocopy,readonly," +
    "volume-label=x=y,volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=tmpfs",
  tmpfs: "--mount type=tmpfs,target=/scratch",
  "tmpfs-options": "--mount type=tmpfs,target=/scratch,tmpfs-size=1048576,tmpfs-mode=0700",
  "host-network": "--network host",
  "bridge-network": "--network bridge",
  placement: "--constraint node.role==manager --replicas-max-per-node 1 --restart-delay 1s",
};

const PORTS =
  "-p mode=host,target=80,published=18086 -p mode=host,target=53,published=18053,protocol=udp " +
  "-p mode=host,target=53,published=18053";
/** What a template can say, in the environment … */
const TEMPLATES = [
  'A1={{if eq .Task.Slot "1"}}first{{else if .Task.Slot}}other{{end}}{{/* unseen */}}',
  'A2={{join "-" .Service.Name .Task.Slot}} {{.Task.Slot | printf "%s of %q" "slot"}}',
  'A3={{with .Service}}{{.Name}} {{$.Task.Slot}}{{end}}{{index .Service.Labels "absent"}}',
  "A4={{range $key, $value := .Service.Labels}}{{$key}}={{$value}};{{end}}",
  'A5={{$n := .Service.Name}}{{$n | len}} {{or (index .Service.Labels "x") "none"}} {{le 1 2}}',
];
/** … and in a file. */
const TEMPLATE = 'in {{.Service.Name}} {{if eq (env "A") "1"}}{{- secret "key" }}{{end}}';
/** Files of a task as the task sees them: a flag of its own, as it shows nowhere from outside. */
const FILES =
  "--secret key --secret source=key2,target=db/key,uid=5,gid=6,mode=0400 " +
  "--secret source=key3,target=/opt/key --config settings --env A=1 " +
  "--config source=settings2,target=/etc/s.conf,uid=5,gid=6,mode=0440 --config template";
const LOOK =
  "for f in /run/secrets/key /run/secrets/db/key /opt/key /settings /etc/s.conf /template; " +
  "do stat -c '%n %a %u:%g' $f; cat $f; echo; touch $f || echo no; done 2>&1; exec sleep 1000";

/** What Docker's swarm mode makes of a command, and what we do: on one engine, with one client. */
describe("the same flags give the same container as Docker's swarm mode", function () {
  this.timeout(LIMIT_MS);
  const engine = useEngine({ flags: RESOURCES });
  const cluster = new SystemCluster();
  let dir = "";
  let sides: readonly string[] = [];

  before(async function () {
    this.timeout(2 * LIMIT_MS);
    dir = mkdtempSync(join(tmpdir(), "skep-flags-"));
    writeFileSync(join(dir, "env"), `FROM_FILE=1\n${TEMPLATES.join("\n")}\n`);
    await engine().docker.swarmInit({ ListenAddr: "127.0.0.1:2377", AdvertiseAddr: "127.0.0.1" });
    const { Name: hostname } = await engine().docker.info();
    const flags = ["--runtime", "docker", "--docker-host", engine().host];
    const manager = await cluster.add(hostname, flags);
    await cluster.init(manager);
    await cluster.allReady(1);
    sides = [engine().host, `unix://${manager.socket}`];
    for (const host of sides) await payloads(host);
  });
  afterEach(function () {
    if (this.currentTest?.state === "failed") process.stderr.write(cluster.logs());
  });
  after(async function () {
    this.timeout(LIMIT_MS);
    await cluster.remove();
    rmSync(dir, { recursive: true, force: true });
  });

  async function payloads(host: string): Promise<void> {
    const files = { key: "hush", settings: "plain", template: TEMPLATE };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
    // Each is used once: Docker gives all files of one secret the owner and mode of one of them.
    for (const name of ["key", "key2", "key3"])
      await docker(host, "secret", "create", name, join(dir, "key"));
    for (const name of ["settings", "settings2"])
      await docker(host, "config", "create", name, join(dir, "settings"));
    const golang = ["--template-driver", "golang"];
    await docker(host, "config", "create", ...golang, "template", join(dir, "template"));
  }

  async function docker(host: string, ...args: readonly string[]): Promise<string> {
    const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: cluster.root };
    return (await run("docker", [...args], { env, timeout: LIMIT_MS })).stdout.trim();
  }

  /** Runs a service with `flags`; resolves with what `look` has seen in its container. */
  async function container<T>(
    host: string,
    [name, flags, command]: readonly [string, string, readonly string[]],
    look: (found: ContainerInspectInfo) => Promise<T | undefined>,
  ): Promise<T> {
    const words = flags.replaceAll("{dir}", dir).split(" ").filter(Boolean);
    const own = ["--detach", "--no-resolve-image", "--name", name, ...words, IMAGE, ...command];
    const id = await docker(host, "service", "create", ...own);
    const filters = { label: [`com.docker.swarm.service.id=${id}`] };
    const list = () => engine().docker.listContainers({ all: true, filters });
    const result = await until("there is a container", async () => {
      const [one] = await list();
      return one && look(await engine().docker.getContainer(one.Id).inspect());
    });
    await docker(host, "service", "rm", name);
    // Docker would wait for the grace period, and leaves those of jobs.
    for (const { Id } of await list())
      await engine().docker.getContainer(Id).remove({ force: true }).catch(unlessGone);
    return result;
  }

  const shape = (host: string, name: string, flags = FLAGS[name] ?? ""): Promise<Shape> =>
    container(host, [name, flags, ["sleep", "1000"]], (one) =>
      Promise.resolve(isOver(one) ? shapeOf(one) : undefined),
    );

  it("and the node is described as there", async () => {
    const described = async (host: string): Promise<Shape> => {
      const text = await docker(
        host,
        "node",
        "inspect",
        "--format",
        "{{json .Description}}",
        "self",
      );
      const { TLSInfo: _, ...description } = JSON.parse(text) as Shape;
      const engine = description["Engine"] as Shape;
      // Ours tells what its process runtime can do, too.
      const labels = Object.entries((engine["Labels"] as Shape | undefined) ?? {});
      const own = Object.fromEntries(labels.filter(([key]) => !key.startsWith("skep.")));
      return { ...description, Engine: { ...engine, Labels: own } };
    };
    const [theirs, ours] = await Promise.all(sides.map(described));
    assert.deepEqual(ours, theirs);
  });

  for (const name of Object.keys(FLAGS))
    it(`about ${name}`, async () => {
      const [theirs, ours] = await Promise.all(sides.map((host) => shape(host, name)));
      assert.deepEqual(ours, theirs);
    });

  it("about ports of the host", async () => {
    const shapes: Shape[] = [];
    // One after the other: a port is had once.
    for (const host of sides) shapes.push(await shape(host, "ports", PORTS));
    assert.deepEqual(shapes[1], shapes[0]);
  });

  it("about secrets and configs, which the task finds as files", async () => {
    const look = (host: string): Promise<string> =>
      container(host, ["files", FILES, ["sh", "-c", LOOK]], async ({ Id: id }) => {
        const log = await engine().docker.getContainer(id).logs({ stdout: true });
        const text = log.toString("utf8").replace(/[^\x20-\x7e\n]./g, "");
        return text.split("no\n").length === 7 ? text : undefined;
      });
    const [theirs, ours] = await Promise.all(sides.map(look));
    assert.equal(ours, theirs);
  });
});

/** Whether the engine has done all that it does to start the container. */
function isOver({ State: state }: ContainerInspectInfo): boolean {
  return state.Status !== "created" || state.Error !== "";
}

function unlessGone(error: unknown): void {
  if ((error as { statusCode?: number }).statusCode !== 404) throw error;
}
