import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import type { BootstrapObject } from "../manager/control/bootstrap.ts";
import { Manager } from "../manager/manager.ts";
import type { CsiPlugin } from "../proto/csi-plugin.ts";
import type { NodeTls } from "../proto/node-tls.ts";
import { openRaftMember } from "./raft-member.ts";
import type { SavedMembership, StateDir } from "./state-dir.ts";

export interface ManagerRoleModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly state: StateDir;
  readonly tls: NodeTls;
  readonly csiPlugins: readonly CsiPlugin[];
}

export interface ManagerRoleStart {
  readonly saved: SavedMembership;
  /** Managers to ask for admission to the Raft group, `host:port` each. */
  readonly managers: readonly string[];
  /** Opens a locked Raft directory; null when it is not locked. */
  readonly unlockKey: Uint8Array | null;
  /** What a new cluster starts with; its first manager asks nobody. */
  readonly bootstrap: readonly BootstrapObject[] | undefined;
}

/** The node's manager, for as long as it has the role. */
export class ManagerRole {
  readonly manager: Manager;
  /** The membership with the ports that are in use now. */
  readonly saved: SavedMembership;
  #closing: Promise<void> | undefined;

  private constructor(manager: Manager, saved: SavedMembership) {
    this.manager = manager;
    const port = saved.advertise.port || manager.port;
    this.saved = {
      ...saved,
      listen: { ...saved.listen, port: manager.port },
      advertise: { ...saved.advertise, port },
      raftPort: Number(manager.raft.addr.slice(manager.raft.addr.lastIndexOf(":") + 1)),
      managers: saved.managers.length > 0 ? saved.managers : [manager.controlAddr],
    };
  }

  /** Listens and takes part in Raft: newly, as a joiner, or as the member of earlier runs. */
  static async open(
    { saved, managers, bootstrap, unlockKey }: ManagerRoleStart,
    modules: ManagerRoleModules,
    signal: AbortSignal,
  ): Promise<ManagerRole> {
    const { nodeId, clusterId, listen, advertise, raftPort } = saved;
    const auditPath = modules.state.join("audit.log");
    const options = { nodeId, clusterId, listen, advertise, unlockKey, auditPath };
    const manager = await Manager.open(
      { ...options, ...(bootstrap ? { bootstrap } : {}) },
      {
        ...modules,
        openRaft: (stateMachine, controlAddr) =>
          openRaftMember(
            {
              dir: modules.state.join("raft"),
              nodeId,
              clusterId,
              listenHost: listen.host,
              advertiseHost: advertise.host,
              port: raftPort,
              controlAddr,
              unlockKey,
              joinThrough: bootstrap ? [] : managers.filter((addr) => addr !== controlAddr),
            },
            modules,
            stateMachine,
            signal,
          ),
      },
    );
    return new ManagerRole(manager, saved);
  }

  /** Follows leadership; ends when the role is closed, throws what the manager cannot live with. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      await this.manager.run(signal);
    } catch (error) {
      if (!this.#closing) throw error;
    }
  }

  /** Resolves when the group has taken this manager out; or never, once it is closed. */
  async removed(): Promise<void> {
    try {
      for await (const { removed } of this.manager.raft.watchStatus(new AbortController().signal))
        if (removed) return;
    } catch (error) {
      if (!this.#closing) throw error;
    }
  }

  /** Hands leadership over and stops. */
  close(): Promise<void> {
    this.#closing ??= this.manager.stop();
    return this.#closing;
  }
}
