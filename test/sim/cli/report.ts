import type { RunResult } from "../raft/simulation.ts";

/** Longest line of a printed event. */
const LINE_MAX = 400;

/** The command that repeats a run. */
export function commandOf({ options }: RunResult): string {
  return `npm run sim -- --seed ${options.seed} --profile ${options.profile.name}`;
}

/** One line about a run. */
export function summaryOf(result: RunResult): string {
  const { options, events, virtualMs, operations, committed, hash, violation } = result;
  const verdict = violation ? `FAILED ${violation.invariant}: ${violation.message}` : "ok";
  return (
    `${options.profile.name} ${options.seed}: ${verdict} (${events} events, ` +
    `${(virtualMs / 1000).toFixed(1)} s, ${operations} operations, ${committed} entries, ${hash})`
  );
}

/** All about a run that has failed: what, the last events, the members, how to see it again. */
export function reportOf(result: RunResult): string {
  const { violation, trace, members, plan, events, virtualMs } = result;
  return [
    `Node ${process.version}, event ${events}, ${virtualMs.toFixed(3)} ms`,
    `plan: ${JSON.stringify(plan)}`,
    "",
    ...trace.map((line) => (line.length > LINE_MAX ? `${line.slice(0, LINE_MAX)}…` : line)),
    "",
    ...members,
    "",
    ...(violation ? [violation.stack ?? violation.message, ""] : []),
    summaryOf(result),
    commandOf(result),
  ].join("\n");
}
