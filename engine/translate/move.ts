import { TaskMoveStatePhase, type TaskMoveState } from "../../proto/generated.ts";
import { timeText, type Json } from "./common.ts";
import { Names } from "./names.ts";

const PHASES = new Names<TaskMoveStatePhase>("State", {
  waiting: TaskMoveStatePhase.WAITING,
  starting: TaskMoveStatePhase.STARTING,
  done: TaskMoveStatePhase.DONE,
  "given-up": TaskMoveStatePhase.GIVEN_UP,
});

/** One move of `POST /skep/v1/services/rebalance` and `GET /skep/v1/moves`. */
export function moveJson(move: TaskMoveState): Json {
  return {
    TaskID: move.taskId,
    ServiceID: move.serviceId,
    ServiceName: move.serviceName,
    Slot: move.slot,
    FromNodeID: move.fromNodeId,
    FromHostname: move.fromHostname,
    ToNodeID: move.toNodeId,
    ToHostname: move.toHostname,
    RequestedAt: timeText(move.requestedAtMs),
    State: PHASES.word(move.phase),
    Reason: move.reason,
    SuccessorID: move.successorId,
  };
}
