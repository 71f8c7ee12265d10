import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { syncDirectory } from "./log/head-file.ts";

/** Replaces a small file as a whole: after a crash it has the old content or the new. Mode 0600. */
export function writeFileDurably(path: string, content: string): void {
  const fd = openSync(`${path}.partial`, "w", 0o600);
  try {
    writeSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(`${path}.partial`, path);
  syncDirectory(dirname(path));
}
