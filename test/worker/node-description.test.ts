import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cancelled } from "../../lib/abort.ts";
import { systemClock, type Clock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { SeededRandom } from "../../lib/random.ts";
import { Scope } from "../../lib/scope.ts";
import { openWorker, type Worker } from "../../worker/worker.ts";
import { make } from "../../proto/codec.ts";
import type { NodeTlsInfo } from "../../proto/generated.ts";
import { CsiStorage, FAKE_DRIVER } from "../fakes/csi-storage.ts";
import { FakeDispatcher } from "../fakes/dispatcher.ts";
import { FakeRuntime } from "../fakes/runtime.ts";
import { eventually } from "./runtime/wait.ts";

const CALLER = { nodeId: "node1", role: "worker", clusterId: "cluster1", addr: "" } as const;
/** The wait between two looks at the node, milliseconds. */
const PERIOD_MS = 20_000;
/** Only that wait is short, unless a test lets it be as long as it is. */
let waitMs: number;
let longWaits = 0;
const clock: Clock = {
  ...systemClock,
  after(ms, fire) {
    if (ms !== PERIOD_MS) return systemClock.after(ms, fire);
    if (waitMs === PERIOD_MS) longWaits++;
    return systemClock.after(waitMs, fire);
  },
};

/** Counts how often the node is looked at. */
class CountingRuntime extends FakeRuntime {
  looks = 0;

  override describe(): ReturnType<FakeRuntime["describe"]> {
    this.looks++;
    return super.describe();
  }
}

describe("the description of a node", () => {
  let dir: string;
  let leader: FakeDispatcher;
  let machine: CountingRuntime;
  let worker: Worker;
  let scope: Scope;
  let tlsInfo: NodeTlsInfo | null;
  const listeners = new Set<() => void>();

  beforeEach(async () => {
    waitMs = 5;
    tlsInfo = null;
    dir = await mkdtemp(join(tmpdir(), "skep-description-"));
    leader = new FakeDispatcher();
    machine = new CountingRuntime();
    const options = {
      hostname: "a",
      labels: {},
      genericResources: [],
      devices: [],
      cdiDirs: [],
      version: "1",
    };
    worker = await openWorker(
      { ...options, dir, caller: CALLER, managers: ["m1:2377"] },
      {
        clock,
        random: new SeededRandom("description"),
        log: silentLog,
        runtime: machine,
        connect: (addr) => leader.connect(addr),
        tlsInfo: () => tlsInfo,
        onTlsUpdate: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
        onSession: () => {},
        csi: new Map([[FAKE_DRIVER, new CsiStorage().node("node1")]]),
      },
    );
    scope = new Scope(new AbortController().signal);
    scope.run((signal) => worker.run(signal));
    await eventually(() => leader.descriptions.length === 1);
  });

  afterEach(async () => {
    await scope.close(cancelled("test over"));
    await worker.close();
    await rm(dir, { recursive: true });
  });

  const looked = async (times: number): Promise<void> => {
    const before = machine.looks;
    await eventually(() => machine.looks >= before + times);
  };

  it("is looked at every 20 seconds, and sent again when it has changed, in the same session", async () => {
    await looked(3);
    assert.equal(leader.descriptions.length, 1);
    machine.labels = { ...machine.labels, disk: "ssd" };
    await eventually(() => leader.descriptions.length === 2);
    assert.equal(leader.descriptions[1]?.engine?.labels["disk"], "ssd");
    await looked(3);
    assert.equal(leader.descriptions.length, 2);
    assert.equal(leader.sessions, 1);
  });

  it("is sent at once when what the node trusts has changed: a rotation waits for it", async () => {
    waitMs = PERIOD_MS;
    await eventually(() => longWaits > 0);
    const before = leader.descriptions.length;
    tlsInfo = make("NodeTlsInfo", { trustRoot: "new root" });
    for (const listener of listeners) listener();
    await eventually(() => leader.descriptions.length > before);
    assert.equal(leader.descriptions.at(-1)?.tlsInfo?.trustRoot, "new root");
    await scope.close(cancelled("test over"));
    assert.equal(listeners.size, 0);
  });

  it("names the CSI drivers of the node, and what they call it", () => {
    const [info] = leader.descriptions[0]?.csiInfo ?? [];
    assert.deepEqual([info?.pluginName, info?.nodeId], [FAKE_DRIVER, "csi-node1"]);
  });
});
