import { isSwarmError, SwarmError } from "../../lib/errors.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import { isReadOnly, volumeCapability } from "../../proto/csi-capability.ts";
import type { CsiIdentity, CsiPlugin } from "../../proto/csi-plugin.ts";
import {
  CsiControllerService,
  CsiControllerServiceCapabilityRpcType as Capability,
  type CsiControllerApi,
  type Volume,
  type VolumeInfo,
} from "../../proto/generated.ts";
import type {
  ControllerDriver,
  ControllerDrivers,
  PublishContext,
  VolumeSecrets,
} from "./controller-driver.ts";

/** What the controller's half of a plugin can do. */
interface Abilities {
  readonly identity: CsiIdentity;
  readonly calls: ReadonlySet<Capability>;
}

/**
 * The Controller service of a CSI plugin. Asks for nothing that the plugin does not say it can do:
 * where it makes no volumes, the volume of the spec's name is taken for there; where it attaches
 * none, nodes go without.
 */
export class CsiController implements ControllerDriver {
  readonly #plugin: CsiPlugin;

  constructor(plugin: CsiPlugin) {
    this.#plugin = plugin;
  }

  async createVolume(
    volume: Volume,
    secrets: VolumeSecrets,
    signal: AbortSignal,
  ): Promise<VolumeInfo> {
    const abilities = await this.#abilities(signal);
    if (!abilities.calls.has(Capability.CREATE_DELETE_VOLUME))
      return this.#existing(volume, abilities, secrets, signal);
    const { driver = null, capacityRange = null, accessibilityRequirements } = volume.spec ?? {};
    const { hasTopology } = abilities.identity;
    const request = {
      name: volume.id,
      capacityRange,
      volumeCapabilities: [capabilityOf(volume, abilities)],
      parameters: driver?.options ?? {},
      secrets,
      accessibilityRequirements: hasTopology ? (accessibilityRequirements ?? null) : null,
    };
    const made = await this.#call((api, call) => api.createVolume(request, call), secrets, signal);
    const {
      capacityBytes = 0,
      volumeId = "",
      volumeContext,
      accessibleTopology,
    } = made.volume ?? {};
    if (volumeId === "")
      throw new SwarmError("internal", `${this.#plugin.name}: CreateVolume named no volume`);
    return make("VolumeInfo", {
      volumeId,
      capacityBytes,
      volumeContext: volumeContext ?? {},
      accessibleTopology: accessibleTopology ?? [],
    });
  }

  async deleteVolume(volumeId: string, secrets: VolumeSecrets, signal: AbortSignal): Promise<void> {
    const { calls } = await this.#abilities(signal);
    if (!calls.has(Capability.CREATE_DELETE_VOLUME)) return;
    try {
      await this.#call(
        (api, call) => api.deleteVolume({ volumeId, secrets }, call),
        secrets,
        signal,
      );
    } catch (error) {
      // The specification says OK; not every plugin does.
      if (!isSwarmError(error, "not-found")) throw error;
    }
  }

  async controllerPublishVolume(
    volume: Volume,
    nodeId: string,
    secrets: VolumeSecrets,
    signal: AbortSignal,
  ): Promise<PublishContext> {
    const abilities = await this.#abilities(signal);
    const { calls } = abilities;
    if (!calls.has(Capability.PUBLISH_UNPUBLISH_VOLUME)) return {};
    const request = {
      volumeId: volume.volumeInfo?.volumeId ?? "",
      nodeId,
      volumeCapability: capabilityOf(volume, abilities),
      readonly: calls.has(Capability.PUBLISH_READONLY) && isReadOnly(accessModeOf(volume)),
      secrets,
      volumeContext: volume.volumeInfo?.volumeContext ?? {},
    };
    const { publishContext } = await this.#call(
      (api, call) => api.controllerPublishVolume(request, call),
      secrets,
      signal,
    );
    return publishContext;
  }

  async controllerUnpublishVolume(
    volumeId: string,
    nodeId: string,
    secrets: VolumeSecrets,
    signal: AbortSignal,
  ): Promise<void> {
    const { calls } = await this.#abilities(signal);
    if (!calls.has(Capability.PUBLISH_UNPUBLISH_VOLUME)) return;
    const request = { volumeId, nodeId, secrets };
    await this.#call((api, call) => api.controllerUnpublishVolume(request, call), secrets, signal);
  }

  /** A volume that somebody else has made: its name in the swarm is the plugin's id of it. */
  async #existing(
    volume: Volume,
    abilities: Abilities,
    secrets: VolumeSecrets,
    signal: AbortSignal,
  ): Promise<VolumeInfo> {
    const volumeId = volume.spec?.annotations?.name ?? "";
    const volumeContext = volume.spec?.driver?.options ?? {};
    const info = make("VolumeInfo", { volumeId, volumeContext });
    if (!abilities.identity.hasController) return info;
    const request = {
      volumeId,
      volumeContext,
      volumeCapabilities: [capabilityOf(volume, abilities)],
      parameters: {},
      secrets,
    };
    const { confirmed, message } = await this.#call(
      (api, call) => api.validateVolumeCapabilities(request, call),
      secrets,
      signal,
    );
    if (confirmed) return info;
    throw new SwarmError(
      "invalid",
      `${this.#plugin.name}: volume ${volumeId} cannot be used so: ${message}`,
    );
  }

  /** Throws as of a call that was not sent, which it was not. */
  async #abilities(signal: AbortSignal): Promise<Abilities> {
    try {
      return await this.#ask(signal);
    } catch (error) {
      if (!isSwarmError(error)) throw error;
      throw new SwarmError(error.code, error.message, { details: { sent: "no" } });
    }
  }

  #ask(signal: AbortSignal): Promise<Abilities> {
    return this.#plugin.remember("controller", async () => {
      const identity = await this.#plugin.identity(signal);
      if (!identity.hasController) return { identity, calls: new Set<Capability>() };
      const { capabilities } = await this.#call(
        (api, call) => api.controllerGetCapabilities({}, call),
        {},
        signal,
      );
      const calls = capabilities.flatMap((one) => (one.type === "rpc" ? [one.rpc.type] : []));
      return { identity, calls: new Set(calls) };
    });
  }

  #call<T>(
    ask: (api: CsiControllerApi, call: Call) => Promise<T>,
    secrets: VolumeSecrets,
    signal: AbortSignal,
  ): Promise<T> {
    return this.#plugin.call(CsiControllerService, ask, secrets, signal);
  }
}

const accessModeOf = ({ spec }: Volume) => spec?.accessMode ?? null;

function capabilityOf(volume: Volume, { calls }: Abilities) {
  return volumeCapability(accessModeOf(volume), calls.has(Capability.SINGLE_NODE_MULTI_WRITER));
}

/** The controllers of plugins, by the plugins' names. */
export function csiControllers(plugins: Iterable<CsiPlugin>): ControllerDrivers {
  return new Map([...plugins].map((plugin) => [plugin.name, new CsiController(plugin)]));
}
