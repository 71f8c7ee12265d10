import type { Clock } from "../lib/clock.ts";
import { SwarmError } from "../lib/errors.ts";
import type { RpcService } from "../proto/method.ts";
import type { NodeTls } from "../proto/node-tls.ts";
import { RpcConnection } from "../proto/rpc-client.ts";
import type { RaftNode } from "../raft/index.ts";

export interface LeaderLinkModules {
  readonly raft: Pick<RaftNode, "status">;
  readonly tls: NodeTls;
  readonly clock: Clock;
}

/** This manager's connection to whoever leads, for calls it forwards on behalf of others. */
export class LeaderLink {
  readonly #modules: LeaderLinkModules;
  #connection: RpcConnection | undefined;

  readonly #forgetUpdates: () => void;

  constructor(modules: LeaderLinkModules) {
    this.#modules = modules;
    // A connection keeps the certificate it was made with; calls in progress still end.
    this.#forgetUpdates = modules.tls.onUpdate(() => this.#drop());
  }

  /** Control address of the leader as far as known here; undefined during an election. */
  get leaderAddr(): string | undefined {
    const { leaderId, members } = this.#modules.raft.status();
    return members.find((member) => member.id === leaderId)?.controlAddr;
  }

  /** What a call that only the leader can answer is refused with. */
  notLeader(): SwarmError {
    const leader = this.leaderAddr;
    if (leader === undefined)
      return new SwarmError("not-leader", "the swarm has no leader at the moment");
    const details = { leader };
    return new SwarmError("not-leader", `this manager does not lead; ask ${leader}`, { details });
  }

  /**
   * The leader's API over the network.
   * @throws SwarmError `not-leader` when no leader is known
   */
  api<Api>(service: RpcService<Api>): Api {
    const addr = this.leaderAddr;
    const { id, leaderId } = this.#modules.raft.status();
    // A leader that is not ready yet must not forward to itself.
    if (addr === undefined || leaderId === id) throw this.notLeader();
    if (this.#connection?.addr !== addr) {
      this.#connection?.close();
      this.#connection = new RpcConnection({
        addr,
        credentials: this.#modules.tls.client,
        forward: true,
        now: () => this.#modules.clock.now(),
      });
    }
    return this.#connection.api(service);
  }

  close(): void {
    this.#forgetUpdates();
    this.#drop();
  }

  #drop(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
