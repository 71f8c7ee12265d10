import { bootstrapCluster } from "../ca/bootstrap.ts";
import { parseIdentity } from "../ca/identity.ts";
import { joinCluster } from "../ca/join.ts";
import { KeyStore } from "../ca/key-store.ts";
import { isRemovedNodeError } from "../ca/removed-node.ts";
import { SwarmError, messageOf } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type {
  HostAddress,
  HostFacts,
  InitRequest,
  JoinRequest,
  LocalState,
  LocalNodeState,
  SwarmNode,
} from "../engine/swarm-node.ts";
import { hostAddresses, hostFacts } from "./host-facts.ts";
import { Member, type MemberModules, type MemberStart } from "./member.ts";
import { waitForFirstNode } from "./first-node.ts";
import { isLocked, LOCKED_TEXT, NO_LEADER_TEXT } from "./node-errors.ts";
import { localAddressTowards } from "./local-address.ts";
import type { SavedMembership } from "./state-dir.ts";

/** Life of certificates unless the cluster's spec says otherwise. */
const CERTIFICATE_LIFE_MS = 90 * 24 * 3600 * 1000;

/** The local node: in no swarm, or a member of one. Its membership survives restarts. */
export class LocalNode implements SwarmNode {
  readonly #modules: MemberModules;
  readonly #keys: KeyStore;
  readonly #onFailure: (error: unknown) => void;
  #state: LocalNodeState;
  #error = "";
  #member: Member | undefined;
  /** The change of membership under way; only one at a time. */
  #change: Promise<unknown> | undefined;

  /**
   * @param saved the membership that is to be taken up: nobody must make a new swarm in its place
   * @param onFailure told when a running membership ends with an error
   */
  constructor(
    modules: MemberModules,
    saved: SavedMembership | undefined,
    onFailure: (error: unknown) => void,
  ) {
    this.#modules = modules;
    this.#state = saved ? "pending" : "inactive";
    this.#keys = new KeyStore({ stateDirectory: modules.state.path }, modules);
    this.#onFailure = onFailure;
  }

  get member(): Member | undefined {
    return this.#member;
  }

  /** Takes up the membership of an earlier run, if there is one. */
  async resume(signal: AbortSignal): Promise<void> {
    try {
      await this.#resume(null, signal);
    } catch (error) {
      // A locked manager waits for its key; everything else ends the start.
      if (!isLocked(error)) throw error;
    }
  }

  async #resume(unlockKey: Uint8Array | null, signal: AbortSignal): Promise<void> {
    const saved = await this.#modules.state.load();
    if (!saved) return;
    await this.#begin(async () => {
      const material = await this.#keys.load();
      const { path } = this.#modules.state;
      if (!material)
        throw new SwarmError(
          "failed-precondition",
          `${path} belongs to node ${saved.nodeId} of a swarm, but its certificate is gone. Put ` +
            `${path}/certificates back, or remove the node on a manager ("swarm node rm --force ` +
            `${saved.nodeId}"), delete ${path} and join again`,
        );
      await this.#enter({ saved, material, unlockKey }, signal);
    });
  }

  localState(): LocalState {
    const member = this.#member;
    const saved = member?.saved;
    const leaderless = member?.manager && member.manager.raft.status().leaderId === 0;
    return {
      state: this.#state,
      nodeId: saved?.nodeId ?? "",
      nodeAddr: saved?.advertise.host ?? "",
      controlAvailable: member?.manager !== undefined,
      error: this.#error || (leaderless ? NO_LEADER_TEXT : ""),
      remoteManagers: member?.managers ?? [],
      clusterId: saved?.clusterId ?? "",
    };
  }

  hostFacts(): HostFacts {
    const { options, state, version } = this.#modules;
    const { hostname, labels, runtime } = options;
    const runtimes = runtime === "docker" ? ["docker", "process"] : ["process"];
    return hostFacts({ hostname, labels, version, runtimes, stateDir: state.path });
  }

  hostAddresses(): readonly HostAddress[] {
    return hostAddresses();
  }

  init(request: InitRequest, signal: AbortSignal): Promise<string> {
    if (request.forceNewCluster) return this.#forceNewCluster(signal);
    return this.#begin(async () => {
      const { random, clock } = this.#modules;
      const nodeId = newId(random);
      const { bootstrapObjects, checkCluster } = await import("./new-cluster.ts");
      checkCluster(request.spec);
      const clusterId = newId(random);
      const expiryMs = (request.spec.ca?.nodeCertExpiryNs ?? 0) / 1e6 || CERTIFICATE_LIFE_MS;
      const made = await bootstrapCluster({ nodeId, clusterId, expiryMs }, { clock, random });
      const bootstrap = bootstrapObjects(
        {
          clusterId,
          spec: request.spec,
          rootCa: made.rootCa,
          defaultAddressPool: request.defaultAddressPool,
          subnetSize: request.subnetSize,
          vxlanUdpPort: request.dataPathPort,
          node: {
            id: nodeId,
            certificate: made.certificate,
            availability: request.availability,
            addr: request.advertise.host,
          },
        },
        random,
      );
      const saved: SavedMembership = {
        version: 1,
        nodeId,
        clusterId,
        listen: request.listen,
        advertise: request.advertise,
        raftPort: 0,
        managers: [],
      };
      await this.#modules.state.wipe();
      const { material } = made;
      await this.#keys.save(material);
      await this.#enterOrClean({ saved, material, unlockKey: null, bootstrap }, signal);
      await this.#firstReady(nodeId, signal);
      return nodeId;
    });
  }

  join(request: JoinRequest, signal: AbortSignal): Promise<void> {
    return this.#begin(async () => {
      const { joinToken: token, remoteAddrs: remotes, availability } = request;
      const joined = await joinCluster({ token, remotes, availability }, this.#modules, signal);
      const { nodeId, clusterId } = parseIdentity(joined.material.certificate);
      const advertise = request.advertise ?? {
        host: await localAddressTowards(joined.remote),
        port: 0,
      };
      const saved: SavedMembership = {
        version: 1,
        nodeId,
        clusterId,
        listen: request.listen,
        advertise,
        raftPort: 0,
        managers: [joined.remote, ...remotes.filter((addr) => addr !== joined.remote)],
      };
      await this.#modules.state.wipe();
      await this.#keys.save(joined.material);
      await this.#enterOrClean({ saved, material: joined.material, unlockKey: null }, signal);
      await this.#member?.registered();
    });
  }

  leave(_force: boolean, signal: AbortSignal): Promise<void> {
    const member = this.#member;
    return this.#begin(async () => {
      await member?.leave(signal);
      this.#member = undefined;
      await this.#modules.state.wipe();
      this.#state = "inactive";
      this.#error = "";
    });
  }

  unlock(key: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#state !== "locked") throw new SwarmError("exists", "swarm is not locked");
    return this.#resume(key, signal);
  }

  /** Stops without leaving. */
  async stop(): Promise<void> {
    await this.#change?.catch(() => {});
    await this.#member?.stop();
  }

  /** Runs a change of membership, alone. */
  async #begin<T>(change: () => Promise<T>): Promise<T> {
    if (this.#change) {
      const text = "the node is entering or leaving a swarm just now; try again in a moment";
      throw new SwarmError("unavailable", text);
    }
    const running = change();
    this.#change = running;
    try {
      return await running;
    } finally {
      this.#change = undefined;
    }
  }

  async #enterOrClean(start: MemberStart, signal: AbortSignal): Promise<void> {
    try {
      await this.#enter(start, signal);
      await this.#modules.state.save(this.#member?.saved ?? start.saved);
    } catch (error) {
      // Nothing half done: the next attempt begins from nothing.
      await this.#member?.stop();
      this.#member = undefined;
      await this.#modules.state.wipe();
      this.#state = "inactive";
      this.#error = "";
      throw error;
    }
  }

  async #enter(start: MemberStart, signal: AbortSignal): Promise<void> {
    this.#state = "pending";
    this.#error = "";
    try {
      const member = await Member.open(start, this.#modules, signal);
      this.#member = member;
      this.#state = "active";
      void member.ended().catch((error) => this.#ended(member, error));
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /**
   * Makes this manager the only one of its cluster, whatever the others say: for a quorum that is
   * lost for good. Services and tasks stay; nodes that are gone show as Down.
   */
  #forceNewCluster(signal: AbortSignal): Promise<string> {
    return this.#begin(async () => {
      const { state, log } = this.#modules;
      const saved = await state.load();
      const material = saved && (await this.#keys.load());
      if (!saved || !material || saved.raftPort === 0)
        throw new SwarmError("failed-precondition", "only a manager can force a new cluster");
      const unlockKey = this.#member?.manager?.unlockKey ?? null;
      await this.#member?.stop();
      this.#member = undefined;
      const { forceNewCluster } = await import("./raft-state.ts");
      const forced = await forceNewCluster(state.join("raft"), unlockKey);
      log.warn({ removed: forced.removed, damage: forced.damage }, "forced a new cluster");
      await this.#enter({ saved, material, unlockKey }, signal);
      await this.#firstReady(saved.nodeId, signal);
      return saved.nodeId;
    });
  }

  /**
   * A node that was removed from the swarm ends its tasks and says so until it is told to leave;
   * with any other failure swarmd cannot go on.
   */
  async #ended(member: Member, error: unknown): Promise<void> {
    if (!isRemovedNodeError(error)) {
      this.#fail(error);
      return;
    }
    this.#modules.log.error({ err: error }, "the node was removed from the swarm");
    this.#state = "error";
    this.#error = messageOf(error);
    await this.#change?.catch(() => {});
    if (this.#member !== member) return;
    try {
      await this.#begin(() => member.evict(new AbortController().signal));
      this.#member = undefined;
    } catch (failure) {
      this.#fail(failure);
    }
  }

  #firstReady(nodeId: string, signal: AbortSignal): Promise<void> {
    return waitForFirstNode(nodeId, () => this.#member?.manager?.store, this.#modules, signal);
  }

  #fail(error: unknown): void {
    this.#state = isLocked(error) ? "locked" : "error";
    this.#error = isLocked(error) ? LOCKED_TEXT : messageOf(error);
    if (this.#member) this.#onFailure(error);
  }
}
