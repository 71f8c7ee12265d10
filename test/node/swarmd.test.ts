import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { systemClock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { SeededRandom } from "../../lib/random.ts";
import type { SwarmdOptions } from "../../node/options.ts";
import { StateDir, type SavedMembership } from "../../node/state-dir.ts";
import { Swarmd } from "../../node/swarmd.ts";

const AT = { host: "127.0.0.1", port: 2377 };
const SAVED: SavedMembership = {
  version: 1,
  nodeId: "n1",
  clusterId: "c1",
  listen: AT,
  advertise: AT,
  raftPort: 2378,
  managers: [],
};

describe("swarmd, before it has taken up what it was", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "skep-swarmd-"));
  });
  afterEach(() => rm(dir, { recursive: true }));

  /** Answers, but has not been told to go on. */
  async function started(): Promise<{ readonly swarmd: Swarmd; readonly docker: Docker }> {
    const socketPath = join(dir, "swarm.sock");
    const options: SwarmdOptions = {
      stateDir: dir,
      hosts: [`unix://${socketPath}`],
      tls: undefined,
      runtime: "process",
      dockerHost: "unix:///none",
      images: { preferLocal: true, collect: null },
      hostname: "n1",
      labels: {},
      genericResources: [],
      devices: [],
      cdiDirs: [],
      csiPlugins: [],
      logLevel: "silent",
      logFormat: "json",
      metricsAddr: undefined,
    };
    const random = new SeededRandom("swarmd");
    const modules = { clock: systemClock, random, log: silentLog, version: "test" };
    const swarmd = await Swarmd.open(options, modules, (error) => assert.ifError(error));
    return { swarmd, docker: new Docker({ socketPath }) };
  }

  it("makes no new swarm in the place of the one that it is in", async () => {
    const state = await StateDir.open(dir);
    await state.save(SAVED);
    await state.close();
    const { swarmd, docker } = await started();
    try {
      const { Swarm } = (await docker.info()) as { Swarm: { LocalNodeState: string } };
      assert.equal(Swarm.LocalNodeState, "pending");
      const made = docker.swarmInit({ ListenAddr: "127.0.0.1:0", AdvertiseAddr: "127.0.0.1" });
      await assert.rejects(made, /already part of a swarm/);
      assert.deepEqual(await state.load(), SAVED);
    } finally {
      await swarmd.stop();
    }
  });

  it("is in none when it never was", async () => {
    const { swarmd, docker } = await started();
    try {
      const { Swarm } = (await docker.info()) as { Swarm: { LocalNodeState: string } };
      assert.equal(Swarm.LocalNodeState, "inactive");
    } finally {
      await swarmd.stop();
    }
  });
});
