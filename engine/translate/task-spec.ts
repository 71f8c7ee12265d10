import { make } from "../../proto/codec.ts";
import {
  RestartPolicyCondition,
  type NetworkAttachmentConfig,
  type Placement,
  type RestartPolicy,
  type TaskSpec,
} from "../../proto/generated.ts";
import { badRequest, RequestError } from "../request-error.ts";
import type { JsonObject } from "../json-object.ts";
import { driverJson, optional, readDriver, some, type Json } from "./common.ts";
import { containerJson, readContainer } from "./container.ts";
import type { ServiceExtensions } from "./extensions.ts";
import { Names } from "./names.ts";
import { processJson, readProcess } from "./process.ts";
import { readRequirements, requirementsJson } from "./resources.ts";

const CONDITIONS = new Names<RestartPolicyCondition>("RestartCondition", {
  none: RestartPolicyCondition.NONE,
  "on-failure": RestartPolicyCondition.ON_FAILURE,
  any: RestartPolicyCondition.ANY,
});

function restartJson(restart: RestartPolicy): Json {
  return {
    Condition: CONDITIONS.word(restart.condition),
    Delay: restart.delayNs?.value,
    MaxAttempts: restart.maxAttempts,
    Window: restart.windowNs?.value,
  };
}

function readRestart(json: JsonObject | undefined): RestartPolicy | null {
  if (!json) return null;
  return make("RestartPolicy", {
    condition: CONDITIONS.parse(json.text("Condition"), RestartPolicyCondition.ANY),
    delayNs: optional(json.integerOf("Delay")),
    maxAttempts: json.unsigned("MaxAttempts"),
    windowNs: optional(json.integerOf("Window")),
  });
}

function placementJson(placement: Placement): Json {
  return {
    Constraints: some(placement.constraints),
    Preferences: some(
      placement.preferences.map(({ spreadDescriptor }) => ({
        Spread: { SpreadDescriptor: spreadDescriptor },
      })),
    ),
    MaxReplicas: some(placement.maxReplicas),
    Platforms: some(
      placement.platforms.map(({ architecture, os }) => ({
        Architecture: some(architecture),
        OS: some(os),
      })),
    ),
  };
}

function readPlacement(
  json: JsonObject | undefined,
  extensions: ServiceExtensions["placement"],
): Placement | null {
  if (!json) return extensions ? make("Placement", extensions) : null;
  return make("Placement", {
    constraints: json.texts("Constraints"),
    preferences: json.list("Preferences").flatMap((preference) => {
      const spread = preference.object("Spread");
      return spread ? [{ spreadDescriptor: spread.text("SpreadDescriptor") }] : [];
    }),
    platforms: json.list("Platforms").map((platform) => ({
      architecture: platform.text("Architecture"),
      os: platform.text("OS"),
    })),
    maxReplicas: json.unsigned("MaxReplicas"),
    ...extensions,
  });
}

function networkJson(network: NetworkAttachmentConfig): Json {
  return {
    Target: some(network.target),
    Aliases: some(network.aliases),
    DriverOpts: some(network.driverOpts),
  };
}

/** Reads one entry of `Networks`. */
export function readNetworkTarget(json: JsonObject): NetworkAttachmentConfig {
  return make("NetworkAttachmentConfig", {
    target: json.text("Target"),
    aliases: json.texts("Aliases"),
    driverOpts: json.map("DriverOpts"),
  });
}

function runtimeJson(spec: TaskSpec): Json {
  switch (spec.runtime) {
    case "container":
      return { ContainerSpec: containerJson(spec.container) };
    case "process":
      return { ContainerSpec: processJson(spec.process) };
    case "attachment":
      return { NetworkAttachmentSpec: { ContainerID: spec.attachment.containerId } };
    case "generic":
    case undefined:
      return {};
  }
}

/** The word for the runtime in a service's template; tasks do without it. */
export function runtimeWord(spec: TaskSpec): string | undefined {
  switch (spec.runtime) {
    case "container":
    case "process":
      return "container";
    case "attachment":
      return "attachment";
    case "generic":
      return spec.generic.kind;
    case undefined:
      return undefined;
  }
}

/** `TaskTemplate` of a service, `Spec` of a task. */
export function taskSpecJson(spec: TaskSpec): Json {
  return {
    ...runtimeJson(spec),
    Resources: requirementsJson(spec.resources),
    RestartPolicy: spec.restart ? restartJson(spec.restart) : undefined,
    Placement: spec.placement ? placementJson(spec.placement) : undefined,
    Networks: some(spec.networks.map(networkJson)),
    LogDriver: driverJson(spec.logDriver),
    ForceUpdate: spec.forceUpdate,
  };
}

function readRuntime(json: JsonObject, extensions: ServiceExtensions, registryAuth: string) {
  const container = json.object("ContainerSpec");
  const attachment = json.object("NetworkAttachmentSpec");
  const word = json.text("Runtime");
  if (json.has("PluginSpec")) throw new RequestError(501, "plugin services are not supported");
  if (word !== "" && word !== "container" && word !== "attachment" && word !== "plugin")
    throw badRequest("unsupported runtime");
  if (word === "attachment" && !attachment) throw badRequest("unsupported runtime");
  const attaches = word === "attachment" || (word === "" && !container);
  if (attaches ? !attachment : !container || word === "plugin")
    throw badRequest("mismatched Runtime and *Spec fields");
  if (attachment && attaches) {
    const containerId = attachment.text("ContainerID");
    return { runtime: "attachment", attachment: { containerId } } as const;
  }
  if (extensions.runtime === "process" && container) {
    const { rootFs, devices } = extensions;
    return { runtime: "process", process: readProcess(container, { rootFs, devices }) } as const;
  }
  if (!container) return {};
  const { devices, privileged } = extensions;
  return {
    runtime: "container",
    container: readContainer(container, registryAuth, { devices, privileged }),
  } as const;
}

/** Reads `TaskTemplate`. Throws 400 in Docker's words. */
export function readTaskSpec(
  json: JsonObject,
  extensions: ServiceExtensions,
  registryAuth: string,
): TaskSpec {
  return make("TaskSpec", {
    ...readRuntime(json, extensions, registryAuth),
    resources: readRequirements(json.object("Resources")),
    restart: readRestart(json.object("RestartPolicy")),
    placement: readPlacement(json.object("Placement"), extensions.placement),
    networks: json.list("Networks").map(readNetworkTarget),
    logDriver: readDriver(json.object("LogDriver")),
    forceUpdate: json.unsigned("ForceUpdate"),
  });
}
