import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { skipWhere } from "../skip-where.ts";
import * as adapter from "./raft-adapter.ts";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
/** Where the runner and the scripts lie; they are not part of this repository. */
const SHARED = process.env["SKEP_SHARED"] ?? resolve(ROOT, "../shared");
const RUNNER = join(SHARED, "conformance/raft");
const SUITES = {
  quorum: "quorum/testdata",
  confchange: "confchange/testdata",
  interaction: "testdata",
} as const;

/** One command of a script, with what it must print. */
interface Directive {
  readonly line: number;
  readonly dirLine: string;
  readonly expected: string;
}

interface Environment {
  handle(directive: Directive): string;
}

/** The parts of the runner that this test drives. */
interface Runner {
  parseFile(text: string, name: string): readonly Directive[];
  runQuorumDirective(core: typeof adapter, directive: Directive): string;
  readonly ConfChangeEnv: new (core: typeof adapter) => Environment;
  readonly InteractionEnv: new (core: typeof adapter, options: { logs: boolean }) => Environment;
  stripLogs(text: string): string;
}

async function loadRunner(): Promise<Runner> {
  const names = ["parser", "quorum", "confchange", "interaction"];
  const modules = await Promise.all(
    names.map((name): Promise<object> => import(pathToFileURL(join(RUNNER, `${name}.mjs`)).href)),
  );
  return Object.assign({}, ...modules) as Runner;
}

function environment(runner: Runner, suite: keyof typeof SUITES): Environment {
  if (suite === "confchange") return new runner.ConfChangeEnv(adapter);
  if (suite === "interaction") return new runner.InteractionEnv(adapter, { logs: false });
  return { handle: (directive) => runner.runQuorumDirective(adapter, directive) };
}

/** The scripts of a folder; one that stands for all where there is none. */
function scriptsIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return ["*.txt"];
  return readdirSync(folder).filter((name) => name.endsWith(".txt"));
}

const withNewline = (text: string): string =>
  text === "" || text.endsWith("\n") ? text : `${text}\n`;

function runScript(runner: Runner, suite: keyof typeof SUITES, path: string): void {
  const directives = runner.parseFile(readFileSync(path, "utf8"), path);
  assert.ok(directives.length > 0, "a script has directives");
  const env = environment(runner, suite);
  // The core has no log lines; they are removed from what is expected.
  const normal = (text: string) => (suite === "interaction" ? runner.stripLogs(text) : text);
  for (const directive of directives) {
    const actual = normal(withNewline(env.handle(directive)));
    const where = `line ${directive.line}: ${directive.dirLine}`;
    assert.equal(actual, normal(directive.expected), where);
  }
}

describe("the Raft core under etcd's data-driven scripts", () => {
  let runner: Runner;
  before(async function () {
    skipWhere(this, existsSync(RUNNER) ? "" : `the runner in ${RUNNER} is absent`);
    runner = await loadRunner();
  });

  for (const [suite, folder] of Object.entries(SUITES) as [keyof typeof SUITES, string][]) {
    const scripts = scriptsIn(join(RUNNER, "data", folder));
    for (const script of scripts.toSorted()) {
      it(`prints what ${suite}/${script} expects`, () => {
        runScript(runner, suite, join(RUNNER, "data", folder, script));
      });
    }
  }

  it("is built by raft:adapter into a module that a plain node can import", async () => {
    const run = promisify(execFile);
    const { stdout } = await run("npm", ["run", "--silent", "raft:adapter"], { cwd: ROOT });
    const code = "import(process.argv[1]).then((m) => console.log(Object.keys(m).sort().join()))";
    const { stdout: names } = await run(process.execPath, ["-e", code, stdout.trim()]);
    assert.equal(names.trim(), "createNode,decodeConfChange,newChanger,quorum");
  });
});
