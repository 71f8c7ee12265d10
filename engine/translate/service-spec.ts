import { make } from "../../proto/codec.ts";
import {
  UpdateConfigFailureAction,
  UpdateConfigOrder,
  type ServiceSpec,
  type UpdateConfig,
} from "../../proto/generated.ts";
import { badRequest } from "../request-error.ts";
import { JsonObject } from "../json-object.ts";
import { optional, some, type Json } from "./common.ts";
import { endpointSpecJson, readEndpointSpec } from "./endpoint.ts";
import { readServiceLabels, serviceLabelsJson } from "./extensions.ts";
import { Names } from "./names.ts";
import { readNetworkTarget, readTaskSpec, runtimeWord, taskSpecJson } from "./task-spec.ts";

const FAILURE_ACTIONS = new Names<UpdateConfigFailureAction>(
  "FailureAction",
  {
    pause: UpdateConfigFailureAction.PAUSE,
    continue: UpdateConfigFailureAction.CONTINUE,
    rollback: UpdateConfigFailureAction.ROLLBACK,
  },
  (word) => `unrecognized update failure action ${word}`,
);
const ORDERS = new Names<UpdateConfigOrder>(
  "Order",
  {
    "stop-first": UpdateConfigOrder.STOP_FIRST,
    "start-first": UpdateConfigOrder.START_FIRST,
  },
  (word) => `unrecognized update order ${word}`,
);

/** A service without `Mode` or `Replicas` has one replica. */
const DEFAULT_REPLICAS = 1;

function updateConfigJson(config: UpdateConfig | null): Json | undefined {
  if (!config) return undefined;
  return {
    Parallelism: config.parallelism,
    Delay: some(config.delayNs),
    FailureAction: FAILURE_ACTIONS.word(config.failureAction),
    Monitor: config.monitorNs?.value,
    MaxFailureRatio: config.maxFailureRatio,
    Order: ORDERS.word(config.order),
  };
}

function readUpdateConfig(json: JsonObject | undefined): UpdateConfig | null {
  if (!json) return null;
  const action = json.text("FailureAction");
  return make("UpdateConfig", {
    parallelism: json.unsigned("Parallelism"),
    delayNs: json.integer("Delay"),
    failureAction: FAILURE_ACTIONS.parse(action, UpdateConfigFailureAction.PAUSE),
    monitorNs: optional(json.integerOf("Monitor") || undefined),
    maxFailureRatio: json.number("MaxFailureRatio"),
    order: ORDERS.parse(json.text("Order"), UpdateConfigOrder.STOP_FIRST),
  });
}

function modeJson(spec: ServiceSpec): Json {
  switch (spec.mode) {
    case "replicated":
      return { Replicated: { Replicas: spec.replicated.replicas } };
    case "global":
      return { Global: {} };
    case "replicatedJob": {
      const { maxConcurrent, totalCompletions } = spec.replicatedJob;
      return {
        ReplicatedJob: { MaxConcurrent: maxConcurrent, TotalCompletions: totalCompletions },
      };
    }
    case "globalJob":
      return { GlobalJob: {} };
    case undefined:
      return {};
  }
}

function readMode(json: JsonObject) {
  const replicated = json.object("Replicated");
  const job = json.object("ReplicatedJob");
  const given = ["Replicated", "Global", "ReplicatedJob", "GlobalJob"].filter((m) => json.has(m));
  if (given.length > 1) throw badRequest("must specify only one service mode");
  if (json.has("Global")) return { mode: "global", global: {} } as const;
  if (json.has("GlobalJob")) return { mode: "globalJob", globalJob: {} } as const;
  if (job) {
    const maxConcurrent = job.unsignedOf("MaxConcurrent") ?? 1;
    const totalCompletions = job.unsignedOf("TotalCompletions") ?? maxConcurrent;
    return { mode: "replicatedJob", replicatedJob: { maxConcurrent, totalCompletions } } as const;
  }
  const replicas = replicated?.unsignedOf("Replicas") ?? DEFAULT_REPLICAS;
  return { mode: "replicated", replicated: { replicas } } as const;
}

/** `Spec` of a service. */
export function serviceSpecJson(spec: ServiceSpec): Json {
  const { task } = spec;
  return {
    Name: some(spec.annotations?.name ?? ""),
    Labels: serviceLabelsJson(spec),
    TaskTemplate: task ? { ...taskSpecJson(task), Runtime: runtimeWord(task) } : {},
    Mode: modeJson(spec),
    UpdateConfig: updateConfigJson(spec.update),
    RollbackConfig: updateConfigJson(spec.rollback),
    EndpointSpec: endpointSpecJson(spec.endpoint),
  };
}

/**
 * Reads `Spec` of a service. `registryAuth` is the X-Registry-Auth header, empty when absent.
 * Throws 400 in Docker's words.
 */
export function readServiceSpec(json: JsonObject, registryAuth: string): ServiceSpec {
  const { own, extensions } = readServiceLabels(json.map("Labels"));
  const template = json.object("TaskTemplate") ?? new JsonObject({});
  const task = readTaskSpec(template, extensions, registryAuth);
  // Until API 1.44 networks could be given beside the template.
  const beside = json.list("Networks").map(readNetworkTarget);
  return make("ServiceSpec", {
    annotations: { name: json.text("Name"), labels: own },
    task: task.networks.length === 0 ? { ...task, networks: beside } : task,
    ...readMode(json.object("Mode") ?? new JsonObject({})),
    update: readUpdateConfig(json.object("UpdateConfig")),
    rollback: readUpdateConfig(json.object("RollbackConfig")),
    endpoint: readEndpointSpec(json.object("EndpointSpec")),
    schedule: extensions.schedule,
    dependsOn: extensions.dependsOn,
  });
}
