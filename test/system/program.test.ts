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

  it("has Node started with its flags, and hands its own on as they are", async () => {
    const node = path.join(directory, "node");
    await writeFile(node, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n", { mode: 0o755 });
    const { out } = await start(directory, "--hostname", "two words", "");
    const passed = [link, "--hostname", "two words", ""];
    assert.deepEqual(out.split("\n"), [...SWARMD_NODE_FLAGS, ...passed, ""]);
  });

  it("is JavaScript behind that line", async () => {
    const { code, out } = await start(path.dirname(process.execPath), "--version");
    assert.equal(out.trim(), VERSION);
    assert.equal(code, 0);
  });
});
