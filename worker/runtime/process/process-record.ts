import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** Exit status of a process that nobody saw end: as if killed. */
export const EXIT_UNKNOWN = 137;

/** Identity of a task's process. */
export interface ProcessRecord {
  readonly taskId: string;
  readonly pid: number;
  readonly startTime: number;
  /** The boot of the machine in which pid and start time mean it. */
  readonly bootId: string;
}

/** Keeps a record in the file at `path`, whole or not at all. */
export function writeRecord(path: string, record: ProcessRecord): void {
  writeFileSync(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/**
 * Reads what {@link writeRecord} wrote. Null where a loss of power has left less than that: the process
 * has ended with it.
 */
export function readRecord(path: string): ProcessRecord | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessRecord;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
