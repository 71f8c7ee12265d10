import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { abortable, linked, onAbort } from "../../lib/abort.ts";
import { Bell } from "../../lib/bell.ts";
import { sleep, type Clock } from "../../lib/clock.ts";
import { isErrnoException } from "../../lib/errno.ts";
import { isSwarmError, messageOf, SwarmError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import { backoffMs, type Backoff } from "../../lib/retry.ts";
import { Scope } from "../../lib/scope.ts";
import type { Secret, VolumeAssignment } from "../../proto/generated.ts";
import type { NodeDriver, NodeDrivers, NodeVolumeRequest } from "./node-driver.ts";
import {
  nextVolumeStep,
  volumePlaceAfter,
  type VolumePlace,
  type VolumeStep,
} from "./volume-machine.ts";

/** Longest a driver may take for one call. */
const CALL_TIMEOUT_MS = 60_000;
/** How a step that failed is tried again, for as long as it is wanted … */
const RETRY: Backoff = { firstMs: 100, maxMs: 60_000, factor: 2 };
/** … and how where the driver was away: it is found soon after it is back. */
const AWAY_RETRY: Backoff = { ...RETRY, maxMs: 10_000 };

/** What an assignments message says of a volume. */
export interface VolumeChange {
  readonly volume: VolumeAssignment;
  /** False: it is to be taken down, and the managers are to be told when it is. */
  readonly isWanted: boolean;
}

/** Tells the managers which volumes are down; resolves when they know. */
export type SendUnpublished = (ids: readonly string[]) => Promise<void>;

export interface NodeVolumesModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly drivers: NodeDrivers;
  /** A secret that was assigned to this node. */
  readonly secret: (id: string) => Secret | undefined;
}

/** Never with what is in it: where a driver has left a mount, that is the volume itself. */
async function removeEmpty(dir: string): Promise<void> {
  try {
    await rmdir(dir);
  } catch (error) {
    if (!isErrnoException(error, "ENOENT", "ENOTEMPTY", "EBUSY")) throw error;
  }
}

interface Held {
  volume: VolumeAssignment;
  isWanted: boolean;
  place: VolumePlace;
  error: string;
  /** What failed is tried again so. */
  backoff: Backoff;
  /** The wait of a step that failed; aborted when something else is wanted. */
  retry: (() => void) | null;
  readonly bell: Bell;
}

function startOf(volume: VolumeAssignment, isWanted: boolean): Held {
  const start = { place: "unknown", error: "", backoff: RETRY, retry: null } as const;
  return { volume, isWanted, ...start, bell: new Bell() };
}

/**
 * The cluster volumes of this node: stages and publishes those that are assigned, takes down those
 * that are not any more, and says so. Remembers nothing: after a restart the managers say again
 * what is wanted, and what is still to be taken down.
 */
export class NodeVolumes {
  readonly #dir: string;
  readonly #modules: NodeVolumesModules;
  readonly #scope: Scope;
  readonly #held = new Map<string, Held>();
  readonly #unpublished = new Set<string>();
  readonly #reports = new Bell();

  /** `dir` is where volumes are mounted, one directory each. */
  constructor(dir: string, modules: NodeVolumesModules, signal: AbortSignal) {
    this.#dir = dir;
    this.#modules = modules;
    this.#scope = new Scope(signal);
  }

  /** Takes over what the managers say. */
  apply(changes: readonly VolumeChange[]): void {
    for (const { volume, isWanted } of changes) {
      const held = this.#held.get(volume.id);
      this.#unpublished.delete(volume.id);
      if (!held) {
        this.#hold(volume, isWanted);
        continue;
      }
      held.volume = volume;
      held.isWanted = isWanted;
      held.retry?.();
      held.bell.ring();
    }
  }

  /** Where tasks find the volume. Throws `unavailable`, with the reason, while it is not published. */
  path(volumeId: string): string {
    const held = this.#held.get(volumeId);
    if (held?.isWanted && held.place === "published") return this.#paths(volumeId).targetPath;
    const reason = held?.error ? `: ${held.error}` : "";
    throw new SwarmError("unavailable", `volume ${volumeId} is not on this node yet${reason}`);
  }

  /** Says which volumes are down, until `signal` aborts or a call fails, which is thrown. */
  async report(send: SendUnpublished, signal: AbortSignal): Promise<void> {
    const release = onAbort(signal, () => this.#reports.ring());
    try {
      for (;;) {
        if (this.#unpublished.size === 0) await this.#reports.wait();
        signal.throwIfAborted();
        const ids = [...this.#unpublished];
        if (ids.length === 0) continue;
        await send(ids);
        for (const id of ids) this.#unpublished.delete(id);
      }
    } finally {
      release();
    }
  }

  /** Resolves when all work has ended, after the signal aborted. */
  close(): Promise<void> {
    return this.#scope.close();
  }

  /** The volumes that are here, on their way here or on their way back. */
  get all(): readonly VolumeAssignment[] {
    return [...this.#held.values()].map(({ volume }) => volume);
  }

  /**
   * Takes down the volumes of an earlier run, for a node that leaves: nobody will say again what is to
   * become of them. Each is tried once; what fails is logged and stays.
   */
  async takeDown(volumes: readonly VolumeAssignment[], signal: AbortSignal): Promise<void> {
    const take = async (volume: VolumeAssignment): Promise<void> => {
      const held = startOf(volume, false);
      if (await this.#carryOut("unpublish", held, signal))
        await this.#carryOut("unstage", held, signal);
    };
    await Promise.all(volumes.map(take));
  }

  #hold(volume: VolumeAssignment, isWanted: boolean): void {
    const held = startOf(volume, isWanted);
    this.#held.set(volume.id, held);
    this.#scope.run((signal) => this.#follow(held, signal));
  }

  async #follow(held: Held, signal: AbortSignal): Promise<void> {
    const release = onAbort(signal, () => held.bell.ring());
    try {
      for (let failures = 0; ;) {
        signal.throwIfAborted();
        const step = nextVolumeStep(held.place, held.isWanted);
        if (step === "report") return this.#down(held);
        if (step === "none") {
          await held.bell.wait();
          continue;
        }
        const isDone = await this.#carryOut(step, held, signal);
        failures = isDone ? 0 : failures + 1;
        if (!isDone) await this.#pause(held, failures, signal);
      }
    } finally {
      release();
    }
  }

  #down({ volume }: Held): void {
    this.#held.delete(volume.id);
    this.#unpublished.add(volume.id);
    this.#reports.ring();
  }

  /** Whether the step succeeded. */
  async #carryOut(
    step: Exclude<VolumeStep, "report" | "none">,
    held: Held,
    parent: AbortSignal,
  ): Promise<boolean> {
    const { clock, log } = this.#modules;
    const { volume } = held;
    using link = linked(parent);
    const late = new SwarmError("deadline", `no answer within ${CALL_TIMEOUT_MS / 1_000} s`);
    const cancel = clock.after(CALL_TIMEOUT_MS, () => link.abort(late));
    try {
      await abortable(this.#call(step, volume, link.signal), link.signal);
      held.place = volumePlaceAfter(step);
      held.error = "";
      return true;
    } catch (error) {
      parent.throwIfAborted();
      held.place = "unknown";
      held.error = messageOf(error);
      held.backoff = isSwarmError(error, "unavailable") ? AWAY_RETRY : RETRY;
      log.warn({ volumeId: volume.id, step, reason: held.error }, "csi call failed");
      return false;
    } finally {
      cancel();
    }
  }

  async #pause(held: Held, failures: number, parent: AbortSignal): Promise<void> {
    const { clock, random } = this.#modules;
    using link = linked(parent);
    held.retry = () => link.abort();
    try {
      await sleep(clock, backoffMs(held.backoff, failures - 1, random), link.signal);
    } catch (reason) {
      // Something else is wanted by now.
      if (!link.signal.aborted) throw reason;
    } finally {
      held.retry = null;
    }
  }

  async #call(
    step: Exclude<VolumeStep, "report" | "none">,
    volume: VolumeAssignment,
    signal: AbortSignal,
  ): Promise<void> {
    const driver = this.#driver(volume);
    const paths = this.#paths(volume.id);
    // CSI wants none to take a volume down, which must not wait for any.
    const isUp = step === "stage" || step === "publish";
    const secrets = isUp ? this.#secrets(volume) : {};
    const request: NodeVolumeRequest = { volume, secrets, ...paths };
    switch (step) {
      case "stage":
        await mkdir(paths.stagingPath, { recursive: true, mode: 0o700 });
        return driver.nodeStageVolume(request, signal);
      case "publish":
        return driver.nodePublishVolume(request, signal);
      case "unpublish":
        return driver.nodeUnpublishVolume(request, signal);
      case "unstage":
        await driver.nodeUnstageVolume(request, signal);
        await removeEmpty(paths.stagingPath);
        await removeEmpty(join(paths.stagingPath, ".."));
    }
  }

  #driver({ driver }: VolumeAssignment): NodeDriver {
    const name = driver?.name ?? "";
    const found = this.#modules.drivers.get(name);
    if (found) return found;
    throw new SwarmError("unavailable", `this node has no CSI driver ${name}`);
  }

  #secrets({ secrets }: VolumeAssignment): Record<string, string> {
    return Object.fromEntries(
      secrets.map(({ key, secret }) => {
        const data = this.#modules.secret(secret)?.spec?.data;
        if (!data) throw new SwarmError("unavailable", `secret ${secret} has not come yet`);
        return [key, Buffer.from(data).toString("utf8")];
      }),
    );
  }

  #paths(volumeId: string): { readonly stagingPath: string; readonly targetPath: string } {
    const dir = join(this.#dir, volumeId);
    return { stagingPath: join(dir, "staging"), targetPath: join(dir, "target") };
  }
}
