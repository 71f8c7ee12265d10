import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../../lib/clock.ts";
import { silentLog } from "../../../../lib/log.ts";
import { make, type Fields } from "../../../../proto/codec.ts";
import { MountType, type Mount, type ProcessSpec, type Task } from "../../../../proto/generated.ts";
import { openCgroups } from "../../../../worker/runtime/process/cgroups.ts";
import { openProcessRuntime } from "../../../../worker/runtime/process/process-runtime.ts";
import { sandboxRefusal } from "../../../../worker/runtime/process/sandbox.ts";
import type { Runtime, TaskController, TaskFiles } from "../../../../worker/runtime/runtime.ts";
import { noFiles, processTask } from "../tasks.ts";
import { eventually, linesOf } from "../wait.ts";
import { skipWhere } from "../../../skip-where.ts";

const NODE = { nodeId: "node1", hostname: "host-a", architecture: "x86_64", os: "linux" };
const signal = new AbortController().signal;

/** A shell and what belongs to it, in a directory of its own: programs of this host, copied. */
function makeImage(dir: string): void {
  for (const path of ["bin", "etc", "proc", "data"])
    mkdirSync(join(dir, path), { recursive: true });
  for (const program of ["/bin/sh", "/usr/bin/cat", "/usr/bin/id", "/usr/bin/ls", "/usr/bin/touch"])
    copyProgram(program, dir);
  writeFileSync(join(dir, "etc/passwd"), "root:x:0:0::/:/bin/sh\nguest:x:77:78::/:/bin/sh\n");
  writeFileSync(join(dir, "etc/group"), "root:x:0:\nguests:x:78:\nfriends:x:79:guest\n");
  writeFileSync(join(dir, "data/seed"), "seed\n");
  // Leads out of the image for everybody who follows it outside of it.
  symlinkSync("/etc", join(dir, "out"));
}

function copyProgram(program: string, dir: string): void {
  const env = { LD_TRACE_LOADED_OBJECTS: "1" };
  const listed = execFileSync(program, [], { env, encoding: "utf8" });
  const libraries = [...listed.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? "");
  execFileSync("cp", ["--parents", "--dereference", ...libraries, dir]);
  execFileSync("cp", ["--dereference", program, join(dir, "bin")]);
}

describe("a process in a sandbox", () => {
  let dir: string;
  let runtime: Runtime;
  let image: string;
  const started: TaskController[] = [];
  let number = 0;

  before(function () {
    // Whoever is not root has the rules of a plain process, which have specs of their own.
    skipWhere(this, sandboxRefusal());
  });

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-sandbox-"));
    image = join(dir, "image");
    makeImage(image);
    runtime = await openProcessRuntime(
      { dir: join(dir, "state"), node: NODE, cdiDirs: [join(dir, "cdi")] },
      { clock: systemClock, log: silentLog },
    );
    await runtime.adopt(new Set(), signal);
  });

  afterEach(async () => {
    for (const controller of started.splice(0)) await controller.remove(signal);
    await runtime?.close();
    if (dir) await rm(dir, { recursive: true });
  });

  async function start(
    script: string,
    spec: Fields<ProcessSpec> = {},
    fields: Fields<Task> = {},
    files: TaskFiles = noFiles,
  ): Promise<TaskController> {
    const made = processTask(`t${++number}`, { command: ["sh", "-c", script], ...spec }, fields);
    const controller = runtime.controller(made, files);
    started.push(controller);
    await controller.prepare(signal);
    await controller.start(signal);
    return controller;
  }

  async function run(...args: Parameters<typeof start>): Promise<readonly string[]> {
    const controller = await start(...args);
    await controller.wait(signal);
    return (await linesOf(controller, { follow: true })).toSorted();
  }

  async function startLimited(
    script: string,
    limits: Parameters<typeof make<"Resources">>[1],
  ): Promise<TaskController> {
    const spec = make("TaskSpec", {
      runtime: "process",
      process: make("ProcessSpec", { command: ["sh", "-c", script] }),
      resources: make("ResourceRequirements", { limits: make("Resources", limits) }),
    });
    return start(script, {}, { spec });
  }

  it("is told apart by labels of the node", async () => {
    const { labels } = await runtime.describe(signal);
    assert.equal(labels["skep.process.isolation"], "namespaces");
    assert.match(labels["skep.process.limits"] ?? "", /^cgroup-v[12]$|^none$/);
  });

  it("sees its own processes only, and none of them outlives it", async () => {
    assert.deepEqual(await run("cd /proc; ls -d [0-9] [0-9][0-9]* 2>/dev/null | head -1"), [
      "stdout 1",
    ]);
  });

  it("has a host name of its own", async () => {
    const before = readFileSync("/proc/sys/kernel/hostname", "utf8");
    assert.deepEqual(await run("hostname", { hostname: "box-{{.Task.Slot}}" }), ["stdout box-3"]);
    assert.equal(readFileSync("/proc/sys/kernel/hostname", "utf8"), before);
  });

  for (const place of ["the node's files", "a root of its own"])
    it(`finds its own hosts and DNS servers among ${place}, and nobody else does`, async () => {
      const before = ["/etc/hosts", "/etc/resolv.conf"].map((path) => readFileSync(path, "utf8"));
      const lines = await run(
        "echo begins; cat /etc/hosts /etc/resolv.conf; echo more >>/etc/hosts",
        {
          rootFs: place === "a root of its own" ? image : "",
          hosts: ["10.1.2.3 database"],
          dnsConfig: make("DnsConfig", { nameservers: ["10.9.9.9"], search: ["skep.example"] }),
        },
      );
      for (const line of ["10.1.2.3\tdatabase", "nameserver 10.9.9.9", "search skep.example"])
        assert.ok(lines.includes(`stdout ${line}`), `${line} in ${lines.join("\n")}`);
      const after = ["/etc/hosts", "/etc/resolv.conf"].map((path) => readFileSync(path, "utf8"));
      assert.deepEqual(after, before);
    });

  it("has the files of a directory as its root, and changes them for itself only", async () => {
    const spec = { rootFs: image };
    const lines = await run("ls /; touch /new; ls /out/passwd", spec);
    for (const name of ["data", "dev", "/out/passwd"]) assert.ok(lines.includes(`stdout ${name}`));
    assert.equal(lines.includes("stdout home"), false);
    assert.equal(existsSync(join(image, "new")), false);
    assert.deepEqual(await run("ls /new 2>/dev/null; echo $?", spec), ["stdout 2"]);
  });

  it("has the files of a tar file as its root, unpacked once", async () => {
    const tar = join(dir, "image.tar");
    execFileSync("tar", ["-C", image, "-cf", tar, "."]);
    const spec = { rootFs: tar };
    assert.deepEqual(await run("cat /data/seed", spec), ["stdout seed"]);
    assert.deepEqual(await run("cat /data/seed", spec), ["stdout seed"]);
    assert.equal(readdirSync(join(dir, "state/images")).length, 1);
    for (const controller of started.splice(0)) await controller.remove(signal);
    await runtime.adopt(new Set(), signal);
    assert.equal(readdirSync(join(dir, "state/images")).length, 0);
  });

  it("finds nothing of the host in its root, and cannot change the machine", async () => {
    const script = "ls -A /dev/.host; ls /dev/vda /dev/sda /home; echo 1 > /proc/sys/vm/swappiness";
    const lines = await run(`(${script}) 2>/dev/null; echo $?`, { rootFs: image });
    assert.deepEqual(lines, ["stdout 2"]);
  });

  it("cannot write to a read-only root, but to what is mounted there", async () => {
    const mounts = [make("Mount", { type: MountType.TMPFS, target: "/fresh/dir" })];
    const script = "touch /x 2>/dev/null; echo $?; touch /fresh/dir/x; echo $?";
    assert.deepEqual(await run(script, { rootFs: image, readOnly: true, mounts }), [
      "stdout 0",
      "stdout 1",
    ]);
    await assert.rejects(start("true", { readOnly: true }), /needs a root file system/);
  });

  it("is a user of its root's own, with that user's groups and those it asks for", async () => {
    const spec = { rootFs: image, user: "guest", groups: ["80"] };
    assert.deepEqual(await run("id -u; id -g; id -G", spec), [
      "stdout 77",
      "stdout 78",
      "stdout 78 79 80",
    ]);
    await assert.rejects(start("true", { rootFs: image, user: "daemon" }), /unable to find user/);
  });

  it("has the capabilities that it asks for, and never more", async () => {
    const script =
      "while read -r a b; do case $a in CapEff:|NoNewPrivs:) echo $a $b;; esac; done < /proc/self/status";
    assert.deepEqual(await run(script), [
      "stdout CapEff: 00000000a80425fb",
      "stdout NoNewPrivs: 0",
    ]);
    const spec = { capabilityDrop: ["ALL"], capabilityAdd: ["CAP_CHOWN"], noNewPrivileges: true };
    assert.deepEqual(await run(script, spec), [
      "stdout CapEff: 0000000000000001",
      "stdout NoNewPrivs: 1",
    ]);
  });

  it("has its ulimits, and sysctls of its own namespaces", async () => {
    const before = readFileSync("/proc/sys/kernel/msgmax", "utf8");
    const spec = {
      ulimits: [make("Ulimit", { name: "nofile", soft: 100, hard: 200 })],
      sysctls: { "kernel.msgmax": "1234" },
    };
    const script = "ulimit -n; ulimit -H -n; cat /proc/sys/kernel/msgmax";
    assert.deepEqual(await run(script, spec), ["stdout 100", "stdout 1234", "stdout 200"]);
    assert.equal(readFileSync("/proc/sys/kernel/msgmax", "utf8"), before);
  });

  it("has a network of its own with nothing but loopback, told by a path, when it is on one", async () => {
    const networks = [make("NetworkAttachment", {})];
    const controller = await start("sleep 1000", {}, { networks });
    const path = (await controller.facts(signal))?.networkNamespace ?? "";
    assert.match(
      execFileSync("/usr/bin/nsenter", [`--net=${path}`, "ip", "-o", "link"], { encoding: "utf8" }),
      /^1: lo: <LOOPBACK,UP,LOWER_UP>.*\n$/,
    );
    await controller.remove(signal);
    started.splice(0);
    assert.equal(existsSync(path), false);
    assert.equal((await (await start("true")).facts(signal))?.networkNamespace, "");
  });

  it("keeps a named volume for the next task, begun with what the root has there", async () => {
    const mount = (fields: Fields<Mount>) => [
      make("Mount", { type: MountType.VOLUME, source: "data-{{.Task.Slot}}", ...fields }),
    ];
    const first = { rootFs: image, mounts: mount({ target: "/data" }) };
    assert.deepEqual(await run("cat /data/seed; echo more > /data/more", first), ["stdout seed"]);
    const second = { rootFs: image, mounts: mount({ target: "/out/other", readOnly: true }) };
    const script = "cat /etc/other/more; touch /etc/other/x 2>/dev/null; echo $?";
    assert.deepEqual(await run(script, second), ["stdout 1", "stdout more"]);
    assert.equal(existsSync(join(dir, "state/volumes/data-3/_data/more")), true);
  });

  it("loses a volume without a name with the task", async () => {
    const mounts = [make("Mount", { type: MountType.VOLUME, target: "/data" })];
    const controller = await start("echo x > /data/x", { rootFs: image, mounts });
    await controller.wait(signal);
    assert.equal(existsSync(join(dir, `state/roots/t${number}/volumes/0/_data/x`)), true);
    await controller.remove(signal);
    started.splice(0);
    assert.deepEqual(readdirSync(join(dir, "state/roots")), []);
  });

  it("begins volumes with what the root has there, named or not, but for those with nocopy", async () => {
    const volumes = [
      { target: "/data" },
      { target: "/data", source: "filled" },
      { target: "/data", volume: make("MountVolumeOptions", { noCopy: true }) },
      { target: "/data", source: "empty", volume: make("MountVolumeOptions", { noCopy: true }) },
    ];
    const found: (readonly string[])[] = [];
    for (const fields of volumes) {
      const mounts = [make("Mount", { type: MountType.VOLUME, ...fields })];
      found.push(await run("ls /data", { rootFs: image, mounts }));
    }
    assert.deepEqual(found, [["stdout seed"], ["stdout seed"], [], []]);
  });

  it("makes a volume with labels and options, templates expanded, named or not", async () => {
    const options = make("MountVolumeOptions", {
      labels: { of: "{{.Service.Name}}" },
      driver: make("Driver", {
        name: "local",
        options: { type: "tmpfs", device: "tmpfs", o: "size={{.Task.Slot}}m,mode=0750" },
      }),
    });
    const script = "ls -ld /data; cat /proc/self/mounts";
    for (const source of ["sized", ""]) {
      const mount = { type: MountType.VOLUME, source, target: "/data", volume: options };
      const lines = await run(script, { rootFs: image, mounts: [make("Mount", mount)] });
      assert.ok(
        lines.some((line) => /^stdout tmpfs \/data tmpfs .*size=3072k,mode=750/.test(line)),
        lines.join("\n"),
      );
    }
    const record = readFileSync(join(dir, "state/volumes/sized/volume.json"), "utf8");
    assert.deepEqual(JSON.parse(record).labels, { of: "web" });
    const part = make("MountVolumeOptions", { subpath: "x" });
    const mount = { type: MountType.VOLUME, source: "sized", target: "/data", volume: part };
    await assert.rejects(run("true", { rootFs: image, mounts: [make("Mount", mount)] }), {
      code: "unimplemented",
    });
  });

  it("gets a part of a volume, and never what is outside of it", async () => {
    const mount = (subpath: string) => ({
      rootFs: image,
      mounts: [
        make("Mount", {
          type: MountType.VOLUME,
          source: "parts",
          target: "/data",
          volume: make("MountVolumeOptions", { subpath, noCopy: true }),
        }),
      ],
    });
    const data = join(dir, "state/volumes/parts/_data");
    await run("true", mount(""));
    mkdirSync(join(data, "a/etc"), { recursive: true });
    writeFileSync(join(data, "a/file"), "part\n");
    for (const [name, target] of [
      ["up", "../../../.."],
      ["away", "/etc"],
      ["near", "a"],
    ] as const)
      symlinkSync(target, join(data, name));
    assert.deepEqual(await run("cat /data/file", mount("a")), ["stdout part"]);
    assert.deepEqual(await run("cat /data/file", mount("near")), ["stdout part"]);
    assert.deepEqual(await run("ls /data", mount("up")), [
      "stdout a",
      "stdout away",
      "stdout near",
      "stdout up",
    ]);
    for (const outside of ["away", "none", "../../x"])
      await assert.rejects(run("true", mount(outside)), /volume parts has no directory/);
  });

  it("finds a cluster volume where the node has published it, read-only if asked", async () => {
    const published = join(dir, "published");
    mkdirSync(published);
    writeFileSync(join(published, "file"), "of the volume\n");
    const volumes = [{ id: "v1", source: "data", target: "/data" }];
    const mount = { type: MountType.CLUSTER, source: "data", target: "/data", readOnly: true };
    const spec = { rootFs: image, mounts: [make("Mount", mount)] };
    const early = runtime.controller(processTask("early", spec, { volumes }), noFiles);
    await assert.rejects(early.prepare(signal), { code: "unavailable" });
    const files = { ...noFiles, volume: (id: string) => (id === "v1" ? published : "") };
    const script = "cat /data/file; touch /data/x 2>/dev/null; echo $?";
    const lines = await run(script, spec, { volumes }, files);
    assert.deepEqual(lines, ["stdout 1", "stdout of the volume"]);
  });

  const refused = [
    ["a relative target", { type: MountType.TMPFS, target: "x" }, /not an absolute path/],
    ["a bind of a name", { source: "x", target: "/x" }, /must be an absolute path/],
    ["a volume of a path", { type: MountType.VOLUME, source: "/x", target: "/x" }, /its name/],
    ["a tmpfs with a source", { type: MountType.TMPFS, source: "x", target: "/x" }, /no source/],
    ["a source that is not there", { source: "/no/such", target: "/tmp" }, /does not exist/],
    [
      "a target that is not there",
      { source: "/tmp", target: "/no/such" },
      /does not exist on this/,
    ],
  ] as const;
  for (const [what, fields, text] of refused)
    it(`is rejected for a mount with ${what}`, async () => {
      const spec = { command: ["true"], mounts: [make("Mount", fields)] };
      const controller = runtime.controller(processTask("t", spec), noFiles);
      await assert.rejects(controller.prepare(signal), text);
      await controller.remove(signal);
    });

  it("does not start when it cannot be set up, and says why", async () => {
    const volume = make("MountVolumeOptions", {
      driver: make("Driver", { name: "local", options: { type: "nosuchfs", device: "x" } }),
    });
    const mounts = [make("Mount", { type: MountType.VOLUME, source: "v", target: "/tmp", volume })];
    await assert.rejects(
      start("true", { mounts }),
      /starting the process failed: mount: .*nosuchfs/,
    );
  });

  it("has what CDI describes of its devices, asked for by name or come as a GPU by its id", async () => {
    const library = join(dir, "library");
    writeFileSync(library, "of the driver\n");
    mkdirSync(join(dir, "cdi"));
    const gpu = (name: string) => ({
      name,
      containerEdits: {
        env: [`GPU_${name.replaceAll("-", "_")}=here`],
        deviceNodes: [{ path: `/dev/gpu-${name}`, hostPath: "/dev/zero" }],
      },
    });
    const spec = {
      cdiVersion: "0.6.0",
      kind: "nvidia.com/gpu",
      containerEdits: {
        mounts: [{ hostPath: library, containerPath: "/lib/driver", options: ["ro"] }],
      },
      devices: [gpu("0"), gpu("GPU-7f-1"), gpu("GPU-7f-2")],
    };
    writeFileSync(join(dir, "cdi", "nvidia.json"), JSON.stringify(spec));
    const named = (value: string) =>
      make("GenericResource", { resource: "named", named: { kind: "NVIDIA-GPU", value } });
    const lines = await run(
      "for it in /dev/gpu-*; do echo $it; done; cat /lib/driver; " +
        "echo $GPU_0 $GPU_GPU_7f_1 $GPU_GPU_7f_2 $DOCKER_RESOURCE_NVIDIA_GPU",
      { rootFs: image, devices: ["nvidia.com/gpu=0"] },
      { assignedGenericResources: [named("GPU-7f-1"), named("GPU-unknown")] },
    );
    assert.deepEqual(lines, [
      "stdout /dev/gpu-0",
      "stdout /dev/gpu-GPU-7f-1",
      "stdout here here GPU-7f-1,GPU-unknown",
      "stdout of the driver",
    ]);
  });

  it("finds secrets and configs where a container would", async () => {
    const data = (text: string) => ({ data: Buffer.from(text) });
    const files: TaskFiles = {
      ...noFiles,
      secret: (id) => make("Secret", { id, spec: make("SecretSpec", data("secret\n")) }),
      config: (id) => make("Config", { id, spec: make("ConfigSpec", data("config\n")) }),
    };
    const file = (name: string) => make("FileTarget", { name, uid: "0", gid: "0", mode: 0o440 });
    const secrets = [make("SecretReference", { secretId: "s", file: file("a") })];
    const configs = [
      make("ConfigReference", { configId: "c", target: "file", file: file("/etc/app/b") }),
    ];
    const script = "cat /run/secrets/a /etc/app/b; touch /run/secrets/a 2>/dev/null || echo kept";
    assert.deepEqual(await run(script, { rootFs: image, secrets, configs }, {}, files), [
      "stdout config",
      "stdout kept",
      "stdout secret",
    ]);
    assert.deepEqual(await run("cat /run/secrets/a", { secrets }, {}, files), ["stdout secret"]);
  });

  it("has an environment that no privileged program has read", async () => {
    const env = ["LD_PRELOAD=/no/such.so", "TEXT=a 'b'\n$c"];
    const lines = await run('echo "$TEXT|$LD_PRELOAD"', { env });
    assert.deepEqual(
      lines.filter((line) => line.startsWith("stdout")),
      ["stdout $c|/no/such.so", "stdout a 'b'"],
    );
    // Only the task's own program met the variable: the shells and tools before it are root's.
    assert.ok(lines.filter((line) => line.includes("LD_PRELOAD cannot")).length <= 1, lines.join());
  });

  it("checks its health inside, as its own user", async () => {
    const healthcheck = make("HealthConfig", {
      test: ["CMD-SHELL", "test $(id -u) = 77 && cat /proc/1/comm && touch /tmp/checked"],
      intervalNs: 20e6,
    });
    const controller = await start("sleep 1000 || while :; do cat /data/seed; done", {
      rootFs: image,
      user: "guest",
      healthcheck,
    });
    await controller.shutdown(signal);
  });

  describe("with limits", () => {
    before(function () {
      skipWhere(this, openCgroups({ name: "probe" }) ? "" : "no control groups can be made here");
    });

    it("is ended by the kernel when it wants too much memory, and says so", async () => {
      const controller = await startLimited("tail /dev/zero; exit 9", { memoryBytes: 16 << 20 });
      assert.deepEqual(await controller.wait(signal), { code: 9, error: "out of memory" });
    });

    it("cannot have more processes than its limit", async () => {
      const script = "for i in 1 2 3 4 5; do sleep 0.2 & done; wait";
      const controller = await startLimited(script, { pids: 3 });
      assert.notEqual((await controller.wait(signal)).code, 0);
      assert.match((await linesOf(controller)).join(), /[Cc]annot fork/);
    });

    it("leaves no control group behind", async () => {
      const controller = await startLimited("cat /proc/self/cgroup", { nanoCpus: 5e8 });
      await controller.wait(signal);
      const line = (await linesOf(controller, { follow: true })).find((x) => x.includes("/skep/"));
      const [, path = ""] = /:(\/skep\/.*)$/.exec(line ?? "") ?? [];
      const left = (): boolean =>
        ["cpu", "."].some((name) => existsSync(join("/sys/fs/cgroup", name, path)));
      assert.equal(left(), true);
      await eventually(async () => {
        await controller.remove(signal).catch(() => {});
        return !left();
      });
      started.splice(0);
    });
  });
});
