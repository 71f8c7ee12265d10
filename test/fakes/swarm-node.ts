import { SwarmError } from "../../lib/errors.ts";
import type {
  HostAddress,
  HostFacts,
  InitRequest,
  JoinRequest,
  LocalState,
  SwarmNode,
} from "../../engine/swarm-node.ts";

export const INACTIVE: LocalState = {
  state: "inactive",
  nodeId: "",
  nodeAddr: "",
  controlAvailable: false,
  error: "",
  remoteManagers: [],
  clusterId: "",
};

/** A local node that only remembers what it was asked and says it is where `state` puts it. */
export class FakeSwarmNode implements SwarmNode {
  state: LocalState = INACTIVE;
  addresses: readonly HostAddress[] = [
    { name: "lo", address: "127.0.0.1", internal: true },
    { name: "eth0", address: "10.0.0.7", internal: false },
    { name: "eth0", address: "fe80::1", internal: false },
    { name: "docker0", address: "172.17.0.1", internal: false },
  ];
  facts: HostFacts = {
    hostname: "host1",
    operatingSystem: "Debian GNU/Linux 12 (bookworm)",
    kernelVersion: "6.1.0",
    architecture: "x86_64",
    os: "linux",
    cpus: 2,
    memoryBytes: 4 * 2 ** 30,
    version: "0.1.0",
    labels: { zone: "a" },
    runtimes: ["process"],
    stateDir: "/var/lib/skep",
  };
  inits: InitRequest[] = [];
  joins: JoinRequest[] = [];
  leaves: boolean[] = [];
  /** Opens a locked node; any other is wrong. */
  readonly unlockKey = new Uint8Array(32).fill(7);
  /** When set, the next join waits for its signal instead. */
  joinHangs = false;
  /** When set, the next action fails with it. */
  failure: SwarmError | undefined;

  localState = (): LocalState => this.state;
  hostFacts = (): HostFacts => this.facts;
  hostAddresses = (): readonly HostAddress[] => this.addresses;

  /** Makes this node an active manager. */
  activate(): void {
    this.state = {
      state: "active",
      nodeId: "m".repeat(25),
      nodeAddr: "10.0.0.7",
      controlAvailable: true,
      error: "",
      remoteManagers: [{ nodeId: "m".repeat(25), addr: "10.0.0.7:2377" }],
      clusterId: "c".repeat(25),
    };
  }

  #fail(): void {
    if (this.failure) throw this.failure;
  }

  async init(request: InitRequest): Promise<string> {
    this.#fail();
    this.inits.push(request);
    this.activate();
    return this.state.nodeId;
  }

  async join(request: JoinRequest, signal: AbortSignal): Promise<void> {
    this.#fail();
    this.joins.push(request);
    if (this.joinHangs)
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      );
    this.state = { ...INACTIVE, state: "active", nodeId: "w".repeat(25), nodeAddr: "10.0.0.8" };
  }

  async leave(force: boolean): Promise<void> {
    this.#fail();
    this.leaves.push(force);
    this.state = INACTIVE;
  }

  async unlock(key: Uint8Array): Promise<void> {
    if (!Buffer.from(key).equals(this.unlockKey))
      throw new SwarmError("unauthenticated", "wrong key");
    this.activate();
  }
}
