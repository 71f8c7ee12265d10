import { join } from "node:path";
import { systemClock, type Clock } from "../lib/clock.ts";
import { silentLog, type Logger } from "../lib/log.ts";
import { systemRandom, type Random } from "../lib/random.ts";
import { Store } from "../manager/store/store.ts";
import type { RaftNode } from "../raft/index.ts";
import { openRaft } from "../raft/shell/open-raft.ts";
import { createTestCa } from "../test/fakes/certificates.ts";

/** The store of a swarm's only manager, with its real Raft member in a thread of its own. */
export interface SingleManager extends AsyncDisposable {
  readonly store: Store;
  readonly raft: RaftNode;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Opens one in `directory`; resolves when it leads. */
export async function openSingleManager(
  directory: string,
  signal: AbortSignal,
): Promise<SingleManager> {
  const clusterId = "bench";
  const authority = await createTestCa(clusterId);
  const shared = { clock: systemClock, random: systemRandom, log: silentLog };
  const store = new Store(shared);
  const raft = await openRaft(
    {
      stateDir: join(directory, "raft"),
      clusterId,
      self: { nodeId: "node1" },
      listenAddr: "127.0.0.1:0",
      advertiseAddr: "127.0.0.1:0",
      controlAddr: "127.0.0.1:1",
      tls: await authority.issue(),
    },
    { ...shared, stateMachine: store },
    signal,
  );
  store.attach(raft);
  for await (const { leading } of raft.watchStatus(signal)) if (leading > 0) break;
  return {
    ...shared,
    store,
    raft,
    async [Symbol.asyncDispose]() {
      await raft.stop();
      store.close();
    },
  };
}
