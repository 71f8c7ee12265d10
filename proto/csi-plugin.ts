import { credentials } from "@grpc/grpc-js";
import { isSwarmError, SwarmError } from "../lib/errors.ts";
import type { Call, Caller } from "./call.ts";
import {
  CsiIdentityService,
  CsiPluginCapabilityServiceType as Capability,
  type CsiIdentityApi,
} from "./generated.ts";
import type { RpcService } from "./method.ts";
import { RpcConnection } from "./rpc-client.ts";

/** Longest that a plugin may take for any call; its callers set shorter bounds where they want to. */
const CALL_DEADLINE_MS = 60_000;
/** Shorter secrets than this are not looked for in what a plugin says: they may be any word's part. */
const SECRET_CHARS_MIN = 4;
/** Plugins know no callers. */
const NOBODY: Caller = { nodeId: "", role: "none", clusterId: "", addr: "" };

/** Where a CSI plugin is. */
export interface CsiPluginOptions {
  /** What the swarm calls it: the driver of its volumes. */
  readonly name: string;
  /** `unix:///path` of its socket. */
  readonly endpoint: string;
}

/** What a plugin's Identity service says. */
export interface CsiIdentity {
  /** The plugin's own name and version, for people. */
  readonly title: string;
  /** Whether it has a Controller service. */
  readonly hasController: boolean;
  /** Whether not every node reaches every volume. */
  readonly hasTopology: boolean;
}

/** The secrets of a call, which nothing that is said of it may show. */
export type CsiSecrets = Readonly<Record<string, string>>;

const NO_SECRETS: CsiSecrets = {};

function withoutSecrets(text: string, secrets: CsiSecrets): string {
  const hidden = Object.values(secrets).filter((secret) => secret.length >= SECRET_CHARS_MIN);
  return hidden.reduce((shown, secret) => shown.replaceAll(secret, "***"), text);
}

/**
 * A CSI plugin (CSI 1.x) on a unix socket of this host. It may come, go and come back at any time:
 * nothing is kept of it but what {@link remember} is told, and that is forgotten when it goes.
 */
export class CsiPlugin {
  readonly name: string;
  readonly #connection: RpcConnection;
  /** What it has said of itself since it was last away. */
  readonly #known = new Map<string, unknown>();

  constructor({ name, endpoint }: CsiPluginOptions, { now }: { readonly now: () => number }) {
    this.name = name;
    this.#connection = new RpcConnection({
      addr: endpoint,
      credentials: credentials.createInsecure(),
      serverName: "localhost",
      deadlineMs: CALL_DEADLINE_MS,
      // Servers take pings that they have not asked for as an attack, and a socket tells its end.
      keepaliveMs: 0,
      now,
    });
  }

  /**
   * Makes a call of one of the plugin's services. Its error names the plugin and shows no secret;
   * `details.sent` is "no" where the plugin was not reached; codes are those of the plugin's gRPC status: `unavailable` and `aborted` (another call for the
   * volume is under way) pass by themselves, the others when somebody has done something.
   */
  async call<Api, T>(
    service: RpcService<Api>,
    ask: (api: Api, call: Call) => Promise<T>,
    secrets: CsiSecrets,
    signal: AbortSignal,
  ): Promise<T> {
    try {
      return await ask(this.#connection.api(service), { caller: NOBODY, signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!isSwarmError(error)) throw error;
      if (error.code === "unavailable") this.#known.clear();
      // Without its cause, which may show what the message does not.
      const { code, details } = error;
      const message = `${this.name}: ${withoutSecrets(error.message, secrets)}`;
      throw new SwarmError(code, message, { details });
    }
  }

  /** What `ask` has found out of the plugin; asked again after the plugin was away. */
  async remember<T>(what: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#known.get(what);
    if (known !== undefined) return known as T;
    const found = await ask();
    this.#known.set(what, found);
    return found;
  }

  /** What the plugin is. Throws `unavailable` while it is not ready. */
  identity(signal: AbortSignal): Promise<CsiIdentity> {
    return this.remember("identity", () =>
      this.call(CsiIdentityService, (api, call) => this.#identify(api, call), NO_SECRETS, signal),
    );
  }

  /** Ends every call. */
  close(): void {
    this.#connection.close();
  }

  async #identify(api: CsiIdentityApi, call: Call): Promise<CsiIdentity> {
    const { ready } = await api.probe({}, call);
    if (ready && !ready.value) throw new SwarmError("unavailable", "the plugin is not ready yet");
    const { name, vendorVersion } = await api.getPluginInfo({}, call);
    const { capabilities } = await api.getPluginCapabilities({}, call);
    const has = (type: Capability): boolean =>
      capabilities.some((one) => one.type === "service" && one.service.type === type);
    return {
      title: `${name} ${vendorVersion}`.trim(),
      hasController: has(Capability.CONTROLLER_SERVICE),
      hasTopology: has(Capability.VOLUME_ACCESSIBILITY_CONSTRAINTS),
    };
  }
}
