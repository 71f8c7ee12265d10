import { make } from "../../proto/codec.ts";
import type { Config, ConfigSpec, Secret, SecretSpec } from "../../proto/generated.ts";
import type { JsonObject } from "../json-object.ts";
import {
  annotationsJson,
  base64,
  driverJson,
  metaJson,
  readAnnotations,
  readDriver,
  type Json,
} from "./common.ts";

/** A secret as `GET /secrets/{id}` prints it: never with its data. */
export function secretJson(secret: Secret): Json {
  const { spec } = secret;
  return {
    ID: secret.id,
    ...metaJson(secret.meta),
    Spec: {
      ...annotationsJson(spec?.annotations ?? null),
      Driver: driverJson(spec?.driver ?? null),
      Templating: driverJson(spec?.templating ?? null),
    },
  };
}

/** Reads a secret's spec. */
export function readSecretSpec(json: JsonObject): SecretSpec {
  return make("SecretSpec", {
    annotations: readAnnotations(json),
    data: json.bytes("Data"),
    driver: readDriver(json.object("Driver")),
    templating: readDriver(json.object("Templating")),
  });
}

/** A config as `GET /configs/{id}` prints it, data included. */
export function configJson(config: Config): Json {
  const { spec } = config;
  return {
    ID: config.id,
    ...metaJson(config.meta),
    Spec: {
      ...annotationsJson(spec?.annotations ?? null),
      Data: spec ? base64(spec.data) : undefined,
      Templating: driverJson(spec?.templating ?? null),
    },
  };
}

/** Reads a config's spec. */
export function readConfigSpec(json: JsonObject): ConfigSpec {
  return make("ConfigSpec", {
    annotations: readAnnotations(json),
    data: json.bytes("Data"),
    templating: readDriver(json.object("Templating")),
  });
}
