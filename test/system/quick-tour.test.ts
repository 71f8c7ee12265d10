import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const ROOT = path.join(import.meta.dirname, "..", "..");
const SWARM = path.join(ROOT, "dist", "cli", "main.js");

/** The README's tour, line by line, with a directory of its own and the built command. */
function tour(dir: string): readonly string[] {
  const readme = fs.readFileSync(path.join(ROOT, "README.md"), "utf8");
  const block = /<!-- tour:[^\n]*-->\n```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  return block
    .replaceAll("/tmp/skep-tour", dir)
    .replaceAll("npx swarm ", `"${process.execPath}" "${SWARM}" `)
    .trim()
    .split("\n");
}

async function bash(
  script: string,
): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn("bash", ["-c", script], { stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const [code] = (await once(child, "exit")) as [number | null];
  return { code, text: Buffer.concat(chunks).toString() };
}

/** Ends the daemon that `swarm init` left in the background, if any. */
function endDaemon(dir: string): void {
  const file = path.join(dir, "swarmd.pid");
  if (!fs.existsSync(file)) return;
  const pid = Number(fs.readFileSync(file, "utf8").split(" ")[0]);
  if (pid > 1) process.kill(pid, "SIGTERM");
}

describe("the README's quick tour", () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "skep-tour-"));
  after(() => {
    endDaemon(dir);
    fs.rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });

  it("works line by line", async function () {
    this.timeout(120_000);
    assert.ok(fs.existsSync(SWARM), "build first: npm run build");
    const lines = tour(dir);
    assert.ok(lines.length >= 8, "the tour is found in the README");
    const script = lines.map((line) => `echo '$ ${line.replaceAll("'", "")}'; ${line}`).join("\n");
    const { code, text } = await bash(`set -e\n${script}`);
    assert.equal(code, 0, text);
    for (const words of ["Swarm initialized", "Leader", "web.1", "5/5", "GREETING"])
      assert.ok(text.includes(words), `the tour's output has no "${words}":\n${text}`);
  });
});
