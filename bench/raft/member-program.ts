import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "../..");

/** Inside the project, so that packages are found from there. */
const BUILDS = join(ROOT, ".bench");

/** What CommonJS packages inside an ES module find where Node would have given it to them. */
const BANNER = `import { createRequire as createRequire_ } from "node:module";
const require = createRequire_(import.meta.url), __dirname = import.meta.dirname, __filename = import.meta.filename;`;

/** A built program. */
export interface Program {
  readonly entry: string;
  remove(): Promise<void>;
}

/**
 * Builds the member's program the way swarmd is built: from the sources each start would cost two
 * seconds of CPU, which a run of two hundred restarts spends on little else.
 */
export async function buildMember(): Promise<Program> {
  await mkdir(BUILDS, { recursive: true });
  const directory = await mkdtemp(join(BUILDS, "member-"));
  await build({
    absWorkingDir: ROOT,
    // The Raft thread starts from a file beside the program's.
    entryPoints: { member: "bench/raft/member-main.ts", worker: "raft/shell/thread/worker.ts" },
    outdir: directory,
    bundle: true,
    platform: "node",
    target: "node20.11",
    format: "esm",
    external: ["classic-level"],
    banner: { js: BANNER },
    sourcemap: "linked",
    logLevel: "warning",
  });
  return {
    entry: join(directory, "member.js"),
    remove: () => rm(directory, { recursive: true }),
  };
}
