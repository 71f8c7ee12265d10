import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { COMPLETION_SCRIPTS } from "../../cli/complete/scripts.ts";
import { FakeDockerApi } from "../fakes/docker-api.ts";
import { runSwarm } from "./harness.ts";
import { fillSwarm, service, task } from "./objects.ts";

const run = promisify(execFile);

describe("completion", () => {
  let api: FakeDockerApi;
  const complete = async (line: string): Promise<readonly string[]> => {
    const result = await runSwarm(["__complete", "--", ...line.split(" ")], api);
    assert.equal(result.status, 0);
    return result.out
      .trimEnd()
      .split("\n")
      .map((answer) => answer.split("\t")[0] ?? "");
  };

  beforeEach(async () => {
    api = await FakeDockerApi.open();
    fillSwarm(api);
    api.objects.services.push(service("s1", "web", 1), service("s2", "api", 1));
    api.objects.tasks.push(task("t1", { service: "s1", slot: 1, node: "aa" }, "running"));
  });
  afterEach(() => api.close());

  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["ser", ["service", ":4"]],
    ["service sc", ["scale", ":4"]],
    ["service rm ", ["web", "api", ":4"]],
    ["service rm web a", ["api", ":4"]],
    ["service scale w", ["web=", ":4"]],
    ["service logs ", ["web", "api", "t1".padEnd(25, "0"), ":4"]],
    ["service create --net", ["--network", ":4"]],
    ["service create --network ", ["front", ":4"]],
    ["service create --secret=", ["--secret=pw", ":4"]],
    ["service create --name x --mode g", ["global", "global-job", ":4"]],
    ["service create --mode=g", ["--mode=global", "--mode=global-job", ":4"]],
    ["service create nginx ", [":0"]],
    ["service create ", [":4"]],
    ["service create --env-file ", [":0"]],
    ["node inspect a", ["alpha", ":4"]],
    ["node inspect s", ["self", ":4"]],
    ["node update --role m", ["manager", ":4"]],
    ["join-token ", ["worker", "manager", ":4"]],
    ["config create x ", [":0"]],
    ["secret rm ", ["pw", ":4"]],
    ["completion z", ["zsh", ":4"]],
    ["nothing here ", [":4"]],
  ];
  for (const [line, answer] of cases)
    it(`of "swarm ${line}"`, async () => assert.deepEqual(await complete(line), answer));

  it("hides what help hides", async () => {
    const words = await complete("");
    assert.ok(words.includes("node") && !words.includes("__complete"));
    assert.ok(!(await complete("node ls --h")).includes("--host"));
  });

  it("asks the engine that the line names", async () => {
    const answer = await runSwarm(
      ["__complete", "--", "-H", api.host, "service", "rm", ""],
      undefined,
    );
    assert.match(answer.out, /^web\t/);
  });

  it("offers nothing, and fails not, when no engine answers", async () => {
    const answer = await runSwarm(["__complete", "--", "service", "rm", ""], undefined);
    assert.deepEqual(answer, { status: 0, out: ":4\n", err: "" });
  });

  it("works in bash, with words broken at = and :", async () => {
    const dir = await mkdtemp(join(tmpdir(), "swarm-cli-"));
    const program = join(dir, "swarm");
    const reply = (await runSwarm(["__complete", "--", "service", "create", "--mode=g"], api)).out;
    await writeFile(program, `#!/bin/sh\ncat <<'EOF'\n${reply}EOF\n`);
    await chmod(program, 0o755);
    const script = `
      ${COMPLETION_SCRIPTS["bash"]}
      compopt() { :; }
      COMP_LINE="swarm service create --mode=g"; COMP_POINT=\${#COMP_LINE}
      _swarm; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await run("bash", ["-c", script], {
      env: { ...process.env, PATH: `${dir}:${process.env["PATH"]}` },
    });
    assert.equal(stdout, "global\nglobal-job\n");
    await rm(dir, { recursive: true });
  });

  it("prints a script for each shell", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { out, status } = await runSwarm(["completion", shell], undefined);
      assert.equal(status, 0);
      assert.match(out, /swarm.*__complete/s);
    }
  });
});
