import type { ClusterSpec, NodeAvailability } from "../proto/generated.ts";

/** Where the local node stands towards a swarm; Docker's `LocalNodeState`. */
export type LocalNodeState = "inactive" | "pending" | "active" | "error" | "locked";

/** A manager the local node knows of. */
export interface RemoteManager {
  readonly nodeId: string;
  /** `host:port` of its control port. */
  readonly addr: string;
}

/** What the local node knows of its own membership, without asking anyone. */
export interface LocalState {
  readonly state: LocalNodeState;
  /** Empty when inactive or locked. */
  readonly nodeId: string;
  /** Advertised IP address without port; empty when inactive. */
  readonly nodeAddr: string;
  /** Whether this node is a manager whose control API answers (perhaps without quorum). */
  readonly controlAvailable: boolean;
  /** Why the state is `error` or `locked`, or why there is no leader; otherwise empty. */
  readonly error: string;
  readonly remoteManagers: readonly RemoteManager[];
  /** The certificates' organisation; empty when inactive or locked. */
  readonly clusterId: string;
}

/** Facts about the machine and this program that no cluster is needed for. */
export interface HostFacts {
  readonly hostname: string;
  /** For people: "Debian GNU/Linux 12 (bookworm)". */
  readonly operatingSystem: string;
  readonly kernelVersion: string;
  /** As `uname -m` says it: x86_64, aarch64. */
  readonly architecture: string;
  /** As Go names it: linux. */
  readonly os: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Version of Skep, x.y.z. */
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Runtimes that take tasks here: docker, process. */
  readonly runtimes: readonly string[];
  readonly stateDir: string;
}

/** An address of one of the machine's network interfaces. */
export interface HostAddress {
  /** Interface name: eth0. */
  readonly name: string;
  /** IP address without prefix length. */
  readonly address: string;
  /** Loopback and the like. */
  readonly internal: boolean;
}

/** An address already resolved to an IP. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `POST /swarm/init`, validated and with every default filled in. */
export interface InitRequest {
  /** Port 0 = any free one. */
  readonly listen: HostPort;
  /** Port 0 = the port listened on. */
  readonly advertise: HostPort;
  /** IP address for overlay traffic; empty = the advertised one. */
  readonly dataPathAddr: string;
  /** UDP, for VXLAN. */
  readonly dataPathPort: number;
  /** CIDR strings; empty = 10.0.0.0/8. */
  readonly defaultAddressPool: readonly string[];
  /** Prefix length of the networks cut from the pool. */
  readonly subnetSize: number;
  /** Start a cluster of one from the local manager's data. */
  readonly forceNewCluster: boolean;
  readonly availability: NodeAvailability;
  /** Complete: Docker's defaults under what the caller sent. Name `default`. */
  readonly spec: ClusterSpec;
}

/** `POST /swarm/join`, validated. */
export interface JoinRequest {
  /** Port 0 = any free one. Used when the node is, or becomes, a manager. */
  readonly listen: HostPort;
  /** Undefined = the local address of the connection to the manager. */
  readonly advertise: HostPort | undefined;
  /** IP address for overlay traffic; empty = the advertised one. */
  readonly dataPathAddr: string;
  /** `host[:port]` each, at least one. */
  readonly remoteAddrs: readonly string[];
  readonly joinToken: string;
  readonly availability: NodeAvailability;
}

/**
 * The local node as the HTTP API sees it; the composition root implements it. Failures are
 * `SwarmError`s with a text for the user. The API has checked the local state before it calls, so
 * an implementation repeats a check only where two calls may race.
 */
export interface SwarmNode {
  /** Current membership; cheap, never waits. */
  localState(): LocalState;
  /** Facts of the machine; cheap, never waits. */
  hostFacts(): HostFacts;
  /** Addresses of the machine's interfaces now. */
  hostAddresses(): readonly HostAddress[];
  /** Makes this node the first manager of a new cluster; resolves with its node id once it leads. */
  init(request: InitRequest, signal: AbortSignal): Promise<string>;
  /**
   * Joins a cluster; resolves when the node is in. When `signal` aborts first, joining goes on in
   * the background and shows in {@link localState}.
   */
  join(request: JoinRequest, signal: AbortSignal): Promise<void>;
  /** Stops the node's tasks, leaves the cluster and wipes its state. `force`: even as a manager. */
  leave(force: boolean, signal: AbortSignal): Promise<void>;
  /** Opens a locked manager with its 32-byte key; `unauthenticated` when the key is wrong. */
  unlock(key: Uint8Array, signal: AbortSignal): Promise<void>;
}
