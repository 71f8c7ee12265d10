import { RequestError } from "../request-error.ts";

/** First parts of the paths that a container engine answers where the swarm has no route. */
const LOCAL_PATHS = new Set([
  "auth",
  "build",
  "commit",
  "containers",
  "distribution",
  "exec",
  "grpc",
  "images",
  "networks",
  "plugins",
  "session",
  "system",
  "volumes",
]);

/** One object of the engine: `docker inspect` tries kind after kind until one is not a 404. */
const ONE_OBJECT = /^\/(containers|images|exec|plugins)\/.+\/json$|^\/(volumes|networks)\/[^/]+$/;

/** Why there is no engine to pass a request to. */
export const NO_ENGINE =
  "none answers here. Start swarmd with --runtime auto and --docker-host, on a machine with Docker";

/** Whether a path (without version and query) belongs to a container engine. */
export function isLocalPath(path: string): boolean {
  return LOCAL_PATHS.has(path.split("/", 2)[1] ?? "");
}

/** There is no container engine to ask. */
export class NoEngineError extends RequestError {}

/**
 * What a request for a container engine is told where there is none: 503, or 404 for one object,
 * as it cannot exist then. `why` is a clause: what is missing, and the next step.
 */
export function noEngine(path: string, why: string): RequestError {
  const text = `this request is for a container engine, and ${why}`;
  return new NoEngineError(ONE_OBJECT.test(path) ? 404 : 503, text);
}
