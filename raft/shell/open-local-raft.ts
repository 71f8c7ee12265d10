import { onAbort } from "../../lib/abort.ts";
import type { RaftNode } from "../index.ts";
import { BoundMember, type MemberModules } from "./bound-member.ts";
import { localPorts } from "./driver/local-port.ts";
import { toPortError } from "./driver/port-error.ts";
import {
  deferToNextTurn,
  memberOptions,
  newIdentity,
  openHost,
  type RaftModules,
  type RaftOptions,
} from "./raft-options.ts";

/**
 * Like `openRaft`, but the member runs in the calling thread, with the given clock and chance. Resolves when the state machine holds the
 * stored snapshot and the member takes part. `signal` gives up opening; it does not stop a node.
 * @throws SwarmError `unavailable` (port taken), `failed-precondition` (directory of another node,
 *   or in use), `internal` (damaged state), `exhausted` (disk full)
 */
export async function openLocalRaft(
  options: RaftOptions,
  modules: RaftModules & Pick<MemberModules, "freeBytes">,
  signal: AbortSignal,
): Promise<RaftNode> {
  signal.throwIfAborted();
  const memberModules = { ...modules, defer: deferToNextTurn };
  const bound = await BoundMember.bind(memberOptions(options), memberModules);
  try {
    const identity =
      bound.identity ?? (await newIdentity(options, bound.addr, modules.random, signal));
    const ports = localPorts(deferToNextTurn);
    const self = { id: identity.id, addr: bound.addr };
    const host = await openHost(self, options, modules, ports.host);
    const release = onAbort(signal, () => void host.stop());
    const begun = bound.begin(identity, ports.driver).catch((error: unknown) => {
      ports.driver.post({ kind: "failed", error: toPortError(error) });
      throw error;
    });
    await Promise.all([begun, host.ready()]);
    release();
    return host;
  } catch (error) {
    await bound.release();
    throw error;
  }
}
