import type Docker from "dockerode";
import { SwarmError } from "../../../lib/errors.ts";
import type { Mount } from "../../../proto/generated.ts";
import { engineCall } from "./engine-error.ts";

/** Minor number of the first version 1 of the engine's API that knows subpaths of volumes. */
const API_MINOR_WITH_SUBPATHS = 45;

/**
 * Throws `failed-precondition` for a part of a volume on an engine that would overlook the word, and
 * give the task all of it.
 */
export async function refuseSubpaths(
  mounts: readonly Mount[],
  docker: Docker,
  signal: AbortSignal,
): Promise<void> {
  const asked = mounts.find(({ volume }) => volume && volume.subpath !== "");
  if (!asked) return;
  const { ApiVersion, Version } = await engineCall(() => docker.version(), signal);
  const [major = 0, minor = 0] = ApiVersion.split(".").map(Number);
  if (major > 1 || minor >= API_MINOR_WITH_SUBPATHS) return;
  throw new SwarmError(
    "failed-precondition",
    `Docker Engine ${Version} mounts volumes as a whole: ${asked.volume?.subpath} of volume ` +
      `${asked.source} needs an engine from 26.0 on`,
  );
}
