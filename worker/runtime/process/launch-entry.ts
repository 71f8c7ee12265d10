/** Entry point of the process that starts those of tasks. It ends when its swarmd has. */
import { isSwarmError, messageOf } from "../../../lib/errors.ts";
import { directLauncher } from "./launch.ts";
import type { FromLaunchProcess, ToLaunchProcess } from "./launch-process.ts";

function tell(message: FromLaunchProcess): void {
  // A swarmd that has died meanwhile is told of by `disconnect`.
  if (process.connected) process.send?.(message, () => {});
}

async function launch({ id, request }: ToLaunchProcess): Promise<void> {
  try {
    const { record, started, ended } = await directLauncher.launch(request);
    tell({ id, kind: "launched", record });
    void started.then(() => tell({ id, kind: "started" }));
    tell({ id, kind: "ended", code: await ended });
  } catch (error) {
    const code = isSwarmError(error) ? error.code : "internal";
    tell({ id, kind: "failed", code, message: messageOf(error) });
  }
}

process.on("message", (message: ToLaunchProcess) => void launch(message));
process.on("disconnect", () => process.exit());
