import { make } from "../../proto/codec.ts";
import type { Privileges, PrivilegesCredentialSpec } from "../../proto/generated.ts";
import { badRequest } from "../request-error.ts";
import type { JsonObject } from "../json-object.ts";
import { base64, some, type Json } from "./common.ts";

const SECCOMP_MODES = new Set(["", "default", "unconfined", "custom"]);
const APPARMOR_MODES = new Set(["", "default", "disabled"]);

function credentialJson(spec: PrivilegesCredentialSpec | null): Json | null {
  if (!spec) return null;
  return {
    Config: spec.source === "config" ? spec.config : "",
    File: spec.source === "file" ? spec.file : "",
    Registry: spec.source === "registry" ? spec.registry : "",
  };
}

/** `Privileges`; undefined for null. The first two fields are never left out, as Docker does. */
export function privilegesJson(privileges: Privileges | null): Json | undefined {
  if (!privileges) return undefined;
  const { credentialSpec, selinuxContext: selinux, seccomp, apparmor } = privileges;
  return {
    CredentialSpec: credentialJson(credentialSpec),
    SELinuxContext: selinux && {
      Disable: selinux.disable,
      User: selinux.user,
      Role: selinux.role,
      Type: selinux.type,
      Level: selinux.level,
    },
    Seccomp: seccomp ? { Mode: some(seccomp.mode), Profile: base64(seccomp.profile) } : undefined,
    AppArmor: apparmor ? { Mode: some(apparmor.mode) } : undefined,
    NoNewPrivileges: privileges.noNewPrivileges,
  };
}

function readCredential(json: JsonObject | undefined): PrivilegesCredentialSpec | null {
  if (!json) return null;
  const [file, registry, config] = [json.text("File"), json.text("Registry"), json.text("Config")];
  const words = { file, registry, config };
  const given = Object.entries(words).flatMap(([word, value]) => (value === "" ? [] : [word]));
  if (given.length === 0)
    throw badRequest(
      `invalid CredentialSpec: must either provide "file", "registry", or "config" for credential spec`,
    );
  if (given.length === 3)
    throw badRequest(
      `invalid CredentialSpec: cannot specify both "file", "registry", and "config" credential specs`,
    );
  if (given.length === 2)
    throw badRequest(
      `invalid CredentialSpec: cannot specify both "${given[0]}" and "${given[1]}" credential specs`,
    );
  if (file) return make("PrivilegesCredentialSpec", { source: "file", file });
  if (registry) return make("PrivilegesCredentialSpec", { source: "registry", registry });
  return make("PrivilegesCredentialSpec", { source: "config", config });
}

function readSeccomp(json: JsonObject | undefined): Privileges["seccomp"] {
  if (!json) return null;
  const mode = json.text("Mode");
  if (!SECCOMP_MODES.has(mode)) throw badRequest(`unknown seccomp mode "${mode}"`);
  return { mode, profile: json.bytes("Profile") };
}

function readAppArmor(json: JsonObject | undefined): Privileges["apparmor"] {
  if (!json) return null;
  const mode = json.text("Mode");
  if (!APPARMOR_MODES.has(mode)) throw badRequest(`unknown AppArmor mode "${mode}"`);
  return { mode };
}

/** Reads `Privileges`; null when absent. Throws 400 on contradictions and unknown modes. */
export function readPrivileges(json: JsonObject | undefined): Privileges | null {
  if (!json) return null;
  const selinux = json.object("SELinuxContext");
  return make("Privileges", {
    credentialSpec: readCredential(json.object("CredentialSpec")),
    selinuxContext: selinux
      ? {
          disable: selinux.flag("Disable") ?? false,
          user: selinux.text("User"),
          role: selinux.text("Role"),
          type: selinux.text("Type"),
          level: selinux.text("Level"),
        }
      : null,
    seccomp: readSeccomp(json.object("Seccomp")),
    apparmor: readAppArmor(json.object("AppArmor")),
    noNewPrivileges: json.flag("NoNewPrivileges") ?? false,
  });
}
