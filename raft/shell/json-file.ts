import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isErrnoException } from "../../lib/errno.ts";
import { damaged } from "./log/storage-error.ts";

/**
 * What `name` in the state directory holds; undefined when there is no such file. Its shape is that
 * of whoever wrote it.
 * @throws SwarmError `internal` when it is not JSON
 */
export function readJsonFile(directory: string, name: string): unknown {
  let text: string;
  try {
    text = readFileSync(join(directory, name), "utf8");
  } catch (error) {
    if (isErrnoException(error, "ENOENT")) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw damaged(directory, `${name} is malformed`, error);
  }
}
