import { selfCaller } from "../ca/identity.ts";
import { linked } from "../lib/abort.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Manager } from "../manager/manager.ts";
import { make } from "../proto/codec.ts";
import { MembershipService } from "../proto/generated.ts";
import type { NodeTls } from "../proto/node-tls.ts";
import { RpcConnection } from "../proto/rpc-client.ts";

/** How long leaving the group may take before the node leaves without its consent, milliseconds. */
const LEAVE_LIMIT_MS = 5_000;

/**
 * Takes this manager out of the Raft group through whoever leads, so that the others keep their
 * quorum. Best effort: a swarm without a leader cannot agree to it, and leaving is by force.
 */
export async function leaveRaft(
  manager: Manager,
  tls: NodeTls,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const { id, members } = manager.raft.status();
  if (members.length <= 1) return;
  using limit = linked(signal);
  const cancel = clock.after(LEAVE_LIMIT_MS, () => limit.abort());
  try {
    if (manager.isLeading) await manager.raft.transferLeadership(limit.signal);
    for (const member of members) {
      if (member.id === id || !member.reachable) continue;
      const connection = new RpcConnection({
        addr: member.controlAddr,
        credentials: tls.client,
        now: () => clock.now(),
      });
      try {
        const call = { signal: limit.signal, caller: selfCaller(tls.material) };
        await connection.api(MembershipService).leaveRaft(make("LeaveRaftRequest"), call);
        return;
      } finally {
        connection.close();
      }
    }
  } catch (error) {
    log.warn({ reason: messageOf(error) }, "left without the group's consent");
  } finally {
    cancel();
  }
}
