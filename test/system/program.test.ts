import assert from "node:assert/strict";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { SWARMD_NODE_FLAGS } from "../../lib/node-flags.ts";
import { VERSION } from "../../node/version.ts";
import { run, SWARMD } from "./swarm-process.ts";

describe("swarmd as a program", () => {
  let directory: string;
  let link: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "skep-program-"));
    // As npm makes it.
    link = path.join(directory, "swarmd");
    await symlink(SWARMD, link);
  });

  afterEach(() => rm(directory, { recursive: true }));

  const start = (searched: string, ...args: readonly string[]) =>
    run("env", [`PATH=${searched}:${process.env["PATH"]}`, link, ...args]);

  /** Has the directory searched first a Node of that version, which prints its arguments. */
  async function fakeNode(version: string): Promise<string> {
    const node = path.join(directory, "node");
    const script = `[ "$*" = --version ] && { echo ${version}; exit; }\nprintf '%s\\n' "$@"\n`;
    await writeFile(node, `#!/bin/sh\n${script}`, { mode: 0o755 });
    return node;
  }

  it("has Node started with its flags, and hands its own on as they are", async () => {
    for (const version of ["v20.11.0", "v20.20.2", "v22.0.0", "v24.4.1"]) {
      await fakeNode(version);
      const { out } = await start(directory, "--hostname", "two words", "");
      const passed = [link, "--hostname", "two words", ""];
      assert.deepEqual(out.split("\n"), [...SWARMD_NODE_FLAGS, ...passed, ""]);
    }
  });

  it("says which Node it needs, and which it has found", async () => {
    for (const version of ["v12.22.9", "v18.19.0", "v20.9.0", "v21.7.3"]) {
      const node = await fakeNode(version);
      const { code, err } = await start(directory, "--version");
      assert.match(err, /^swarmd needs Node\.js 20\.11 or a later 20, or 22 or later, and /);
      assert.ok(err.includes(`and ${node} is ${version}: see https://nodejs.org`), err);
      assert.equal(code, 1);
    }
    await rm(path.join(directory, "node"));
    const { code, err } = await run("/bin/sh", ["-c", `PATH=${directory} /bin/sh ${link}`]);
    assert.match(err, /and there is no node in PATH/);
    assert.equal(code, 1);
  });

  it("is JavaScript behind that line", async () => {
    const { code, out } = await start(path.dirname(process.execPath), "--version");
    assert.equal(out.trim(), VERSION);
    assert.equal(code, 0);
  });
});
