import { make } from "../../proto/codec.ts";
import type { ConfigReference, FileTarget, SecretReference } from "../../proto/generated.ts";
import { badRequest } from "../request-error.ts";
import type { JsonObject } from "../json-object.ts";
import { some, type Json } from "./common.ts";

function fileJson(file: FileTarget): Json {
  return { Name: file.name, UID: file.uid, GID: file.gid, Mode: file.mode };
}

function readFile(json: JsonObject | undefined): FileTarget | null {
  if (!json) return null;
  return make("FileTarget", {
    name: json.text("Name"),
    uid: json.text("UID"),
    gid: json.text("GID"),
    mode: json.unsigned("Mode"),
  });
}

/** One entry of `Secrets`. */
export function secretReferenceJson(reference: SecretReference): Json {
  return {
    File: reference.file ? fileJson(reference.file) : undefined,
    SecretID: reference.secretId,
    SecretName: reference.secretName,
  };
}

/** Reads one entry of `Secrets`. */
export function readSecretReference(json: JsonObject): SecretReference {
  return make("SecretReference", {
    secretId: json.text("SecretID"),
    secretName: json.text("SecretName"),
    file: readFile(json.object("File")),
  });
}

/** One entry of `Configs`. */
export function configReferenceJson(reference: ConfigReference): Json {
  return {
    File: reference.target === "file" ? fileJson(reference.file) : undefined,
    Runtime: reference.target === "runtime" ? {} : undefined,
    ConfigID: some(reference.configId),
    ConfigName: some(reference.configName),
  };
}

/** Reads one entry of `Configs`. Throws 400 unless it has exactly one target. */
export function readConfigReference(json: JsonObject): ConfigReference {
  const ids = { configId: json.text("ConfigID"), configName: json.text("ConfigName") };
  const file = readFile(json.object("File"));
  const runtime = json.object("Runtime");
  if (file && runtime) throw badRequest("invalid Config: cannot specify both File and Runtime");
  if (runtime) return make("ConfigReference", { ...ids, target: "runtime", runtime: {} });
  if (!file) throw badRequest("invalid Config: either File or Runtime should be set");
  return make("ConfigReference", { ...ids, target: "file", file });
}
