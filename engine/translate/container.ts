import { make, type Fields } from "../../proto/codec.ts";
import type { ContainerSpec } from "../../proto/generated.ts";
import { badRequest } from "../request-error.ts";
import type { JsonObject } from "../json-object.ts";
import { optional, some, type Json } from "./common.ts";
import { privilegesJson, readPrivileges } from "./privileges.ts";
import { readWorkload, workloadJson } from "./workload.ts";

const ISOLATIONS = new Set(["", "default", "process", "hyperv"]);

/** `ContainerSpec`. Registry credentials are never part of it. */
export function containerJson(spec: ContainerSpec): Json {
  return {
    Image: some(spec.image),
    Command: some(spec.command),
    Args: some(spec.args),
    ...workloadJson(spec),
    Privileges: privilegesJson(spec.privileges),
    Init: spec.init?.value,
    TTY: some(spec.tty),
    OpenStdin: some(spec.openStdin),
    Isolation: spec.isolation === "" ? "default" : spec.isolation,
    OomScoreAdj: some(spec.oomScoreAdj),
  };
}

function readIsolation(json: JsonObject): string {
  const isolation = json.text("Isolation").toLowerCase();
  if (!ISOLATIONS.has(isolation)) throw badRequest(`invalid isolation: "${isolation}"`);
  return isolation === "default" ? "" : isolation;
}

/**
 * Reads `ContainerSpec`. `registryAuth` is the X-Registry-Auth header, kept with the spec; `extensions`
 * come from labels of the service.
 */
export function readContainer(
  json: JsonObject,
  registryAuth: string,
  extensions: Fields<Pick<ContainerSpec, "devices" | "privileged">> = {},
): ContainerSpec {
  return make("ContainerSpec", {
    ...readWorkload(json),
    image: json.text("Image"),
    command: json.texts("Command"),
    args: json.texts("Args"),
    privileges: readPrivileges(json.object("Privileges")),
    init: optional(json.flag("Init")),
    tty: json.flag("TTY") ?? false,
    openStdin: json.flag("OpenStdin") ?? false,
    registryAuth,
    ...extensions,
    isolation: readIsolation(json),
    oomScoreAdj: json.integer("OomScoreAdj"),
  });
}
