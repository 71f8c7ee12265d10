import { existsSync, readFileSync } from "node:fs";
import { EXIT_UNKNOWN } from "./process-record.ts";

/** How a task's process ended. */
export interface ProcessEnd {
  readonly code: number;
  /** Why its program never ran; empty when it did. */
  readonly complaint: string;
}

/** The end of a process that nobody saw. */
export const UNKNOWN: ProcessEnd = { code: EXIT_UNKNOWN, complaint: "" };

/**
 * The end of a task whose wrapper wrote none. Where its program ran, the wrapper was killed: that a
 * process around it ended with `code` says nothing then, unless it tells of a signal.
 */
export function unwritten(code: number, hasRun: boolean): ProcessEnd {
  return hasRun && code < 128 ? UNKNOWN : { code, complaint: "" };
}

/** What the wrapper's file says; null until its last line, the exit status, is there. */
export function readEnd(path: string): ProcessEnd | null {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const last = /(?:^|\n)(\d{1,3})\n$/.exec(text);
  if (!last) return null;
  return { code: Number(last[1]), complaint: text.slice(0, last.index).trim() };
}
