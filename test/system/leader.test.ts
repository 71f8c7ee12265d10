import assert from "node:assert/strict";
import { systemClock } from "../../lib/clock.ts";
import { until, useCluster } from "./cluster.ts";
import type { SwarmProcess } from "./swarm-process.ts";

/** Longest that one write may take before it counts as lost and the next is tried, milliseconds. */
const WRITE_LIMIT_MS = 1_000;
/** A stop must take less (milliseconds), however busy the machine is. */
const STOP_LIMIT_MS = 10_000;
/** Far more than a hand-over takes; waiting for an election and its retries would be seen. */
const GAP_LIMIT_MS = 8_000;
const KILLS = 3;

/** Writes configs one after the other through a manager, and remembers what was acknowledged. */
class Writer {
  readonly acknowledged: string[] = [];
  longestGapMs = 0;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(name: string, through: () => SwarmProcess) {
    this.#done = this.#write(name, through);
  }

  async #write(name: string, through: () => SwarmProcess): Promise<void> {
    let last = systemClock.monotonic();
    for (let i = 0; !this.#stop.signal.aborted; i++) {
      const Name = `${name}-${i}`;
      const body = { Name, Labels: {}, Data: Buffer.from(Name).toString("base64") };
      try {
        await through().post("/configs/create", body, WRITE_LIMIT_MS);
      } catch {
        // Not acknowledged: it may be there or not. The next one has another name.
        continue;
      }
      this.acknowledged.push(Name);
      this.longestGapMs = Math.max(this.longestGapMs, systemClock.monotonic() - last);
      last = systemClock.monotonic();
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

describe("the leader's end", function () {
  this.timeout(180_000);
  const cluster = useCluster(3, 0);

  const others = (victim: SwarmProcess): readonly SwarmProcess[] =>
    cluster.nodes.filter((node) => node !== victim);

  /** Ends the leader under writes by way of the others; resolves when writes go on. */
  const endLeader = async (signal: NodeJS.Signals, name: string): Promise<readonly Writer[]> => {
    const victim = await cluster.leader();
    const writers = others(victim).map((node) => new Writer(`${name}-${node.name}`, () => node));
    const written = (): number => writers.reduce((sum, one) => sum + one.acknowledged.length, 0);
    const more = async (count: number): Promise<void> => {
      const from = written();
      await until("writes go on", async () => (written() >= from + count ? true : undefined));
    };
    try {
      await more(20);
      await victim.stop(signal);
      await more(20);
    } finally {
      await Promise.all(writers.map((writer) => writer.stop()));
    }
    victim.start();
    await cluster.answering(victim);
    await cluster.allReady(3);
    return writers;
  };

  /** Every acknowledged config, with its data, as each manager by itself has it. */
  const nothingLost = async (writers: readonly Writer[]): Promise<void> => {
    for (const node of cluster.nodes) {
      await until(`${node.name} has everything`, async () => {
        const configs = await node.get<{ Spec: { Name: string; Data: string } }[]>(
          "/configs?consistency=local",
        );
        const data = new Map(configs.map(({ Spec }) => [Spec.Name, Spec.Data]));
        for (const name of writers.flatMap((writer) => writer.acknowledged))
          assert.equal(Buffer.from(data.get(name) ?? "", "base64").toString(), name);
        return true;
      });
    }
  };

  it("by SIGTERM hands leadership over, stops in time and loses no write", async () => {
    const leader = await cluster.leader();
    const writers = await endLeader("SIGTERM", "term");
    assert.equal(leader.stopped?.code, 0, "exit status");
    assert.ok((leader.stopped?.tookMs ?? 0) < STOP_LIMIT_MS, "it stops within ten seconds");
    const gap = Math.max(...writers.map((writer) => writer.longestGapMs));
    assert.ok(gap < GAP_LIMIT_MS, `${Math.round(gap)} ms passed without a write`);
    await nothingLost(writers);
  });

  it(`by SIGKILL, ${KILLS} times, loses no acknowledged write on any manager`, async () => {
    const writers: Writer[] = [];
    for (let i = 0; i < KILLS; i++) writers.push(...(await endLeader("SIGKILL", `kill${i}`)));
    await nothingLost(writers);
  });
});
