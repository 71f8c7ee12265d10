import { spawn } from "node:child_process";
import { sleep, type Clock } from "../../../lib/clock.ts";
import { onAbort } from "../../../lib/abort.ts";
import type { HealthConfig } from "../../../proto/generated.ts";
import { signalGroup } from "./signals.ts";
import { quoteCheck } from "../check-output.ts";
import type { CommandLine } from "./sandbox.ts";

/** Docker's defaults for what a check leaves out. */
const INTERVAL_DEFAULT_MS = 30_000;
const TIMEOUT_DEFAULT_MS = 30_000;
const START_INTERVAL_DEFAULT_MS = 5_000;
const RETRIES_DEFAULT = 3;
/** Most that is kept of what a check prints on one of its two ways; the rest is thrown away. */
const OUTPUT_CHARS_MAX = 1_024;
/** Longest wait for the end of what a check has printed, once it has ended itself. */
const LAST_WORDS_MS = 100;

/** A health check with its defaults filled in; milliseconds. */
export interface HealthCheck {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
}

export interface Health {
  readonly status: "starting" | "healthy" | "unhealthy";
  /** Failures in a row that count. */
  readonly streak: number;
}

/** The check of a spec; null when it has none or switches it off. Throws nothing. */
export function toHealthCheck(config: HealthConfig | null): HealthCheck | null {
  const [kind = "NONE", ...rest] = config?.test ?? [];
  if (!config || kind === "NONE" || rest.length === 0) return null;
  const ms = (ns: number, fallback: number): number => (ns > 0 ? ns / 1e6 : fallback);
  return {
    command: kind === "CMD-SHELL" ? ["/bin/sh", "-c", rest.join(" ")] : rest,
    intervalMs: ms(config.intervalNs, INTERVAL_DEFAULT_MS),
    timeoutMs: ms(config.timeoutNs, TIMEOUT_DEFAULT_MS),
    retries: config.retries || RETRIES_DEFAULT,
    startPeriodMs: config.startPeriodNs / 1e6,
    startIntervalMs: ms(config.startIntervalNs, START_INTERVAL_DEFAULT_MS),
  };
}

/**
 * Health after one more probe, `elapsedMs` after the start: one success makes healthy, `retries`
 * failures in a row unhealthy; while it is starting, failures in the start period do not count.
 */
export function afterProbe(
  health: Health,
  ok: boolean,
  elapsedMs: number,
  check: HealthCheck,
): Health {
  if (ok) return { status: "healthy", streak: 0 };
  if (health.status === "starting" && elapsedMs < check.startPeriodMs) return health;
  const streak = health.streak + 1;
  return { status: streak >= check.retries ? "unhealthy" : health.status, streak };
}

/** What came of one run of a check. */
export interface Probe {
  readonly ok: boolean;
  /** The beginning of what it has printed, or else how it ended. */
  readonly says: string;
}

/** Runs the check's command once: whether it exits with 0 in time. Nothing of it is left. */
export function probe(
  { argv, env }: CommandLine,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<Probe> {
  const [file = "", ...args] = argv;
  return new Promise((resolve) => {
    const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
    const child = spawn(file, args, { env, cwd: "/", detached: true, stdio });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        if (output.length < OUTPUT_CHARS_MAX) output += text.slice(0, OUTPUT_CHARS_MAX);
      });
    const kill = (): void => {
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    };
    let isLate = false;
    const late = (): void => {
      isLate = true;
      kill();
    };
    const releases = [clock.after(timeoutMs, late), onAbort(signal, kill)];
    const done = (ok: boolean, how: string): void => {
      for (const release of releases) release();
      child.stdout.destroy();
      child.stderr.destroy();
      const otherwise = isLate ? `its check took longer than ${timeoutMs} ms` : how;
      resolve({ ok, says: quoteCheck(output, otherwise) });
    };
    child.once("error", (error) => done(false, `its check cannot be run: ${error.message}`));
    child.once("exit", (code, by) => {
      kill();
      const finish = (): void => done(code === 0, `its check exited with ${code ?? by}`);
      // Its last words are read first, unless somebody else keeps the pipe open.
      releases.push(clock.after(LAST_WORDS_MS, finish));
      child.once("close", finish);
    });
  });
}

/** A health that was waited for, and what the check that led to it has said. */
export interface Verdict {
  readonly status: Health["status"];
  readonly says: string;
}

/** Probes from `health` on until its status is one of `wanted`. */
export async function watchHealth(
  health: Health,
  wanted: readonly Health["status"][],
  check: HealthCheck,
  modules: { readonly clock: Clock; readonly command: () => Promise<CommandLine> },
  signal: AbortSignal,
): Promise<Verdict> {
  const { clock, command } = modules;
  const startedAt = clock.monotonic();
  let current = health;
  for (;;) {
    const elapsed = clock.monotonic() - startedAt;
    const early = current.status === "starting" && elapsed < check.startPeriodMs;
    await sleep(clock, early ? check.startIntervalMs : check.intervalMs, signal);
    const { ok, says } = await probe(await command(), check.timeoutMs, clock, signal);
    signal.throwIfAborted();
    current = afterProbe(current, ok, clock.monotonic() - startedAt, check);
    if (wanted.includes(current.status)) return { status: current.status, says };
  }
}
