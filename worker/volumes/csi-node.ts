import { make } from "../../proto/codec.ts";
import type { Call } from "../../proto/call.ts";
import { isReadOnly, volumeCapability } from "../../proto/csi-capability.ts";
import type { CsiPlugin } from "../../proto/csi-plugin.ts";
import {
  CsiNodeService,
  CsiNodeServiceCapabilityRpcType as Capability,
  type CsiNodeApi,
  type CsiNodeInfo,
} from "../../proto/generated.ts";
import type { NodeDriver, NodeDrivers, NodeVolumeRequest } from "./node-driver.ts";

type Capabilities = ReadonlySet<Capability>;

/** The Node service of a CSI plugin. A plugin without STAGE_UNSTAGE_VOLUME is told of no staging. */
export class CsiNode implements NodeDriver {
  readonly #plugin: CsiPlugin;

  constructor(plugin: CsiPlugin) {
    this.#plugin = plugin;
  }

  async nodeGetInfo(signal: AbortSignal): Promise<CsiNodeInfo> {
    await this.#plugin.identity(signal);
    const info = await this.#call((api, call) => api.nodeGetInfo({}, call), {}, signal);
    const segments = Object.entries(info.accessibleTopology?.segments ?? {});
    return make("CsiNodeInfo", {
      pluginName: this.#plugin.name,
      nodeId: info.nodeId,
      maxVolumesPerNode: info.maxVolumesPerNode,
      // Always in one order: a description that looks different is sent anew.
      accessibleTopology: Object.fromEntries(segments.toSorted(([a], [b]) => (a < b ? -1 : 1))),
    });
  }

  async nodeStageVolume(request: NodeVolumeRequest, signal: AbortSignal): Promise<void> {
    const capabilities = await this.#capabilities(signal);
    if (!capabilities.has(Capability.STAGE_UNSTAGE_VOLUME)) return;
    const { secrets, stagingPath } = request;
    const asked = { ...usedAs(request, capabilities), stagingTargetPath: stagingPath };
    await this.#call((api, call) => api.nodeStageVolume(asked, call), secrets, signal);
  }

  async nodePublishVolume(request: NodeVolumeRequest, signal: AbortSignal): Promise<void> {
    const capabilities = await this.#capabilities(signal);
    const { volume, secrets, stagingPath, targetPath } = request;
    const isStaged = capabilities.has(Capability.STAGE_UNSTAGE_VOLUME);
    const asked = {
      ...usedAs(request, capabilities),
      stagingTargetPath: isStaged ? stagingPath : "",
      targetPath,
      readonly: isReadOnly(volume.accessMode),
    };
    await this.#call((api, call) => api.nodePublishVolume(asked, call), secrets, signal);
  }

  async nodeUnpublishVolume(request: NodeVolumeRequest, signal: AbortSignal): Promise<void> {
    const { volumeId } = request.volume;
    const asked = { volumeId, targetPath: request.targetPath };
    await this.#call((api, call) => api.nodeUnpublishVolume(asked, call), {}, signal);
  }

  async nodeUnstageVolume(request: NodeVolumeRequest, signal: AbortSignal): Promise<void> {
    const capabilities = await this.#capabilities(signal);
    if (!capabilities.has(Capability.STAGE_UNSTAGE_VOLUME)) return;
    const { volumeId } = request.volume;
    const asked = { volumeId, stagingTargetPath: request.stagingPath };
    await this.#call((api, call) => api.nodeUnstageVolume(asked, call), {}, signal);
  }

  #capabilities(signal: AbortSignal): Promise<Capabilities> {
    return this.#plugin.remember("node", async () => {
      await this.#plugin.identity(signal);
      const { capabilities } = await this.#call(
        (api, call) => api.nodeGetCapabilities({}, call),
        {},
        signal,
      );
      return new Set(capabilities.flatMap((one) => (one.type === "rpc" ? [one.rpc.type] : [])));
    });
  }

  #call<T>(
    ask: (api: CsiNodeApi, call: Call) => Promise<T>,
    secrets: NodeVolumeRequest["secrets"],
    signal: AbortSignal,
  ): Promise<T> {
    return this.#plugin.call(CsiNodeService, ask, secrets, signal);
  }
}

/** What staging and publishing are told alike. */
function usedAs({ volume, secrets }: NodeVolumeRequest, capabilities: Capabilities) {
  const { volumeId, publishContext, volumeContext, accessMode } = volume;
  const tellsWriters = capabilities.has(Capability.SINGLE_NODE_MULTI_WRITER);
  const capability = volumeCapability(accessMode, tellsWriters);
  return { volumeId, publishContext, volumeContext, secrets, volumeCapability: capability };
}

/** The node's halves of plugins, by the plugins' names. */
export function csiNodes(plugins: Iterable<CsiPlugin>): NodeDrivers {
  return new Map([...plugins].map((plugin) => [plugin.name, new CsiNode(plugin)]));
}
