import findMyWay from "find-my-way";
import { configRoutes } from "./routes/configs.ts";
import { eventRoutes } from "./routes/events.ts";
import { logRoutes } from "./routes/logs.ts";
import { nodeRoutes } from "./routes/nodes.ts";
import { networkRoutes } from "./routes/networks.ts";
import { reachRoutes, reachUpgrades } from "./routes/reach.ts";
import { secretRoutes } from "./routes/secrets.ts";
import { serviceRoutes } from "./routes/services.ts";
import { skepRoutes } from "./routes/skep.ts";
import { swarmRoutes } from "./routes/swarm.ts";
import { systemRoutes } from "./routes/system.ts";
import { taskRoutes } from "./routes/tasks.ts";
import { volumeRoutes } from "./routes/volumes.ts";
import type { Route } from "./route.ts";
import type { UpgradeRoute } from "./upgrades.ts";

/** Longest name or id in a path. */
const PARAM_CHARS_MAX = 1024;

const ROUTES: readonly Route[] = [
  ...systemRoutes,
  ...swarmRoutes,
  ...nodeRoutes,
  ...serviceRoutes,
  ...taskRoutes,
  ...networkRoutes,
  ...secretRoutes,
  ...configRoutes,
  ...volumeRoutes,
  ...logRoutes,
  ...eventRoutes,
  ...skepRoutes,
  ...reachRoutes,
];

/** A route and what its path parameters stand for. */
export interface Found<R> {
  readonly route: R;
  readonly params: Readonly<Record<string, string | undefined>>;
}

/** Finds routes by method and path (without version and query). */
export type Router<R> = (method: string, path: string) => Found<R> | undefined;

type Placed = Pick<Route, "method" | "path">;

function routerOf<R extends Placed>(routes: readonly R[]): Router<R> {
  const router = findMyWay({ maxParamLength: PARAM_CHARS_MAX, caseSensitive: true });
  for (const route of routes) router.on(route.method, route.path, () => {}, route);
  return (method, path) => {
    const found = router.find(method as findMyWay.HTTPMethod, path);
    return found ? { route: found.store as R, params: found.params } : undefined;
  };
}

/** Builds the lookup of every route of the API. */
export function createRouter(): Router<Route> {
  return routerOf(ROUTES);
}

/** The same for requests that take their connection over. */
export function createUpgradeRouter(): Router<UpgradeRoute> {
  return routerOf(reachUpgrades);
}
