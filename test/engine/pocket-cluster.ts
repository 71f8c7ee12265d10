import { openEngine, type Engine } from "../../engine/server.ts";
import type { InitRequest } from "../../engine/swarm-node.ts";
import { systemClock } from "../../lib/clock.ts";
import { silentLog } from "../../lib/log.ts";
import { systemRandom } from "../../lib/random.ts";
import { runAllocator } from "../../manager/allocator/allocator.ts";
import { bootstrapObjects, createObjects } from "../../manager/control/bootstrap.ts";
import { openControl } from "../../manager/control/control.ts";
import { ORCHESTRATORS } from "../../manager/orchestrator/orchestrators.ts";
import { runController } from "../../manager/store/controller.ts";
import { Store } from "../../manager/store/store.ts";
import { make } from "../../proto/codec.ts";
import type { ControlApi } from "../../proto/generated.ts";
import { createTestCa } from "../fakes/certificates.ts";
import { LocalRaft } from "../fakes/local-raft.ts";
import { aNode } from "../fakes/objects.ts";
import { ScriptedAgents } from "../fakes/scripted-agents.ts";
import { FakeSwarmNode } from "../fakes/swarm-node.ts";

/**
 * A one-manager cluster in this process behind the HTTP API: real store, control API, allocator and
 * orchestrators; agents that say every task runs. It forms when a client calls init.
 */
export class PocketCluster {
  readonly node = new FakeSwarmNode();
  readonly store = new Store({ clock: systemClock, random: systemRandom });
  readonly #raft = new LocalRaft(this.store);
  readonly #abort = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #engine: Engine | undefined;
  readonly #control: ControlApi;

  private constructor() {
    this.store.attach(this.#raft);
    const member = {
      id: 1,
      nodeId: "m".repeat(25),
      addr: "10.0.0.7:2378",
      controlAddr: "10.0.0.7:2377",
      learner: false,
      reachable: true,
    };
    this.#control = openControl({
      store: this.store,
      raft: {
        status: () => ({ ...this.#raft.status(), members: [member] }),
        readBarrier: () => Promise.resolve(0),
      },
      clock: systemClock,
      random: systemRandom,
    });
    const { node } = this;
    const init = node.init.bind(node);
    node.init = async (request: InitRequest) => {
      const id = await init(request);
      await this.#bootstrap(id, request);
      return id;
    };
  }

  /** Listens on `socketPath`. */
  static async open(socketPath: string): Promise<PocketCluster> {
    const cluster = new PocketCluster();
    cluster.#engine = await openEngine(
      { hosts: [`unix://${socketPath}`] },
      {
        control: () => (cluster.node.state.controlAvailable ? cluster.#control : undefined),
        logs: () => undefined,
        reach: () => undefined,
        node: cluster.node,
        clock: systemClock,
        random: systemRandom,
        log: silentLog,
      },
    );
    return cluster;
  }

  async close(): Promise<void> {
    await this.#engine?.close();
    this.#abort.abort();
    await this.#running;
  }

  async #bootstrap(nodeId: string, request: InitRequest): Promise<void> {
    const ca = await createTestCa();
    const rootCa = make("RootCa", {
      caCert: ca.root.certificate,
      joinTokens: {
        worker: `SWMTKN-1-${"0".repeat(50)}-w`,
        manager: `SWMTKN-1-${"0".repeat(50)}-m`,
      },
    });
    const objects = bootstrapObjects(
      {
        clusterId: this.node.state.clusterId,
        spec: request.spec,
        rootCa,
        defaultAddressPool: request.defaultAddressPool,
        subnetSize: request.subnetSize,
        vxlanUdpPort: request.dataPathPort,
        node: {
          id: nodeId,
          certificate: make("Certificate"),
          availability: request.availability,
          addr: "10.0.0.7",
        },
      },
      systemRandom,
    );
    const { description, status } = aNode("host1");
    await this.store.update((tx) => createObjects(tx, objects));
    await this.store.update((tx) => {
      for (const node of tx.view.node.all()) tx.update("node", { ...node, description, status });
      tx.create("node", aNode("w".repeat(25), { description }));
    });
    const modules = {
      store: this.store,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
    };
    const { signal } = this.#abort;
    this.#running = Promise.all([
      runController(new ScriptedAgents(modules), modules, signal),
      runAllocator(modules, signal),
      ...Object.values(ORCHESTRATORS).map((loop) => loop(modules, signal)),
    ]);
  }
}
