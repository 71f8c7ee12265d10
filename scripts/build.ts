/**
 * Builds `dist/`: one file for each program, since loading six hundred modules costs a process half a
 * second of CPU at every start (docs/decisions/0008-bundles.md). Types are checked by tsc, not here.
 */
import fs from "node:fs";
import path from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { SWARMD_NODE_FLAGS } from "../lib/node-flags.ts";

const ROOT = path.join(import.meta.dirname, "..");
const DIST = path.join(ROOT, "dist");

/**
 * The daemon, in parts: a worker does not load what only managers need. Its parts lie beside it, as the
 * entries of its Raft thread and of its launch process do, which are found by a path relative to them.
 */
const DAEMON = { "node/main": "node/main.ts" } as const;

/** The other programs, one file each, by their place in dist/. */
const PROGRAMS = {
  "node/worker": "raft/shell/thread/worker.ts",
  "node/launch-entry": "worker/runtime/process/launch-entry.ts",
  "cli/main": "cli/main.ts",
  "demo/main": "demo/main.ts",
  "demo/replica": "demo/replica.ts",
} as const;

/** Loaded from node_modules at run time: native code, and what is needed only now and then. */
const EXTERNAL = ["classic-level", "prom-client"];

/**
 * dockerode loads an SSH client for `ssh://` engines, of which we have none: it costs more than the
 * rest of the command together. Whoever reaches it is told.
 */
const withoutSsh: Plugin = {
  name: "without-ssh",
  setup(build) {
    build.onResolve({ filter: /^ssh2$/ }, () => ({ path: "ssh2", namespace: "absent" }));
    build.onLoad({ filter: /.*/, namespace: "absent" }, () => ({
      contents: `exports.Client = class { constructor() { throw new Error("ssh:// engines are not supported"); } };`,
    }));
  },
};

/** What CommonJS packages inside an ES module find where Node would have given it to them. */
const BANNER = `import { createRequire as createRequire_ } from "node:module";
const require = createRequire_(import.meta.url), __dirname = import.meta.dirname, __filename = import.meta.filename;`;

const NODE_SHEBANG = "#!/usr/bin/env node\n";

/** Node's versions that package.json asks for, as patterns of a shell. */
const NODE_VERSIONS = ["v20.1[1-9].*", "v20.[2-9][0-9].*", "v2[2-9].*", "v[3-9][0-9].*"];
const NODE_NEEDED = "Node.js 20.11 or a later 20, or 22 or later";

/**
 * Has `program` started by a shell, with `flags` for Node: an older Node would only complain of syntax.
 * `env -S` would pass flags too, but BusyBox has none. To a shell the first line of code is a no-op and
 * what to do, to Node a string and a comment.
 */
function startByShell(program: string, name: string, flags: readonly string[]): void {
  const code = fs.readFileSync(program, "utf8");
  if (!code.startsWith(NODE_SHEBANG)) throw new Error(`${program} has no line for Node`);
  const exec = ["exec node", ...flags, '"$0" "$@"'].join(" ");
  const complain = `echo "${name} needs ${NODE_NEEDED}, and $found: see https://nodejs.org" >&2`;
  const steps = [
    `case $(node --version 2>/dev/null) in ${NODE_VERSIONS.join("|")}) ${exec};; esac`,
    'found="there is no node in PATH"',
    'command -v node >/dev/null && found="$(command -v node) is $(node --version)"',
    `${complain}; exit 1`,
  ];
  // The banner's first line, empty so far: source maps go by lines.
  const rest = code.slice(NODE_SHEBANG.length);
  if (!rest.startsWith("\n")) throw new Error(`${program} has no room for the shell's line`);
  fs.writeFileSync(program, `#!/bin/sh\n":" //; ${steps.join("; ")}\n${rest.slice(1)}`);
}

fs.rmSync(DIST, { recursive: true, force: true });
const shared = {
  absWorkingDir: ROOT,
  outdir: DIST,
  bundle: true,
  platform: "node",
  target: "node20.11",
  format: "esm",
  external: EXTERNAL,
  plugins: [withoutSsh],
  banner: { js: `\n${BANNER}` },
  sourcemap: "linked",
  legalComments: "linked",
  logLevel: "warning",
} satisfies BuildOptions;
await build({ ...shared, entryPoints: PROGRAMS });
await build({
  ...shared,
  entryPoints: DAEMON,
  splitting: true,
  chunkNames: "node/[name]-[hash]",
});
startByShell(path.join(DIST, "node/main.js"), "swarmd", SWARMD_NODE_FLAGS);
startByShell(path.join(DIST, "cli/main.js"), "swarm", []);
for (const program of ["node/main.js", "cli/main.js"])
  fs.chmodSync(path.join(DIST, program), 0o755);
