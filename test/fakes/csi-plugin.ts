import { rmSync } from "node:fs";
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { ERROR_CODES, isSwarmError } from "../../lib/errors.ts";
import { make } from "../../proto/codec.ts";
import {
  CsiControllerService,
  CsiControllerServiceCapabilityRpcType as ControllerAbility,
  CsiIdentityService,
  CsiNodeService,
  CsiNodeServiceCapabilityRpcType as NodeAbility,
  CsiPluginCapabilityServiceType as PluginAbility,
  type CsiControllerApi,
  type CsiIdentityApi,
  type CsiNodeApi,
} from "../../proto/generated.ts";
import type { RpcService } from "../../proto/method.ts";
import type { ControllerDriver } from "../../manager/volumes/controller-driver.ts";
import type { NodeDriver } from "../../worker/volumes/node-driver.ts";

/** What a plugin says of itself. */
export interface FakeCsiAbilities {
  readonly plugin: readonly PluginAbility[];
  readonly controller: readonly ControllerAbility[];
  readonly node: readonly NodeAbility[];
}

const ALL: FakeCsiAbilities = {
  plugin: [PluginAbility.CONTROLLER_SERVICE, PluginAbility.VOLUME_ACCESSIBILITY_CONSTRAINTS],
  controller: [
    ControllerAbility.CREATE_DELETE_VOLUME,
    ControllerAbility.PUBLISH_UNPUBLISH_VOLUME,
    ControllerAbility.PUBLISH_READONLY,
  ],
  node: [NodeAbility.STAGE_UNSTAGE_VOLUME],
};

/** The storage that a plugin speaks for. */
export interface FakeCsiBackend {
  readonly controller: ControllerDriver;
  readonly node: NodeDriver;
}

type Handler = (request: never, call: { readonly signal: AbortSignal }) => Promise<unknown>;

/** Errors travel as other people's servers send them: a status and a text, nothing of ours. */
function statusOf(error: unknown) {
  if (!isSwarmError(error)) return { code: ERROR_CODES.internal.grpc, details: String(error) };
  return { code: ERROR_CODES[error.code].grpc, details: error.message };
}

/** A CSI plugin: a gRPC server on a unix socket, which can crash and come back. */
export class FakeCsiPlugin {
  /** Every call with its request, Identity's and those for capabilities left out. */
  readonly requests: { readonly method: string; readonly request: unknown }[] = [];
  readonly endpoint: string;
  abilities: FakeCsiAbilities = ALL;
  /** Undefined: it does not say. */
  ready: boolean | undefined = undefined;
  /** What NodeGetInfo adds to the backend's own. */
  segments: Readonly<Record<string, string>> = {};
  /** Taken up by the next start. */
  backend: FakeCsiBackend;
  readonly #path: string;
  #server: Server | undefined;

  private constructor(path: string, backend: FakeCsiBackend) {
    this.#path = path;
    this.endpoint = `unix://${path}`;
    this.backend = backend;
  }

  static async open(path: string, backend: FakeCsiBackend): Promise<FakeCsiPlugin> {
    const plugin = new FakeCsiPlugin(path, backend);
    await plugin.start();
    return plugin;
  }

  async start(): Promise<void> {
    const server = new Server();
    this.#server = server;
    this.#add(CsiIdentityService, this.#identity());
    this.#add(CsiControllerService, this.#controller());
    this.#add(CsiNodeService, this.#node());
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(this.endpoint, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  /** Ends at once: calls that are under way get no answer. */
  crash(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
    rmSync(this.#path, { force: true });
  }

  #add<Api extends object>(service: RpcService<Api>, implementation: Api): void {
    const handlers: Record<string, unknown> = {};
    for (const [key, { path }] of Object.entries(service.methods)) {
      const handler = implementation[key as keyof Api] as Handler;
      handlers[key] = (call: ServerUnaryCall<unknown, unknown>, reply: sendUnaryData<unknown>) => {
        const ended = new AbortController();
        call.on("cancelled", () => ended.abort());
        const method = path.slice(path.lastIndexOf("/") + 1);
        if (!/^Probe$|GetCapabilities$|^GetPlugin/.test(method))
          this.requests.push({ method, request: call.request });
        const answer = handler(call.request as never, { signal: ended.signal });
        answer.then(
          (value) => reply(null, value),
          (error) => reply(statusOf(error)),
        );
      };
    }
    this.#server?.addService(service.methods as never, handlers as never);
  }

  #identity(): CsiIdentityApi {
    return {
      getPluginInfo: async () => ({ name: "org.example.fake", vendorVersion: "1.0" }),
      getPluginCapabilities: async () => ({
        capabilities: this.abilities.plugin.map((type) =>
          make("CsiPluginCapability", { type: "service", service: { type } }),
        ),
      }),
      probe: async () => ({ ready: this.ready === undefined ? null : { value: this.ready } }),
    };
  }

  #controller(): CsiControllerApi {
    const { controller } = this.backend;
    const volumeOf = (volumeId: string) =>
      make("Volume", { volumeInfo: make("VolumeInfo", { volumeId }) });
    return {
      createVolume: async ({ name, secrets }, { signal }) => {
        const volume = make("Volume", { id: name });
        return { volume: await controller.createVolume(volume, secrets, signal) };
      },
      deleteVolume: async ({ volumeId, secrets }, { signal }) => {
        await controller.deleteVolume(volumeId, secrets, signal);
        return {};
      },
      controllerPublishVolume: async ({ volumeId, nodeId, secrets }, { signal }) => ({
        publishContext: await controller.controllerPublishVolume(
          volumeOf(volumeId),
          nodeId,
          secrets,
          signal,
        ),
      }),
      controllerUnpublishVolume: async ({ volumeId, nodeId, secrets }, { signal }) => {
        await controller.controllerUnpublishVolume(volumeId, nodeId, secrets, signal);
        return {};
      },
      validateVolumeCapabilities: async ({ volumeId, volumeCapabilities }) =>
        volumeId === "unusable"
          ? { confirmed: null, message: "for blocks only" }
          : {
              confirmed: { volumeCapabilities, volumeContext: {}, parameters: {} },
              message: "",
            },
      controllerGetCapabilities: async () => ({
        capabilities: this.abilities.controller.map((type) =>
          make("CsiControllerServiceCapability", { type: "rpc", rpc: { type } }),
        ),
      }),
    };
  }

  #node(): CsiNodeApi {
    const { node } = this.backend;
    const requestOf = (fields: {
      readonly volumeId: string;
      readonly publishContext?: Readonly<Record<string, string>>;
      readonly secrets?: Readonly<Record<string, string>>;
      readonly stagingTargetPath?: string;
      readonly targetPath?: string;
    }) => ({
      volume: make("VolumeAssignment", {
        volumeId: fields.volumeId,
        // Calls that take a volume down are not told what it was attached with.
        publishContext: fields.publishContext ?? { disk: fields.volumeId },
      }),
      secrets: fields.secrets ?? {},
      stagingPath: fields.stagingTargetPath ?? "",
      targetPath: fields.targetPath ?? "",
    });
    const done = async (work: Promise<void>) => {
      await work;
      return {};
    };
    return {
      nodeStageVolume: (request, { signal }) =>
        done(node.nodeStageVolume(requestOf(request), signal)),
      nodePublishVolume: (request, { signal }) =>
        done(node.nodePublishVolume(requestOf(request), signal)),
      nodeUnpublishVolume: (request, { signal }) =>
        done(node.nodeUnpublishVolume(requestOf(request), signal)),
      nodeUnstageVolume: (request, { signal }) =>
        done(node.nodeUnstageVolume(requestOf(request), signal)),
      nodeGetCapabilities: async () => ({
        capabilities: this.abilities.node.map((type) =>
          make("CsiNodeServiceCapability", { type: "rpc", rpc: { type } }),
        ),
      }),
      nodeGetInfo: async (_request, { signal }) => {
        const { nodeId, maxVolumesPerNode } = await node.nodeGetInfo(signal);
        return { nodeId, maxVolumesPerNode, accessibleTopology: { segments: this.segments } };
      },
    };
  }
}
