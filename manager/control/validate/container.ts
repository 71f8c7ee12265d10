import type {
  ContainerSpec,
  OptionalInt64,
  ProcessSpec,
  Ulimit,
} from "../../../proto/generated.ts";
import { duplicate, invalid } from "./check.ts";
import { checkHealth } from "./health.ts";
import { checkImage } from "./image.ts";
import { checkMounts } from "./mounts.ts";
import { checkConfigReferences, checkSecretReferences } from "./references.ts";
import { checkTemplate } from "./template.ts";

const ISOLATIONS = ["", "default", "process", "hyperv"];
const SECCOMP_MODES = ["", "default", "unconfined", "custom"];
const APPARMOR_MODES = ["", "default", "disabled"];
/** The kernel's limits (`RLIMIT_…`); with any other name no task can start. */
const ULIMITS = (
  "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime " +
  "sigpending stack"
).split(" ");

function checkUlimits(ulimits: readonly Ulimit[]): void {
  for (const { name, soft, hard } of ulimits) {
    if (!ULIMITS.includes(name.toLowerCase()))
      throw invalid(`unknown ulimit "${name}": use one of ${ULIMITS.join(", ")}`);
    if (hard !== -1 && (soft > hard || soft === -1))
      throw invalid(`ulimit ${name}: the soft limit ${soft} is above the hard limit ${hard}`);
  }
  const clash = duplicate(ulimits, (ulimit) => ulimit.name);
  if (clash) throw invalid(`duplicate ulimit: ${clash[0].name}`);
}

function checkGracePeriod(period: OptionalInt64 | null): void {
  if ((period?.value ?? 0) < 0) throw invalid("the stop grace period cannot be negative");
}

/** A credential spec from a config needs that config handed to the runtime. */
function checkCredentialSpec(spec: ContainerSpec): void {
  const credential = spec.privileges?.credentialSpec;
  if (credential?.source !== "config") return;
  const id = credential.config;
  if (spec.configs.some((config) => config.configId === id && config.target === "runtime")) return;
  throw invalid(
    `CredentialSpec references config '${id}', but that config isn't in config references ` +
      "with RuntimeTarget",
  );
}

function checkPrivileges(spec: ContainerSpec): void {
  const { privileges } = spec;
  if (!privileges) return;
  const seccomp = privileges.seccomp;
  if (seccomp && !SECCOMP_MODES.includes(seccomp.mode))
    throw invalid(`ContainerSpec: invalid seccomp mode "${seccomp.mode}"`);
  if (seccomp && (seccomp.mode === "custom") !== seccomp.profile.length > 0)
    throw invalid("ContainerSpec: a seccomp profile goes with the seccomp mode custom");
  if (privileges.apparmor && !APPARMOR_MODES.includes(privileges.apparmor.mode))
    throw invalid(`ContainerSpec: invalid AppArmor mode "${privileges.apparmor.mode}"`);
  checkCredentialSpec(spec);
}

/** Checks a container spec on its own; what it refers to is checked against the state. */
export function checkContainer(spec: ContainerSpec): void {
  checkImage(spec.image);
  checkMounts(spec.mounts);
  checkHealth(spec.healthcheck);
  checkGracePeriod(spec.stopGracePeriodNs);
  checkSecretReferences(spec.secrets);
  checkConfigReferences(spec.configs);
  checkUlimits(spec.ulimits);
  checkPrivileges(spec);
  if (!ISOLATIONS.includes(spec.isolation))
    throw invalid(`ContainerSpec: invalid isolation "${spec.isolation}"`);
  checkTemplate(spec.hostname, "ContainerSpec: hostname");
  for (const line of spec.env) checkTemplate(line, "ContainerSpec: environment");
}

/** Checks a process spec on its own. */
export function checkProcess(spec: ProcessSpec): void {
  if (!spec.command[0]) throw invalid("ProcessSpec: a command must be provided");
  for (const line of spec.env) {
    if (line.indexOf("=") < 1)
      throw invalid(`ProcessSpec: environment "${line}" must have the form KEY=value`);
    checkTemplate(line, "ProcessSpec: environment");
  }
  for (const [what, path] of [
    ["working directory", spec.dir],
    ["root file system", spec.rootFs],
  ] as const)
    if (path !== "" && !path.startsWith("/"))
      throw invalid(`ProcessSpec: the ${what} must be an absolute path, not "${path}"`);
  checkTemplate(spec.hostname, "ProcessSpec: hostname");
  checkMounts(spec.mounts);
  checkHealth(spec.healthcheck);
  checkGracePeriod(spec.stopGracePeriodNs);
  checkSecretReferences(spec.secrets);
  checkConfigReferences(spec.configs);
  checkUlimits(spec.ulimits);
}
