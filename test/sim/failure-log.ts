import pino from "pino";
import type { Logger } from "../../lib/log.ts";

/** A silent logger that passes on the error of each line of level "error". */
export function failureLog(onError: (error: unknown) => void): Logger {
  const log = pino({ level: "silent" });
  log.error = (fields: unknown) => {
    onError((fields as { readonly err?: unknown }).err);
  };
  return log;
}
