import { Bell } from "../lib/bell.ts";
import { onAbort } from "../lib/abort.ts";
import { sleep, type Clock } from "../lib/clock.ts";
import { isSwarmError } from "../lib/errors.ts";
import type { RaftNode } from "../raft/index.ts";
import type { Store } from "./store/store.ts";

const equal = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : Buffer.from(a).equals(b);

/** How long to wait before the group is asked again for what is committed, milliseconds. */
const BARRIER_RETRY_MS = 1_000;

async function caughtUp(
  raft: Pick<RaftNode, "readBarrier">,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      await raft.readBarrier(signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!isSwarmError(error)) throw error;
      await sleep(clock, BARRIER_RETRY_MS, signal);
    }
  }
}

/**
 * Keeps the lock of this manager's state directory what the cluster's autolock setting says: the
 * unlock key while it is on, none while it is off. Each manager does so for itself.
 * @param opened the key that the directory was opened with, null when it was not locked
 */
export async function followLock(
  {
    store,
    raft,
    clock,
  }: {
    readonly store: Store;
    readonly raft: Pick<RaftNode, "setLock" | "readBarrier">;
    readonly clock: Clock;
  },
  opened: Uint8Array | null,
  signal: AbortSignal,
): Promise<void> {
  const bell = new Bell();
  const unsubscribe = store.onCommit(({ events }) => {
    if (events.some((event) => event.kind === "cluster")) bell.ring();
  });
  const release = onAbort(signal, () => bell.ring());
  let current = opened;
  try {
    // While old entries are replayed, the setting is whatever it once was.
    await caughtUp(raft, clock, signal);
    for (;;) {
      const [cluster] = store.view.cluster.all();
      const key = cluster && cluster.unlockKey.length > 0 ? cluster.unlockKey : null;
      if (cluster && !equal(key, current)) {
        raft.setLock(key);
        current = key;
      }
      await bell.wait();
      if (signal.aborted) return;
    }
  } finally {
    release();
    unsubscribe();
  }
}
