import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const ROOT = path.join(import.meta.dirname, "..");

/** What each folder may import besides itself; docs/architecture.md shows the same table. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  proto: ["lib"],
  raft: ["lib", "proto"],
  ca: ["lib", "proto"],
  manager: ["lib", "proto", "raft", "ca"],
  worker: ["lib", "proto", "ca"],
  engine: ["lib", "proto"],
  node: ["lib", "proto", "raft", "ca", "manager", "worker", "engine"],
  cli: ["lib"],
  demo: ["lib"],
};

/** Parts of the manager meet in the store only. */
const MANAGER_ROOMS: Readonly<Record<string, readonly string[]>> = {
  allocator: ["store", "resources"],
  constraint: [],
  // Of the scheduler its core, to forecast with; see the test on its shell.
  control: ["store", "constraint", "resources", "scheduler"],
  dispatcher: ["store"],
  logs: ["store"],
  orchestrator: ["store", "constraint", "resources"],
  reach: ["store"],
  resources: [],
  scheduler: ["store", "constraint", "resources"],
  store: [],
  volumes: ["store"],
};

/** Folders whose modules decide without doing: no I/O, clock, chance or log. */
const CORES = [
  "raft/core",
  "manager/constraint",
  "manager/scheduler/filters",
  "manager/scheduler/strategies",
  "cli/spec",
  "cli/template",
];

const FILE_LINES_MAX = 300;

const GENERATED = ["proto/generated.ts", "proto/descriptor.ts"];

const tracked = execFileSync("git", ["ls-files", "-co", "--exclude-standard"], { cwd: ROOT })
  .toString()
  .split("\n")
  .filter((file) => file !== "" && fs.existsSync(path.join(ROOT, file)));
const sources = tracked.filter((file) => file.endsWith(".ts") && !GENERATED.includes(file));
const read = (file: string): string => fs.readFileSync(path.join(ROOT, file), "utf8");

/** Files of this project that `file` imports, and packages as they are named. */
function importsOf(file: string): readonly string[] {
  const names = [...read(file).matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(
    (match) => match[1]!,
  );
  return names.map((name) => (name.startsWith(".") ? path.join(path.dirname(file), name) : name));
}

const isLocal = (name: string): boolean => name.endsWith(".ts");
const room = (file: string): string => file.split("/")[1] ?? "";

describe("the source tree", () => {
  it("imports downwards only", () => {
    const wrong = sources.flatMap((file) => {
      const folder = file.split("/")[0]!;
      const allowed = LAYERS[folder];
      if (!allowed) return [];
      return importsOf(file)
        .filter(isLocal)
        .map((target) => target.split("/")[0]!)
        .filter((target) => target !== folder && !allowed.includes(target))
        .map((target) => `${file} imports ${target}`);
    });
    assert.deepEqual(wrong, []);
  });

  it("keeps the manager's parts apart: they meet in the store", () => {
    const wrong = sources.flatMap((file) => {
      const allowed = MANAGER_ROOMS[room(file)];
      if (!file.startsWith("manager/") || !allowed) return [];
      return importsOf(file)
        .filter((target) => target.startsWith("manager/"))
        .map(room)
        .filter((target) => target !== room(file) && !allowed.includes(target))
        .map((target) => `${file} imports manager/${target}`);
    });
    assert.deepEqual(wrong, []);
  });

  it("lets nobody but the manager start the scheduler's loop", () => {
    const shell = "manager/scheduler/scheduler.ts";
    const users = sources.filter((file) => importsOf(file).includes(shell));
    const wrong = users.filter((file) => !/^(?:manager\/leader\.ts|test\/|bench\/)/.test(file));
    assert.deepEqual(wrong, []);
  });

  it("lets no core do anything but decide", () => {
    const shells = /^(?:node:|@grpc\/|level$|pino$|dockerode$)/;
    const wrong = sources
      .filter((file) => CORES.some((core) => file.startsWith(`${core}/`)))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => shells.test(target) || /lib\/(?:log|clock)\.ts$/.test(target))
          .map((target) => `${file} imports ${target}`),
      );
    assert.deepEqual(wrong, []);
  });

  it("has no file that nobody imports or starts", () => {
    const entries = [
      /\/main\.ts$/,
      /^test\//,
      /^bench\//,
      /\/index\.ts$/,
      /^proto\/build\.ts$/,
      /^scripts\//,
      /^docs\/examples\//,
      /-thread\.ts$/,
      /\/launch-entry\.ts$/,
      /^demo\/replica\.ts$/,
      // In-memory twins of what is on disk, for simulations.
      /\/memory-[\w-]+\.ts$/,
    ];
    const used = new Set(sources.flatMap(importsOf));
    const orphans = sources.filter(
      (file) => !used.has(file) && !entries.some((entry) => entry.test(file)),
    );
    assert.deepEqual(orphans, []);
  });

  it("keeps files short enough to read", () => {
    const limit = (file: string): number => (file.startsWith("test/") ? 600 : FILE_LINES_MAX);
    const long = sources.filter((file) => read(file).split("\n").length - 1 > limit(file));
    assert.deepEqual(long, []);
  });

  it("has no vague names", () => {
    const vague = tracked.filter((file) =>
      /(?:^|\/)(?:utils?|helpers?|misc|common)(?:\.ts|\/)/.test(file),
    );
    const allowed = ["engine/translate/common.ts"];
    assert.deepEqual(
      vague.filter((file) => !allowed.includes(file)),
      [],
    );
    const classes = sources.filter((file) =>
      /class \w+(?:Helper|Util|Utils|Impl)\b/.test(read(file)),
    );
    assert.deepEqual(classes, []);
  });

  it("explains every exported class and function", () => {
    const bare = sources
      .filter((file) => !/^(?:test|bench)\//.test(file))
      .flatMap((file) => {
        const lines = read(file).split("\n");
        return lines.flatMap((line, at) => {
          const match = /^export (?:abstract |async )?(?:class|function\*?) (\w+)/.exec(line);
          const before = lines[at - 1] ?? "";
          return match && !/\*\/$|^\/\//.test(before.trim()) ? [`${file}: ${match[1]}`] : [];
        });
      });
    assert.deepEqual(bare, []);
  });

  it("leaves no unfinished business", () => {
    const words = /\b(?:TODO|FIXME|XXX|HACK)\b|not implemented|@ts-ignore|@ts-expect-error/;
    const found = sources.filter((file) => file !== "test/tidy.test.ts" && words.test(read(file)));
    assert.deepEqual(found, []);
  });

  it("names no path of a developer's machine", () => {
    const found = tracked
      .filter((file) => !file.endsWith("package-lock.json") && file !== "test/tidy.test.ts")
      .filter((file) => /\/(?:home|Users)\/\w+|\/work\//.test(read(file)));
    assert.deepEqual(found, []);
  });
});
