import type { ControlApi } from "../../proto/generated.ts";
import { clusterApi } from "./clusters.ts";
import { configApi } from "./configs.ts";
import type { ControlModules } from "./context.ts";
import { explainApi } from "./explain.ts";
import { extensionApi } from "./extensions.ts";
import { networkApi } from "./networks.ts";
import { nodeApi } from "./nodes.ts";
import { rebalanceApi } from "./rebalance.ts";
import { resourceApi } from "./resources.ts";
import { secretApi } from "./secrets.ts";
import { serviceApi } from "./services.ts";
import { taskApi } from "./tasks.ts";
import { volumeApi } from "./volumes.ts";
import { watchApi } from "./watch.ts";

/**
 * The control API on this manager's own store. Reads answer from the local state (after a barrier
 * when asked to be linearizable), writes need this manager to lead and throw `not-leader`
 * otherwise; see {@link forwardingControl} for an API that works on every manager.
 */
export function openControl(modules: ControlModules): ControlApi {
  return {
    ...nodeApi(modules),
    ...serviceApi(modules),
    ...taskApi(modules),
    ...explainApi(modules),
    ...rebalanceApi(modules),
    ...networkApi(modules),
    ...secretApi(modules),
    ...configApi(modules),
    ...volumeApi(modules),
    ...extensionApi(modules),
    ...resourceApi(modules),
    ...clusterApi(modules),
    ...watchApi(modules),
  };
}
