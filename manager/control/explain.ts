import { SwarmError } from "../../lib/errors.ts";
import { newId } from "../../lib/ids.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import {
  TaskState,
  type ControlApi,
  type ExplainTaskRequest,
  type ExplainTaskResponse,
  type NodeVerdict,
  type PlanServiceRequest,
  type PlanServiceResponse,
  type Service,
  type Task,
  type WhatIfRequest,
  type WhatIfResponse,
} from "../../proto/generated.ts";
import { factsOf } from "../scheduler/cluster-facts.ts";
import { clusterMounts } from "../scheduler/cluster-mounts.ts";
import { defaultStrategyOf } from "../scheduler/default-strategy.ts";
import { nameOf } from "../scheduler/filters/filter.ts";
import { forecastLoss, forecastService, type Forecast } from "../scheduler/forecast.ts";
import type { PlaceOptions } from "../scheduler/group-pass.ts";
import { isActive, NodeInfo } from "../scheduler/node-info.ts";
import type { NodeSet } from "../scheduler/node-set.ts";
import { Pace } from "../scheduler/pace.ts";
import { judge, smallestChange, type Verdict } from "../scheduler/verdict.ts";
import type { ControlModules } from "./context.ts";
import { keepsQuorum } from "./manager-status.ts";
import { checkReferences } from "./service-references.ts";
import { planUpdate } from "./service-update.ts";
import { withMode } from "./services.ts";
import { pictureOf } from "../scheduler/picture.ts";
import { isCurrent } from "../store/up-to-date.ts";
import { checkService } from "./validate/service.ts";

function verdictOf(task: Task, { info, lacks }: Verdict): NodeVerdict {
  return make("NodeVerdict", {
    nodeId: info.id,
    hostname: nameOf(info),
    lacks: lacks.map(({ filter, what, needed, available, change }) =>
      make("Lack", { filter, what, needed, available, change }),
    ),
    serviceTasks: info.countOf(task.serviceId),
    tasks: info.total,
  });
}

/** Why a task runs where it does or nowhere: what each node lacks for it, as things are now. */
async function explainTask(
  modules: ControlModules,
  request: ExplainTaskRequest,
  call: Call,
): Promise<ExplainTaskResponse> {
  const { store, clock } = modules;
  const task = store.view.task.resolve(request.ref);
  const nodes =
    request.node === "" ? [...store.view.node.all()] : [store.view.node.resolve(request.node)];
  const pace = new Pace(clock);
  const verdicts: Verdict[] = [];
  const facts = factsOf(store.view);
  // Whether a volume is free depends on all nodes; nothing else does.
  const picture =
    clusterMounts(task).length > 0 ? await pictureOf(modules, new Set(), call.signal) : undefined;
  picture?.forget(task);
  for (const node of nodes) {
    const info = picture?.get(node.id) ?? new NodeInfo(node, facts);
    if (!picture) for (const other of store.view.task.by("node", node.id)) info.add(other);
    verdicts.push(judge(task, info));
    if (pace.isOver(true)) await pace.pause();
    call.signal.throwIfAborted();
  }
  return make("ExplainTaskResponse", {
    taskId: task.id,
    nodeId: task.nodeId,
    state: task.status?.state ?? TaskState.NEW,
    message: task.status?.message ?? "",
    err: task.status?.err ?? "",
    nodes: verdicts.map((verdict) => verdictOf(task, verdict)),
    smallestChange: smallestChange(verdicts) ?? "",
  });
}

function options({ store, clock, random }: ControlModules): PlaceOptions {
  return { defaultStrategy: defaultStrategyOf(store.view), nowMs: clock.now(), random };
}

function sharesOf(nodes: NodeSet, { placed }: Forecast) {
  return [...placed].map(([nodeId, tasks]) => {
    const info = nodes.get(nodeId);
    return make("NodeShare", { nodeId, hostname: info ? nameOf(info) : nodeId, tasks });
  });
}

/** What would become of a service, were it written now; the same checks as when it is. */
async function planService(
  modules: ControlModules,
  request: PlanServiceRequest,
  call: Call,
): Promise<PlanServiceResponse> {
  const { store, clock, random } = modules;
  const wanted = withMode(checkService(request.spec));
  const nodes = await pictureOf(modules, new Set(), call.signal);
  const stored = request.id === "" ? undefined : store.view.service.resolve(request.id);
  const spec = checkReferences(store.view, wanted, stored?.id ?? "");
  const name = spec.annotations?.name ?? "";
  if (!stored && store.view.service.named(name).size > 0)
    throw new SwarmError(
      "exists",
      `name conflicts with an existing object: service ${name} already exists`,
    );
  const planned: Service = stored
    ? planUpdate(stored, spec, { nowMs: clock.now(), registryAuthFromPrevious: false })
    : make("Service", { id: newId(random), spec });
  const present = [...store.view.task.by("service", planned.id)].filter(isActive);
  const isUpToDate = (task: Task): boolean => isCurrent(planned, task);
  const service = { id: planned.id, spec: planned.spec ?? spec, present, isUpToDate };
  const forecast = forecastService(service, nodes, options(modules));
  const { kept, replaced, removed, waiting, explanation } = forecast;
  const placements = sharesOf(nodes, forecast);
  return { placements, kept, replaced, removed, waiting, explanation };
}

/** Which services survive that nodes go down. */
async function whatIf(
  modules: ControlModules,
  request: WhatIfRequest,
  call: Call,
): Promise<WhatIfResponse> {
  const { store, raft } = modules;
  if (request.down.length === 0) throw new SwarmError("invalid", "name a node that goes down");
  const down = new Set(request.down.map((ref) => store.view.node.resolve(ref).id));
  const nodes = await pictureOf(modules, down, call.signal);
  const lost = [...down].flatMap((id) => [...store.view.task.by("node", id)]).filter(isActive);
  const forecasts = forecastLoss(lost, nodes, options(modules));
  const services = [...new Set(lost.map((task) => task.serviceId))].map((serviceId) => {
    const forecast = forecasts.get(serviceId);
    // Tasks that wait for a node lose nothing, and are not kept from anything either.
    const placed = [...store.view.task.by("service", serviceId)].filter(
      (task) => isActive(task) && task.nodeId !== "",
    );
    const gone = lost.filter((task) => task.serviceId === serviceId);
    const waiting = forecast?.waiting ?? 0;
    return make("ServiceFate", {
      serviceId,
      name: gone[0]?.serviceAnnotations?.name ?? "",
      untouched: placed.length - gone.length,
      moved: [...(forecast?.placed.values() ?? [])].reduce((sum, count) => sum + count, 0),
      lost: waiting,
      explanation: forecast?.explanation ?? "",
    });
  });
  return { services, keepsQuorum: keepsQuorum(raft.status(), down) };
}

/** The calls that ask what the scheduler would do, and change nothing. */
export function explainApi(modules: ControlModules) {
  return {
    explainTask: (request, call) => explainTask(modules, request, call),
    planService: (request, call) => planService(modules, request, call),
    whatIf: (request, call) => whatIf(modules, request, call),
  } satisfies Partial<ControlApi>;
}
