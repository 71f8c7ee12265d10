import type { ApiRequest } from "../api-request.ts";
import { empty, json, param, type Reply, type Route } from "../route.ts";
import { planJson, verdictsJson, whatIfJson } from "../translate/forecast.ts";
import { moveJson } from "../translate/move.ts";
import { withSwarmNetworks } from "../local/swarm-networks.ts";
import { findService, readSpec } from "./services.ts";

/** Deletes one task; the orchestrator makes another where its service still wants one. */
async function removeTask(request: ApiRequest): Promise<Reply> {
  await request.control().removeTask({ ref: param(request, "id") }, request.call);
  return empty(204);
}

/** Why a task runs where it does, or nowhere; `?node=` asks about one node. */
async function why(request: ApiRequest): Promise<Reply> {
  const node = request.query.get("node") ?? "";
  const control = request.control();
  const answer = await control.explainTask({ ref: param(request, "id"), node }, request.call);
  return json(verdictsJson(answer));
}

/** What creating a service, or with `?id=` updating one, would lead to; the body is its spec. */
async function plan(request: ApiRequest): Promise<Reply> {
  const ref = request.query.get("id") ?? "";
  const control = request.control();
  const id = ref === "" ? "" : (await findService(request, ref)).id;
  const spec = await withSwarmNetworks(request, readSpec(request));
  return json(planJson(await control.planService({ id, spec }, request.call)));
}

/** Which services survive that the nodes in `?down=a,b` go down. */
async function whatIf(request: ApiRequest): Promise<Reply> {
  const down = (request.query.get("down") ?? "").split(",").filter((ref) => ref !== "");
  return json(whatIfJson(await request.control().whatIf({ down }, request.call)));
}

/** Moves tasks to where their services would put them now; with `DryRun` it only says which. */
async function rebalance(request: ApiRequest): Promise<Reply> {
  const { body } = request;
  const wish = {
    services: body.texts("Services"),
    movesMax: body.unsigned("MaxMoves"),
    dryRun: body.flag("DryRun") ?? false,
  };
  const { moves } = await request.control().rebalance(wish, request.call);
  return json({ Moves: moves.map(moveJson) });
}

/** What became of the moves asked for; `?services=a,b` asks about some services only. */
async function listMoves(request: ApiRequest): Promise<Reply> {
  const services = (request.query.get("services") ?? "").split(",").filter((ref) => ref !== "");
  const { consistency } = request;
  const { moves } = await request.control().listMoves({ services, consistency }, request.call);
  return json({ Moves: moves.map(moveJson) });
}

/** Verbs that Docker does not have. */
export const skepRoutes: readonly Route[] = [
  { method: "DELETE", path: "/skep/v1/tasks/:id", handle: removeTask },
  { method: "GET", path: "/skep/v1/tasks/:id/why", handle: why },
  { method: "POST", path: "/skep/v1/services/plan", handle: plan },
  { method: "GET", path: "/skep/v1/nodes/what-if", handle: whatIf },
  { method: "POST", path: "/skep/v1/services/rebalance", handle: rebalance },
  { method: "GET", path: "/skep/v1/moves", handle: listMoves },
];
