import { join } from "node:path";
import { Level } from "level";
import { messageOf, SwarmError } from "../../../lib/errors.ts";
import type { LogDatabase } from "./log-pack.ts";
import { damaged, storageError } from "./storage-error.ts";

/** Rare, large flushes: much of a log is compacted away before it is flushed at all. */
const WRITE_BUFFER_BYTES = 16 * 1024 * 1024;

/**
 * Opens the database in a log store's directory.
 * @throws SwarmError `failed-precondition` when another process has it open, `exhausted` when the
 *   disk is full, `internal` when LevelDB finds it damaged
 */
export async function openDatabase(directory: string): Promise<LogDatabase> {
  const db: LogDatabase = new Level(join(directory, "log"), {
    keyEncoding: "view",
    valueEncoding: "view",
    compression: false,
    writeBufferSize: WRITE_BUFFER_BYTES,
  });
  try {
    await db.open();
    return db;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const text = `${messageOf(error)} ${messageOf(cause)}`;
    if (/LEVEL_LOCKED|lock/i.test(`${text} ${String((cause as { code?: string })?.code)}`))
      throw new SwarmError(
        "failed-precondition",
        `another process has ${directory} open: stop it first, or choose another state directory`,
        { cause: error },
      );
    if (/no space left/i.test(text)) throw storageError("opening", directory, cause);
    throw damaged(directory, `LevelDB cannot open it (${messageOf(cause ?? error)})`, error);
  }
}
