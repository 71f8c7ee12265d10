import type { ConfigSpec, SecretSpec } from "../../../proto/generated.ts";
import { invalid } from "./check.ts";
import { checkFileName } from "./names.ts";

/** A secret must be smaller than this: it is held in memory by every manager. */
export const SECRET_BYTES_LIMIT = 500 * 1024;
/** A config must be smaller than this. */
export const CONFIG_BYTES_LIMIT = 1000 * 1024;

/** Checks a secret that is to be created. One with a driver would get its data elsewhere. */
export function checkSecret(spec: SecretSpec | null): SecretSpec {
  if (!spec) throw invalid("a secret spec is required");
  checkFileName(spec.annotations);
  if (spec.driver) {
    if (spec.driver.name === "") throw invalid("secret driver name must be provided");
    throw invalid(`plugin "${spec.driver.name}" not found: secrets from plugins are not served`);
  }
  if (spec.data.length === 0 || spec.data.length >= SECRET_BYTES_LIMIT) {
    throw invalid(`secret data must be larger than 0 and less than ${SECRET_BYTES_LIMIT} bytes`);
  }
  return spec;
}

/** Checks a config that is to be created. */
export function checkConfig(spec: ConfigSpec | null): ConfigSpec {
  if (!spec) throw invalid("a config spec is required");
  checkFileName(spec.annotations);
  if (spec.data.length === 0 || spec.data.length >= CONFIG_BYTES_LIMIT)
    throw invalid(`config data must be larger than 0 and less than ${CONFIG_BYTES_LIMIT} bytes`);
  return spec;
}
