import { onAbort } from "../../lib/abort.ts";
import { SwarmError } from "../../lib/errors.ts";
import { make } from "../../proto/codec.ts";
import type { VolumeInfo } from "../../proto/generated.ts";
import type { ControllerDriver } from "../../manager/volumes/controller-driver.ts";
import type { NodeDriver, NodeVolumeRequest } from "../../worker/volumes/node-driver.ts";

/** Name of the driver of all fake storage. */
export const FAKE_DRIVER = "fake.csi";

/**
 * What happens at one call: it fails for now, it is refused, or in the midst of it who made it dies, or the plugin itself
 * crashes.
 */
export interface Fault {
  /** Number of the call, from 1. */
  readonly at: number;
  readonly kind: "fails" | "refused" | "dies" | "crashes";
  /** Before or after the call has had its effect. */
  readonly when: "before" | "after";
}

/**
 * Storage behind a CSI driver, both halves of it. Does what it is told, even twice, but notes every
 * call that no real storage could be asked for: a disk on two machines, one pulled from under a mount.
 */
export class CsiStorage {
  /** Every call, as `who verb`. */
  readonly calls: string[] = [];
  readonly violations: string[] = [];
  fault: Fault | null = null;
  /** Told who dies: `controller` or a node's name. */
  onDeath: (who: string) => void = () => {};
  /** Told at whose plugin the call crashed: `controller` or a node's name. */
  onCrash: (who: string) => void = () => {};
  /** Nodes that have lost their power: nothing is mounted there any more. */
  readonly dead = new Set<string>();
  /** Secrets seen, by verb. */
  readonly secrets: Record<string, Readonly<Record<string, string>>> = {};
  readonly #names = new Map<string, string>();
  readonly #attached = new Map<string, Set<string>>();
  readonly #staged = new Set<string>();
  readonly #published = new Set<string>();

  /** Whether nothing is left of any volume. */
  get isEmpty(): boolean {
    const places = [this.#names, this.#attached, this.#staged, this.#published];
    return places.every(({ size }) => size === 0);
  }

  controller(): ControllerDriver {
    const call = <T>(verb: string, effect: () => T, signal: AbortSignal): Promise<T> =>
      this.#call("controller", verb, effect, signal);
    return {
      createVolume: (volume, secrets, signal) => {
        this.secrets["create"] = secrets;
        return call("create", () => this.#create(volume.id), signal);
      },
      deleteVolume: (id, _secrets, signal) => call("delete", () => this.#delete(id), signal),
      controllerPublishVolume: (volume, nodeId, _secrets, signal) => {
        const id = volume.volumeInfo?.volumeId ?? "";
        return call(`attach ${nodeId}`, () => this.#attach(id, nodeId), signal);
      },
      controllerUnpublishVolume: (id, nodeId, _secrets, signal) =>
        call(`detach ${nodeId}`, () => this.#detach(id, nodeId), signal),
    };
  }

  /** The driver's half on a node, which it knows as `csi-` and the node's id. */
  node(nodeId: string): NodeDriver {
    const name = `csi-${nodeId}`;
    const act =
      (verb: string, effect: (place: string, id: string) => void) =>
      (request: NodeVolumeRequest, signal: AbortSignal): Promise<void> => {
        const { volumeId, publishContext } = request.volume;
        this.secrets[verb] = request.secrets;
        const isKnown = publishContext["disk"] === volumeId;
        if (!isKnown) this.violations.push(`${verb} without what the controller has said`);
        return this.#call(nodeId, verb, () => effect(`${volumeId} ${name}`, volumeId), signal);
      };
    return {
      nodeGetInfo: () =>
        Promise.resolve(make("CsiNodeInfo", { pluginName: FAKE_DRIVER, nodeId: name })),
      nodeStageVolume: act("stage", (place, id) => {
        if (!this.#attached.get(id)?.has(name))
          this.violations.push(`stage of ${place}: not there`);
        this.#staged.add(place);
      }),
      nodePublishVolume: act("publish", (place) => {
        if (!this.#staged.has(place)) this.violations.push(`publish of ${place}: not staged`);
        this.#published.add(place);
      }),
      nodeUnpublishVolume: act("unpublish", (place) => void this.#published.delete(place)),
      nodeUnstageVolume: act("unstage", (place) => {
        if (this.#published.has(place)) this.violations.push(`unstage of ${place}: published`);
        this.#staged.delete(place);
      }),
    };
  }

  async #call<T>(who: string, verb: string, effect: () => T, signal: AbortSignal): Promise<T> {
    this.calls.push(`${who} ${verb}`);
    const { fault } = this;
    if (fault?.at !== this.calls.length) return effect();
    if (fault.when === "after") effect();
    if (fault.kind === "fails") throw new SwarmError("unavailable", "the storage is away");
    if (fault.kind === "refused") throw new SwarmError("invalid", "there is no such tier");
    if (fault.kind === "crashes") this.onCrash(who);
    else this.onDeath(who);
    // Nobody hears the answer.
    return new Promise((_, reject) => onAbort(signal, () => reject(signal.reason)));
  }

  #create(name: string): VolumeInfo {
    const id = this.#names.get(name) ?? `disk-${this.calls.length}`;
    this.#names.set(name, id);
    return make("VolumeInfo", { volumeId: id, capacityBytes: 1 << 20 });
  }

  #delete(id: string): void {
    if (this.#attached.has(id)) this.violations.push(`delete of ${id}: attached`);
    for (const [name, known] of this.#names) if (known === id) this.#names.delete(name);
  }

  #attach(id: string, nodeId: string): Readonly<Record<string, string>> {
    const nodes = this.#attached.get(id) ?? new Set();
    if ([...nodes].some((other) => other !== nodeId))
      this.violations.push(`attach of ${id} to ${nodeId}: on another node`);
    this.#attached.set(id, nodes.add(nodeId));
    return { disk: id };
  }

  #detach(id: string, nodeId: string): void {
    const place = `${id} ${nodeId}`;
    if (this.dead.has(nodeId)) for (const set of [this.#staged, this.#published]) set.delete(place);
    if (this.#staged.has(place) || this.#published.has(place))
      this.violations.push(`detach of ${place}: in use`);
    const nodes = this.#attached.get(id);
    nodes?.delete(nodeId);
    if (nodes?.size === 0) this.#attached.delete(id);
  }
}
