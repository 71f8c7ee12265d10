import { readFileSync } from "node:fs";

/** Linux counts CPU time in hundredths of a second for user space, on every architecture. */
const TICKS_PER_SECOND = 100;

/** CPU time that processes have used so far, in seconds; NaN where /proc does not tell. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The name, in parentheses, may hold anything; fields are counted behind it.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      return NaN;
    }
  }
  return ticks / TICKS_PER_SECOND;
}
