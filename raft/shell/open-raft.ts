import { onAbort } from "../../lib/abort.ts";
import type { RaftNode } from "../index.ts";
import type { RaftHost } from "./host/raft-host.ts";
import {
  memberOptions,
  newIdentity,
  openHost,
  type RaftModules,
  type RaftOptions,
} from "./raft-options.ts";
import { RaftThread } from "./thread/raft-thread.ts";

export type { JoinTicket, RaftModules, RaftOptions } from "./raft-options.ts";

/**
 * Opens a member in a thread of its own, with its own peer port; the state machine stays in the
 * calling thread. Resolves when the state machine holds the stored snapshot and the member takes
 * part. `signal` gives up opening; it does not stop a node.
 * @throws SwarmError `unavailable` (port taken), `failed-precondition` (directory of another node,
 *   or in use, or with `details.locked` locked and no `kek` given), `unauthenticated` (wrong `kek`),
 *   `internal` (damaged state), `exhausted` (disk full)
 */
export async function openRaft(
  options: RaftOptions,
  modules: RaftModules,
  signal: AbortSignal,
): Promise<RaftNode> {
  const { host } = await openThread(options, modules, signal);
  return host;
}

/** {@link openRaft}, with the thread the member runs in. */
export async function openThread(
  options: RaftOptions,
  modules: RaftModules,
  signal: AbortSignal,
): Promise<{ readonly host: RaftHost; readonly thread: RaftThread }> {
  signal.throwIfAborted();
  const thread = await RaftThread.bind(memberOptions(options), modules.log);
  try {
    const identity =
      thread.identity ?? (await newIdentity(options, thread.addr, modules.random, signal));
    const self = { id: identity.id, addr: thread.addr };
    const host = await openHost(self, options, modules, thread.port);
    const release = onAbort(signal, () => void host.stop());
    // However it ends, nothing of the member is left running.
    const join = (): Promise<void> => thread.join(modules.clock);
    host.closed().then(join, join);
    thread.begin(identity);
    await host.ready();
    release();
    return { host, thread };
  } catch (error) {
    thread.release();
    await thread.join(modules.clock);
    throw error;
  }
}
