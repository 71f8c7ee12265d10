import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { daemonStarter } from "../../cli/daemon/start.ts";
import { systemClock } from "../../lib/clock.ts";
import { FakeDockerApi } from "../fakes/docker-api.ts";
import { RUN_TYPESCRIPT, runSwarm, words, type Run } from "./harness.ts";
import { fillSwarm } from "./objects.ts";

const FAKE_SWARMD = [
  process.execPath,
  RUN_TYPESCRIPT,
  fileURLToPath(new URL("../fakes/swarmd.ts", import.meta.url)),
];

/** A user without rights. */
const NOBODY = 65_534;

describe("starting swarmd in the background", function () {
  let dir: string;
  const daemon = daemonStarter(FAKE_SWARMD, systemClock);
  const swarm = (...args: string[]): Promise<Run> => runSwarm(args, undefined, { daemon });

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "swarm-cli-"));
  });
  afterEach(async () => {
    delete process.env["FAKE_SWARMD"];
    await rm(dir, { recursive: true });
  });

  function pidIn(text: string): number {
    return Number(/pid (\d+)/.exec(text)?.[1]);
  }

  it("starts one when none answers, says so, and joins through it", async () => {
    const run = await swarm(
      ...words(`join --state-dir ${dir} --runtime process --hostname n1`),
      ...words("--token SWMTKN-1-x 10.0.0.1:2377"),
    );
    const pid = pidIn(run.err);
    try {
      assert.equal(run.status, 0, run.err);
      assert.equal(run.out, "This node joined a swarm as a worker.\n");
      const log = await readFile(join(dir, "swarmd.log"), "utf8");
      const host = `unix://${join(dir, "swarm.sock")}`;
      assert.match(log, /POST \/swarm\/join/);
      assert.ok(
        log.includes(`flags --state-dir ${dir} --host ${host} --runtime process --hostname n1`),
        log,
      );
      assert.match(run.err, /Started swarmd in the background: pid \d+, log .*swarmd\.log\./);
      assert.match(run.err, new RegExp(`Stop it with: kill ${pid}`));
      assert.ok(run.err.includes(`Reach it with: export SWARM_HOST=${host}`));
      assert.equal((await stat(join(dir, "swarmd.log"))).mode & 0o777, 0o600);
    } finally {
      process.kill(pid, "SIGTERM");
    }
  });

  it("stops it again when init fails, so that nothing is half done", async () => {
    const run = await swarm("init", "--state-dir", dir);
    assert.equal(run.status, 1);
    assert.match(
      run.err,
      /swarm: could not choose an IP address to advertise - specify one with --advertise-addr\n/,
    );
    assert.match(
      run.err,
      /The swarmd that was started for this is stopped again; its log is .*swarmd\.log\n$/,
    );
    const log = await readFile(join(dir, "swarmd.log"), "utf8");
    assert.throws(() => process.kill(Number(/^pid (\d+)/.exec(log)?.[1]), 0), { code: "ESRCH" });
  });

  it("leaves it running when the node was a member before", async () => {
    process.env["FAKE_SWARMD"] = "member";
    const run = await swarm("init", "--state-dir", dir);
    const pid = pidIn(run.err);
    try {
      assert.equal(run.status, 1);
      assert.match(run.err, /Started swarmd in the background[^]*already part of a swarm/);
      assert.doesNotMatch(run.err, /stopped again/);
      assert.ok(process.kill(pid, 0));
    } finally {
      process.kill(pid, "SIGTERM");
    }
  });

  it("shows the end of the log when swarmd does not start", async () => {
    process.env["FAKE_SWARMD"] = "fail";
    const run = await swarm("init", "--state-dir", dir);
    assert.equal(run.status, 1);
    assert.match(run.err, /swarm: swarmd did not start\. The end of its log .*swarmd\.log:/);
    assert.match(run.err, /listening on 2377: address already in use/);
  });

  it("shows the end of the log when swarmd starts and ends again", async () => {
    process.env["FAKE_SWARMD"] = "dies";
    const run = await swarm("init", "--state-dir", dir);
    assert.equal(run.status, 1);
    assert.match(run.err, /swarm: swarmd started, and ended\. The end of its log .*swarmd\.log:/);
    assert.match(run.err, /the state directory has no certificate/);
  });

  it("says why a state directory can't be used", async () => {
    await writeFile(join(dir, "file"), "");
    const blocked = await swarm("init", "--state-dir", join(dir, "file", "state"));
    assert.equal(blocked.status, 1);
    assert.match(blocked.err, /cannot create .*: a file is in the way\. .*--state-dir/s);
    const long = await swarm("init", "--state-dir", join(dir, "x".repeat(100)));
    assert.match(long.err, /longer than the 107 bytes/);
  });

  it("says what to do about a directory that is not ours", async () => {
    await chmod(dir, 0o555);
    // To root every directory is its own.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(NOBODY);
    const run = await swarm("init", "--state-dir", join(dir, "state"));
    if (isRoot) process.seteuid?.(0);
    await chmod(dir, 0o700);
    assert.match(run.err, /permission denied\. Run as root, or keep everything in a directory/);
  });

  it("starts none when one answers", async () => {
    const api = await FakeDockerApi.open();
    fillSwarm(api);
    api.script(({ path }) => (path === "/swarm/init" ? { json: "aa".padEnd(25, "0") } : undefined));
    const run = await runSwarm(words("init --runtime process"), api);
    assert.equal(run.status, 0, run.err);
    assert.equal(
      run.err,
      `A swarmd answers at ${api.host} already: --runtime changes nothing about it.\n`,
    );
    assert.equal(
      run.out,
      `Swarm initialized: current node (${"aa".padEnd(25, "0")}) is now a manager.\n\n` +
        "To add a worker to this swarm, run the following command:\n\n" +
        "    swarm join --token SWMTKN-1-worker 10.0.0.1:2377\n\n" +
        'To add a manager to this swarm, run "swarm join-token manager" and follow the ' +
        "instructions.\n",
    );
    await api.close();
  });

  it("starts none for an engine reached over TCP", async () => {
    const run = await runSwarm(["init", "-H", "tcp://127.0.0.1:1"], undefined);
    assert.equal(run.status, 1);
    assert.match(run.err, /cannot reach swarmd at tcp:\/\/127\.0\.0\.1:1: nothing listens on it/);
  });
});
