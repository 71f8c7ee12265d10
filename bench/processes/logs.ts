import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { sleep } from "../../lib/clock.ts";
import { cpuSeconds } from "../cpu-time.ts";
import { resultOf, type CaseResult } from "../report.ts";
import { residentMb } from "../resident.ts";
import type { BenchModules } from "../suite.ts";

/** How long the log is followed. */
const FOLLOWED_MS = 10_000;
const SAMPLE_PERIOD_MS = 250;

const LINE_BYTES = 100;
const BURST_BYTES = 3_000_000;
/** Bursts of whole lines, more than ten megabytes a second of them. */
const WRITER = `while :; do yes ${"x".repeat(LINE_BYTES - 1)} | head -c ${BURST_BYTES}; sleep 0.1; done`;
/** What a task runs that writes faster than its log is shown. */
export const LOUD = ["sh", "-c", WRITER];

const NEWLINE = "\n".charCodeAt(0);

function follow(socketPath: string, service: string): Promise<IncomingMessage> {
  const path = `/v1.41/services/${service}/logs?follow=1&stdout=1&tail=0`;
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, agent: false }, resolve);
    call.on("error", reject);
    call.end();
  });
}

function linesIn(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

/** The daemons on a log's way, and where to read it. */
export interface LogWay {
  readonly socketPath: string;
  readonly service: string;
  readonly pids: readonly number[];
}

/** Follows the log of a loud task; how much comes through, and what it costs the daemons. */
export async function logs(
  { socketPath, service, pids }: LogWay,
  { clock, signal, say }: BenchModules,
): Promise<readonly CaseResult[]> {
  const before = pids.map(residentMb);
  const response = await follow(socketPath, service);
  let lines = 0;
  response.on("data", (chunk: Buffer) => {
    lines += linesIn(chunk);
  });
  await once(response, "data");
  const [from, cpu] = [clock.monotonic(), cpuSeconds(pids)];
  lines = 0;
  let growth = 0;
  while (clock.monotonic() - from < FOLLOWED_MS) {
    await sleep(clock, SAMPLE_PERIOD_MS, signal);
    growth = Math.max(growth, ...pids.map((pid, i) => residentMb(pid) - (before[i] ?? 0)));
  }
  const seconds = (clock.monotonic() - from) / 1000;
  const megabytes = (lines * LINE_BYTES) / 1e6;
  const used = cpuSeconds(pids) - cpu;
  response.destroy();
  say(`${megabytes.toFixed(0)} MB of a log came through in ${seconds.toFixed(1)} s`);
  return [
    { case: "logs/10MB", unit: "MB/s", better: "higher" as const, ours: [megabytes / seconds] },
    { case: "logs/10MB/rss", unit: "MB more", better: "lower" as const, ours: [growth] },
    {
      case: "logs/10MB/cpu",
      unit: "CPU ms/MB",
      better: "lower" as const,
      ours: [(used * 1000) / megabytes],
    },
  ].map((rounds) => resultOf(rounds));
}
