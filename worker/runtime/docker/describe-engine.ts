import type Docker from "dockerode";
import { make } from "../../../proto/codec.ts";
import type { EngineDescriptionPlugin, GenericResource } from "../../../proto/generated.ts";
import type { RuntimeDescription } from "../runtime.ts";
import { engineCall } from "./engine-error.ts";

/** A generic resource that the engine was told of. */
interface EngineGeneric {
  readonly NamedResourceSpec?: { readonly Kind: string; readonly Value: string };
  readonly DiscreteResourceSpec?: { readonly Kind: string; readonly Value: number };
}

/** The parts of the engine's reply to `info` that we use. */
export interface EngineInfo {
  readonly ServerVersion: string;
  readonly Labels: readonly string[] | null;
  readonly Architecture: string;
  readonly OSType: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly GenericResources?: readonly EngineGeneric[] | null;
  readonly Plugins: Readonly<Record<string, readonly string[] | null>>;
}

/** The parts of a managed plugin that we use. */
export interface ManagedPlugin {
  readonly Name: string;
  readonly Enabled: boolean;
  readonly Config: { readonly Interface: { readonly Types: readonly string[] | null } };
}

function labelsOf(labels: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    labels.map((label) => {
      const at = label.indexOf("=");
      return at < 0 ? [label, ""] : [label.slice(0, at), label.slice(at + 1)];
    }),
  );
}

function pluginsOf(plugins: EngineInfo["Plugins"]): readonly EngineDescriptionPlugin[] {
  return Object.entries(plugins).flatMap(([type, names]) =>
    (names ?? []).map((name) => ({ type, name })),
  );
}

function genericOf(resource: EngineGeneric): readonly GenericResource[] {
  const { NamedResourceSpec: named, DiscreteResourceSpec: discrete } = resource;
  if (named) return [{ resource: "named", named: { kind: named.Kind, value: named.Value } }];
  if (!discrete) return [];
  return [{ resource: "discrete", discrete: { kind: discrete.Kind, value: discrete.Value } }];
}

/** Types of managed plugins, as they say it themselves, by the names that swarm mode has for them. */
const MANAGED_TYPES: ReadonlyMap<string, string> = new Map([
  ["volumedriver", "Volume"],
  ["networkdriver", "Network"],
  ["logdriver", "Log"],
]);

/**
 * Plugins that `docker plugin install` brings, those that are enabled. The engine's own lists leave
 * out some of them, log drivers above all. They keep their tags: `loki:latest` is found as `loki`.
 */
function managedPluginsOf(plugins: readonly ManagedPlugin[]): readonly EngineDescriptionPlugin[] {
  return plugins
    .filter((plugin) => plugin.Enabled)
    .flatMap(({ Name: name, Config: config }) =>
      (config.Interface.Types ?? []).flatMap((text) => {
        const [, word = ""] = /^docker\.([a-z]+)\//.exec(text) ?? [];
        const type = MANAGED_TYPES.get(word);
        return type === undefined ? [] : [{ type, name }];
      }),
    );
}

/** What the managers are told of an engine, from its replies to `info` and `plugins`. */
export function toDescription(
  info: EngineInfo,
  managed: readonly ManagedPlugin[],
): RuntimeDescription {
  const plugins = [...pluginsOf(info.Plugins), ...managedPluginsOf(managed)];
  const unique = new Map(plugins.map((plugin) => [`${plugin.type}/${plugin.name}`, plugin]));
  return {
    runtimes: ["docker"],
    engineVersion: info.ServerVersion,
    labels: labelsOf(info.Labels ?? []),
    // In an order that is always the same: a description that differs is sent again.
    plugins: [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, plugin]) => plugin),
    architecture: info.Architecture,
    os: info.OSType,
    resources: make("Resources", {
      nanoCpus: info.NCPU * 1e9,
      memoryBytes: info.MemTotal,
      generic: (info.GenericResources ?? []).flatMap(genericOf),
    }),
  };
}

/** Asks the engine what it is and has. */
export async function describeEngine(
  docker: Docker,
  signal: AbortSignal,
): Promise<RuntimeDescription> {
  const info: EngineInfo = await engineCall(() => docker.info(), signal);
  const managed: readonly ManagedPlugin[] = await engineCall(() => docker.listPlugins(), signal);
  return toDescription(info, managed);
}
