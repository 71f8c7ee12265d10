import { make } from "../../proto/codec.ts";
import type { GenericResource, ResourceRequirements, Resources } from "../../proto/generated.ts";
import type { JsonObject } from "../json-object.ts";
import { optional, some, type Json } from "./common.ts";

function genericJson(resource: GenericResource): Json {
  switch (resource.resource) {
    case "named":
      return { NamedResourceSpec: { Kind: resource.named.kind, Value: resource.named.value } };
    case "discrete":
      return {
        DiscreteResourceSpec: { Kind: resource.discrete.kind, Value: resource.discrete.value },
      };
    case undefined:
      return {};
  }
}

/** `GenericResources`; undefined (left out) when there are none. */
export function genericsJson(resources: readonly GenericResource[]): readonly Json[] | undefined {
  return some(resources.map(genericJson));
}

function readGeneric(json: JsonObject): GenericResource {
  const named = json.object("NamedResourceSpec");
  if (named) {
    const value = { kind: named.text("Kind"), value: named.text("Value") };
    return make("GenericResource", { resource: "named", named: value });
  }
  const discrete = json.object("DiscreteResourceSpec");
  if (!discrete) return make("GenericResource");
  const value = { kind: discrete.text("Kind"), value: discrete.integer("Value") };
  return make("GenericResource", { resource: "discrete", discrete: value });
}

/** What a node has, or what a task may use or reserves. */
export function resourcesJson(resources: Resources): Json {
  return {
    NanoCPUs: some(resources.nanoCpus),
    MemoryBytes: some(resources.memoryBytes),
    Pids: some(resources.pids),
    GenericResources: genericsJson(resources.generic),
  };
}

function readResources(json: JsonObject | undefined): Resources | null {
  if (!json) return null;
  return make("Resources", {
    nanoCpus: json.integer("NanoCPUs"),
    memoryBytes: json.integer("MemoryBytes"),
    pids: json.integer("Pids"),
    generic: json.list("GenericResources").map(readGeneric),
  });
}

/** `Resources` of a task; undefined for null. */
export function requirementsJson(requirements: ResourceRequirements | null): Json | undefined {
  if (!requirements) return undefined;
  const { limits, reservations, swapBytes, memorySwappiness } = requirements;
  return {
    Limits: limits ? resourcesJson(limits) : undefined,
    Reservations: reservations ? resourcesJson(reservations) : undefined,
    SwapBytes: swapBytes?.value,
    MemorySwappiness: memorySwappiness?.value,
  };
}

/** Reads `Resources` of a task; null when absent. */
export function readRequirements(json: JsonObject | undefined): ResourceRequirements | null {
  if (!json) return null;
  return make("ResourceRequirements", {
    limits: readResources(json.object("Limits")),
    reservations: readResources(json.object("Reservations")),
    swapBytes: optional(json.integerOf("SwapBytes")),
    memorySwappiness: optional(json.integerOf("MemorySwappiness")),
  });
}
