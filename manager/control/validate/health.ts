import type { HealthConfig } from "../../../proto/generated.ts";
import { invalid } from "./check.ts";

const DURATION_NS_MIN = 1e6;

const DURATIONS = {
  intervalNs: "Interval",
  timeoutNs: "Timeout",
  startPeriodNs: "StartPeriod",
  startIntervalNs: "StartInterval",
} as const;

/** Checks a health check's durations: unset, or long enough to be meant. */
export function checkHealth(health: HealthConfig | null): void {
  if (!health) return;
  for (const [key, name] of Object.entries(DURATIONS)) {
    const value = health[key as keyof typeof DURATIONS];
    if (value !== 0 && value < DURATION_NS_MIN)
      throw invalid(`ContainerSpec: ${name} in HealthConfig cannot be less than 1ms`);
  }
  if (health.retries < 0)
    throw invalid("ContainerSpec: Retries in HealthConfig cannot be negative");
}
