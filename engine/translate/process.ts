import { make } from "../../proto/codec.ts";
import type { ContainerSpec, ProcessSpec } from "../../proto/generated.ts";
import { badRequest } from "../request-error.ts";
import type { JsonObject } from "../json-object.ts";
import { some, type Json } from "./common.ts";
import { readContainer } from "./container.ts";
import { readWorkload, workloadJson } from "./workload.ts";

/** The image that stands for "no image" in a process service. */
export const PROCESS_IMAGE = "process";

/** A process in the dress of a `ContainerSpec`, so that every Docker client can show it. */
export function processJson(spec: ProcessSpec): Json {
  return {
    Image: PROCESS_IMAGE,
    Args: some(spec.command),
    ...workloadJson(spec),
    Privileges: spec.noNewPrivileges ? { NoNewPrivileges: true } : undefined,
    Isolation: "default",
  };
}

/** Fields of a container that a process cannot honour, by Docker's name. */
function containerOnly(spec: ContainerSpec): Readonly<Record<string, boolean>> {
  const { privileges } = spec;
  return {
    Privileges: [
      privileges?.credentialSpec,
      privileges?.selinuxContext,
      privileges?.seccomp,
      privileges?.apparmor,
    ].some(Boolean),
    Init: spec.init?.value ?? false,
    TTY: spec.tty,
    OpenStdin: spec.openStdin,
    Isolation: spec.isolation !== "",
    OomScoreAdj: spec.oomScoreAdj !== 0,
  };
}

/**
 * Reads a `ContainerSpec` that describes a process; `extensions` come from labels of the service.
 * Throws 400 on what a process cannot have.
 */
export function readProcess(
  json: JsonObject,
  extensions: Pick<ProcessSpec, "rootFs" | "devices">,
): ProcessSpec {
  const container = readContainer(json, "");
  const image = container.image.replace(/[:@].*$/, "");
  if (image !== PROCESS_IMAGE)
    throw badRequest(
      `a service with the label skep.runtime=process takes the image "${PROCESS_IMAGE}", ` +
        `not "${container.image}"`,
    );
  for (const [field, given] of Object.entries(containerOnly(container))) {
    if (given) throw badRequest(`a process service cannot have ContainerSpec.${field}`);
  }
  const command = [...container.command, ...container.args];
  if (command.length === 0)
    throw badRequest("a process service needs a command: give it in ContainerSpec.Args");
  const noNewPrivileges = container.privileges?.noNewPrivileges ?? false;
  return make("ProcessSpec", { ...readWorkload(json), command, noNewPrivileges, ...extensions });
}
