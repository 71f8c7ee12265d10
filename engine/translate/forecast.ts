import type {
  ExplainTaskResponse,
  NodeShare,
  PlanServiceResponse,
  WhatIfResponse,
} from "../../proto/generated.ts";
import type { Json } from "./common.ts";
import { TASK_STATES } from "./task.ts";

/** `GET /skep/v1/tasks/{id}/why`. */
export function verdictsJson(answer: ExplainTaskResponse): Json {
  return {
    TaskID: answer.taskId,
    NodeID: answer.nodeId,
    State: TASK_STATES.word(answer.state),
    Message: answer.message,
    Err: answer.err,
    SmallestChange: answer.smallestChange,
    Nodes: answer.nodes.map((node) => ({
      NodeID: node.nodeId,
      Hostname: node.hostname,
      ServiceTasks: node.serviceTasks,
      Tasks: node.tasks,
      Lacks: node.lacks.map((lack) => ({
        Filter: lack.filter,
        What: lack.what,
        Needed: lack.needed,
        Available: lack.available,
        Change: lack.change,
      })),
    })),
  };
}

function shareJson({ nodeId, hostname, tasks }: NodeShare): Json {
  return { NodeID: nodeId, Hostname: hostname, Tasks: tasks };
}

/** `POST /skep/v1/services/plan`. */
export function planJson(answer: PlanServiceResponse): Json {
  return {
    Placements: answer.placements.map(shareJson),
    Kept: answer.kept,
    Replaced: answer.replaced,
    Removed: answer.removed,
    Waiting: answer.waiting,
    Explanation: answer.explanation,
  };
}

/** `GET /skep/v1/nodes/what-if`. */
export function whatIfJson(answer: WhatIfResponse): Json {
  return {
    KeepsQuorum: answer.keepsQuorum,
    Services: answer.services.map((service) => ({
      ServiceID: service.serviceId,
      Name: service.name,
      Untouched: service.untouched,
      Moved: service.moved,
      Lost: service.lost,
      Explanation: service.explanation,
    })),
  };
}
