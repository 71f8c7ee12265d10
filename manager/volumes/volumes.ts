import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import { Scope } from "../../lib/scope.ts";
import { ChangeKind, type Volume } from "../../proto/generated.ts";
import { runController, type Controller } from "../store/controller.ts";
import type { Store } from "../store/store.ts";
import type { StoreEvent, StoreView } from "../store/tables.ts";
import type { Transaction } from "../store/transaction.ts";
import type { ControllerDrivers } from "./controller-driver.ts";
import { callDriver } from "./driver-calls.ts";
import { planVolume, settled, type DriverCall, type VolumeContext } from "./plan-volume.ts";
import { retryWaitMs } from "./retry-wait.ts";
import { VolumeUsers } from "./volume-users.ts";

/** Volumes looked at in one transaction. */
const VOLUMES_PER_TRANSACTION_MAX = 200;
/** Calls of drivers under way at a time. */
const CALLS_MAX = 32;

export interface VolumesModules {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly drivers: ControllerDrivers;
}

/** A call that has failed: how often in a row, and when it is made again. */
interface Failed {
  readonly volumeId: string;
  readonly times: number;
  readonly retryAtMs: number;
}

const keyOf = (volumeId: string, call: DriverCall): string =>
  "nodeId" in call ? `${volumeId}/${call.nodeId}` : volumeId;

/**
 * Takes each cluster volume through its life by the word of its CSI driver. All that it knows is in
 * the store, so that the next leader goes on where this one stopped. Of one volume and node one call
 * is under way at a time.
 */
class Volumes implements Controller {
  readonly name = "volumes";
  readonly kinds = ["task", "volume", "node"] as const;
  readonly #modules: VolumesModules;
  readonly #calls: Scope;
  readonly #dirty = new Set<string>();
  readonly #running = new Set<string>();
  readonly #failed = new Map<string, Failed>();
  #users: VolumeUsers | undefined;
  #wake: () => void = () => {};

  constructor(modules: VolumesModules, calls: Scope) {
    this.#modules = modules;
    this.#calls = calls;
  }

  init(view: StoreView, wake: () => void): void {
    this.#users = new VolumeUsers(view);
    this.#wake = wake;
    this.#markAll(view);
  }

  mark(event: StoreEvent): void {
    for (const id of this.#users?.follow(event) ?? []) this.#dirty.add(id);
    if (event.kind === "volume") this.#dirty.add(event.object.id);
    if (event.kind !== "node") return;
    const isMoved = event.old?.description?.csiInfo !== event.object.description?.csiInfo;
    if (event.change === ChangeKind.REMOVE || isMoved) this.#markAll(this.#modules.store.view);
  }

  async act(signal: AbortSignal): Promise<number | undefined> {
    const now = this.#modules.clock.monotonic();
    for (const { volumeId, retryAtMs } of this.#failed.values())
      if (retryAtMs <= now) this.#dirty.add(volumeId);
    while (this.#dirty.size > 0 && this.#running.size < CALLS_MAX) await this.#advance(signal);
    // What is due already is under way, or waits for a call to end: that wakes, no timer need to.
    const later = [...this.#failed.values()].filter(({ retryAtMs }) => retryAtMs > now);
    if (later.length === 0) return undefined;
    return Math.min(...later.map(({ retryAtMs }) => retryAtMs)) - this.#modules.clock.monotonic();
  }

  #markAll(view: StoreView): void {
    for (const { id } of view.volume.all()) this.#dirty.add(id);
  }

  /** Writes where marked volumes go by themselves, then has their drivers called. */
  async #advance(signal: AbortSignal): Promise<void> {
    const ids = [...this.#dirty].slice(0, VOLUMES_PER_TRANSACTION_MAX);
    for (const id of ids) this.#dirty.delete(id);
    const { store } = this.#modules;
    const planned = await store.update((tx) => ids.flatMap((id) => this.#plan(id, tx)), signal);
    for (const { id, call } of planned) this.#start(id, call);
  }

  #plan(
    id: string,
    tx: Transaction,
  ): readonly { readonly id: string; readonly call: DriverCall }[] {
    const before = tx.view.volume.get(id);
    if (!before) {
      for (const [key, { volumeId }] of this.#failed) if (volumeId === id) this.#failed.delete(key);
      return [];
    }
    const { volume, calls } = planVolume(before, this.#context(before, tx.view));
    if (volume === null) tx.remove("volume", before);
    else if (volume !== before) tx.update("volume", volume);
    return calls.map((call) => ({ id, call }));
  }

  #context(volume: Volume, view: StoreView): VolumeContext {
    const driver = volume.spec?.driver?.name ?? "";
    return {
      users: this.#users?.of(volume.id) ?? new Set(),
      isMember: (nodeId) => view.node.get(nodeId) !== undefined,
      isHeld: this.#isHeld(volume.id),
      csiNodeId: (nodeId) =>
        view.node.get(nodeId)?.description?.csiInfo.find(({ pluginName }) => pluginName === driver)
          ?.nodeId,
    };
  }

  /** Whether the call is under way, or failed and is not to be made again yet. */
  #isHeld(key: string): boolean {
    const retryAtMs = this.#failed.get(key)?.retryAtMs ?? 0;
    return this.#running.has(key) || retryAtMs > this.#modules.clock.monotonic();
  }

  #start(id: string, call: DriverCall): void {
    const key = keyOf(id, call);
    // When the one under way has ended the volume is looked at again.
    if (this.#isHeld(key)) return;
    this.#running.add(key);
    this.#calls.run(async (signal) => {
      try {
        await this.#make(id, call, signal);
      } finally {
        this.#running.delete(key);
        this.#dirty.add(id);
        this.#wake();
      }
    });
  }

  async #make(id: string, call: DriverCall, signal: AbortSignal): Promise<void> {
    const { store, clock } = this.#modules;
    const { view } = store;
    const volume = view.volume.get(id);
    if (!volume) return;
    const outcome = await callDriver({ volume, call, view }, this.#modules, signal);
    const key = keyOf(id, call);
    if (outcome.kind === "failed") {
      const times = (this.#failed.get(key)?.times ?? 0) + 1;
      const waitMs = retryWaitMs(times, outcome.isAway);
      this.#failed.set(key, { volumeId: id, times, retryAtMs: clock.monotonic() + waitMs });
    } else this.#failed.delete(key);
    await store.update((tx) => {
      const current = tx.view.volume.get(id);
      if (!current) return;
      const next = settled(current, call, outcome);
      if (next === null) tx.remove("volume", current);
      else if (next !== current) tx.update("volume", next);
    }, signal);
  }
}

/** Takes cluster volumes through their lives until `signal` aborts. */
export async function runVolumes(modules: VolumesModules, signal: AbortSignal): Promise<void> {
  const scope = new Scope(signal);
  scope.run((inner) => runController(new Volumes(modules, scope), modules, inner));
  await scope.join();
}
