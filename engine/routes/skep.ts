import type { ApiRequest } from "../api-request.ts";
import { empty, param, type Reply, type Route } from "../route.ts";

/** Deletes one task; the orchestrator makes another where its service still wants one. */
async function removeTask(request: ApiRequest): Promise<Reply> {
  await request.control().removeTask({ ref: param(request, "id") }, request.call);
  return empty(204);
}

/** Verbs that Docker does not have. */
export const skepRoutes: readonly Route[] = [
  { method: "DELETE", path: "/skep/v1/tasks/:id", handle: removeTask },
];
