import { spawn } from "node:child_process";
import { sleep, type Clock } from "../../../lib/clock.ts";
import { onAbort } from "../../../lib/abort.ts";
import type { HealthConfig } from "../../../proto/generated.ts";
import { signalGroup } from "./signals.ts";
import type { CommandLine } from "./sandbox.ts";

/** Docker's defaults for what a check leaves out. */
const INTERVAL_DEFAULT_MS = 30_000;
const TIMEOUT_DEFAULT_MS = 30_000;
const START_INTERVAL_DEFAULT_MS = 5_000;
const RETRIES_DEFAULT = 3;

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

/** Runs the check's command once: whether it exits with 0 in time. Nothing of it is left. */
export function probe(
  { argv, env }: CommandLine,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const [file = "", ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(file, args, { env, cwd: "/", detached: true, stdio: "ignore" });
    const kill = (): void => {
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    };
    const releases = [clock.after(timeoutMs, kill), onAbort(signal, kill)];
    const done = (ok: boolean): void => {
      for (const release of releases) release();
      resolve(ok);
    };
    child.once("error", () => done(false));
    child.once("exit", (code) => {
      kill();
      done(code === 0);
    });
  });
}

/** Probes from `health` on until its status is one of `wanted`; resolves with that status. */
export async function watchHealth(
  health: Health,
  wanted: readonly Health["status"][],
  check: HealthCheck,
  modules: { readonly clock: Clock; readonly command: () => Promise<CommandLine> },
  signal: AbortSignal,
): Promise<Health["status"]> {
  const { clock, command } = modules;
  const startedAt = clock.monotonic();
  let current = health;
  for (;;) {
    const elapsed = clock.monotonic() - startedAt;
    const early = current.status === "starting" && elapsed < check.startPeriodMs;
    await sleep(clock, early ? check.startIntervalMs : check.intervalMs, signal);
    const ok = await probe(await command(), check.timeoutMs, clock, signal);
    signal.throwIfAborted();
    current = afterProbe(current, ok, clock.monotonic() - startedAt, check);
    if (wanted.includes(current.status)) return current.status;
  }
}
