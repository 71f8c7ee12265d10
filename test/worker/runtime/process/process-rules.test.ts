import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { isSwarmError } from "../../../../lib/errors.ts";
import { make } from "../../../../proto/codec.ts";
import { boundingSet } from "../../../../worker/runtime/process/capabilities.ts";
import { fstabLine } from "../../../../worker/runtime/process/mount-plan.ts";
import { pathInRoot } from "../../../../worker/runtime/process/path-in-root.ts";
import {
  planProcess,
  refuseWithoutSandbox,
} from "../../../../worker/runtime/process/process-plan.ts";
import { sysctlFiles } from "../../../../worker/runtime/process/sysctls.ts";
import { memoryUlimit, ulimitOptions } from "../../../../worker/runtime/process/ulimits.ts";
import { processTask } from "../tasks.ts";

describe("capabilities of a process", () => {
  const names = (set: string): readonly string[] => set.split(",").slice(1);

  it("are Docker's when nothing is said", () => {
    assert.equal(names(boundingSet([], [])).length, 14);
    assert.ok(!boundingSet([], []).includes("sys_admin"));
  });

  it("are added and dropped by name, with prefix or without", () => {
    assert.ok(names(boundingSet(["CAP_SYS_TIME"], [])).includes("+sys_time"));
    assert.ok(!names(boundingSet([], ["CHOWN"])).includes("+chown"));
    assert.equal(boundingSet(["NET_ADMIN"], ["ALL"]), "-all,+net_admin");
    assert.equal(boundingSet(["ALL"], ["SYS_ADMIN"]), "+all,-sys_admin");
  });

  it("have names that no shell can misread", () => {
    assert.throws(
      () => boundingSet(["a,+b"], []),
      (error) => isSwarmError(error, "invalid"),
    );
  });
});

describe("ulimits of a process", () => {
  it("are prlimit's options", () => {
    const limits = [
      make("Ulimit", { name: "nofile", soft: 10, hard: 20 }),
      make("Ulimit", { name: "core", soft: -1, hard: -1 }),
    ];
    assert.deepEqual(ulimitOptions(limits), ["--nofile=10:20", "--core=unlimited:unlimited"]);
  });

  it("are refused when nobody knows them", () => {
    const limits = [make("Ulimit", { name: "nothing", soft: 1, hard: 1 })];
    assert.throws(() => ulimitOptions(limits), /invalid ulimit type/);
  });

  it("stand in for a memory limit where there are no control groups", () => {
    assert.deepEqual(memoryUlimit(0), []);
    assert.deepEqual(memoryUlimit(4096), ["--data=4096:4096"]);
  });
});

describe("sysctls of a process", () => {
  it("are files of a namespace", () => {
    const files = sysctlFiles({ "kernel.shmmax": "1", "net.core.somaxconn": "9" }, true);
    assert.deepEqual(files, [
      { path: "/proc/sys/kernel/shmmax", value: "1" },
      { path: "/proc/sys/net/core/somaxconn", value: "9" },
    ]);
  });

  for (const name of ["kernel.panic", "vm.swappiness", "net../../kernel.panic", "fs.mqueue.a b"])
    it(`are refused when they are the machine's: ${name}`, () => {
      assert.throws(() => sysctlFiles({ [name]: "1" }, true), /not in a separate kernel namespace/);
    });

  it("of the network need a network of the task's own", () => {
    assert.throws(
      () => sysctlFiles({ "net.core.somaxconn": "9" }, false),
      /attach it to a network/,
    );
  });
});

describe("a path in a root file system", () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "skep-root-"));
    mkdirSync(join(dir, "root/etc"), { recursive: true });
  });

  afterEach(() => rmSync(dir, { recursive: true }));

  it("never leads out, whatever links are on the way", () => {
    const root = join(dir, "root");
    symlinkSync("/etc", join(root, "absolute"));
    symlinkSync("../../../..", join(root, "up"));
    symlinkSync("up/etc", join(root, "chain"));
    assert.equal(pathInRoot(root, "/absolute/passwd"), join(root, "etc/passwd"));
    assert.equal(pathInRoot(root, "/up/etc/x"), join(root, "etc/x"));
    assert.equal(pathInRoot(root, "/chain/x"), join(root, "etc/x"));
    assert.equal(pathInRoot(root, "/../../../etc"), join(root, "etc"));
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("..", "up", "absolute", "chain", "etc", "x")),
        (names) => {
          const path = pathInRoot(root, `/${names.join("/")}`);
          assert.ok(path === root || path.startsWith(`${root}/`), path);
        },
      ),
    );
  });

  it("is refused when links go in a circle", () => {
    const root = join(dir, "root");
    symlinkSync("b", join(root, "a"));
    symlinkSync("a", join(root, "b"));
    assert.throws(() => pathInRoot(root, "/a/x"), /leads in circles/);
  });
});

describe("lines of an fstab", () => {
  it("keep blanks and backslashes", () => {
    const entry = { source: "/a b", target: "/t", type: "none", options: ["bind"], isFile: false };
    assert.equal(fstabLine(entry, "/c\\d\te"), "/a\\040b /c\\134d\\011e none bind 0 0");
  });
});

describe("the network of a process", () => {
  const planned = (...names: readonly string[]) => {
    const task = processTask("t", { command: ["true"] });
    const networks = names.map((nodeNetwork) =>
      make("NetworkAttachmentConfig", { target: "n", nodeNetwork }),
    );
    const on = { ...task, spec: task.spec && { ...task.spec, networks } };
    return planProcess(on, {}, []).ownNetwork;
  };

  it("is its node's, unless it is on one of the cluster", () => {
    assert.deepEqual([planned(), planned("host"), planned("")], [false, false, true]);
  });

  it("is never a container engine's", () => {
    assert.throws(() => planned("bridge"), /a process cannot be on the network bridge/);
  });
});

describe("a node without namespaces", () => {
  const asked = [
    ["a root file system", { rootFs: "/srv" }],
    ["a read-only root", { readOnly: true }],
    ["mounts", { mounts: [make("Mount")] }],
    ["groups", { groups: ["audio"] }],
    ["sysctls", { sysctls: { "kernel.shmmax": "1" } }],
    ["capabilities", { capabilityAdd: ["NET_ADMIN"] }],
    ["devices", { devices: ["/dev/kvm"] }],
    ["hosts of its own", { hosts: ["10.0.0.1 db"] }],
    ["a DNS configuration of its own", { dnsConfig: make("DnsConfig", { search: ["lan"] }) }],
  ] as const;
  for (const [what, spec] of asked)
    it(`refuses ${what} and says what would help`, () => {
      const task = processTask("t1", { command: ["true"], ...spec });
      assert.throws(
        () => refuseWithoutSandbox(task, "swarmd does not run as root"),
        (error) =>
          isSwarmError(error, "failed-precondition") &&
          error.message.includes(what) &&
          error.message.includes("swarmd does not run as root") &&
          error.message.includes("engine.labels.skep.process.isolation==namespaces"),
      );
    });

  it("takes a plain process", () => {
    refuseWithoutSandbox(processTask("t1", { command: ["true"] }), "no reason");
  });
});
