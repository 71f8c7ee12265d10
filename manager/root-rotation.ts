import { finishRotation, markForRotation, planRotation } from "../ca/rotation.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import type { Node, RootCa } from "../proto/generated.ts";
import { runController, type Controller } from "./store/controller.ts";
import type { Store } from "./store/store.ts";
import type { StoreEvent } from "./store/tables.ts";
import type { Transaction } from "./store/transaction.ts";

/** Time between two rounds of nodes that are told to renew, milliseconds. */
const ROUND_MS = 3_000;

export interface RootRotationModules {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** The CA of the one cluster, as long as a rotation of its root runs. */
function rotatingCa({ view }: Pick<Transaction, "view">): RootCa | undefined {
  for (const { rootCa } of view.cluster.all()) if (rootCa?.rootRotation) return rootCa;
  return undefined;
}

/** Whether the node was given a certificate of the next root already; it reports so when it uses it. */
function hasRenewed({ certificate }: Node, { rootRotation }: RootCa): boolean {
  const intermediate = rootRotation?.crossSignedCaCert.trim() ?? "";
  return intermediate !== "" && (certificate?.certificate.includes(intermediate) ?? false);
}

/**
 * Takes a rotation of the root CA to its end: has the nodes renew their certificates, so many at a
 * time, and when each has one of the next root, makes that the cluster's. What was begun by an
 * earlier leader goes on from where it stands. A node that is down holds the end back until it
 * returns or is removed.
 */
class RootRotation implements Controller {
  readonly name = "root rotation";
  readonly kinds = ["cluster"] as const;
  readonly #modules: RootRotationModules;
  #nextRoundMs = 0;

  constructor(modules: RootRotationModules) {
    this.#modules = modules;
  }

  init(): void {}

  mark(_event: StoreEvent): void {}

  async act(signal: AbortSignal): Promise<number | undefined> {
    const { store, clock } = this.#modules;
    if (!rotatingCa(store)) return undefined;
    const nowMs = clock.monotonic();
    if (nowMs >= this.#nextRoundMs) {
      this.#nextRoundMs = nowMs + ROUND_MS;
      await store.update((tx) => this.#step(tx), signal);
    }
    return this.#nextRoundMs - nowMs;
  }

  #step(tx: Transaction): void {
    const { random, log } = this.#modules;
    const rootCa = rotatingCa(tx);
    if (!rootCa) return;
    const nodes = [...tx.view.node.all()];
    const { waitingFor } = planRotation(rootCa, nodes);
    const { mark } = planRotation(
      rootCa,
      nodes.filter((node) => !hasRenewed(node, rootCa)),
    );
    for (const id of mark) {
      const node = tx.view.node.get(id);
      if (node) tx.update("node", markForRotation(node));
    }
    if (waitingFor.length > 0) return;
    log.info("every node has a certificate of the next root; it becomes the cluster's");
    for (const cluster of tx.view.cluster.all())
      tx.update("cluster", { ...cluster, rootCa: finishRotation(rootCa, { random }) });
  }
}

/** Runs root rotations until `signal` aborts. */
export function runRootRotation(modules: RootRotationModules, signal: AbortSignal): Promise<void> {
  return runController(new RootRotation(modules), modules, signal);
}
