import type { ContainerInspectInfo } from "dockerode";
import { quoteCheck } from "../check-output.ts";
import type { TaskExit } from "../runtime.ts";

/** The exit of a container that has ended; null while it has not. */
export function exitOf({ State: state }: ContainerInspectInfo): TaskExit | null {
  if (state.Status === "created" || state.Running || state.Restarting || state.Paused) return null;
  const error = state.Error || (state.OOMKilled ? "out of memory" : "");
  return { code: state.ExitCode, error };
}

/**
 * Why an unhealthy container is: what its last check has printed, in one line, or else what it
 * exited with. Empty while the container is not unhealthy.
 */
export function sicknessOf({ State: { Health: health } }: ContainerInspectInfo): string {
  if (health?.Status !== "unhealthy") return "";
  const last = health.Log?.at(-1);
  const otherwise = `its check exited with ${last?.ExitCode ?? "an error"}`;
  return `unhealthy container: ${quoteCheck(last?.Output ?? "", otherwise)}`;
}
