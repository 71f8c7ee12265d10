import {
  TaskState,
  type Network,
  type NetworkAttachment,
  type Task,
  type TaskStatus,
} from "../../proto/generated.ts";
import { annotationsJson, metaJson, some, timeText, type Json } from "./common.ts";
import { portJson } from "./endpoint.ts";
import { taskExtensionLabels } from "./extensions.ts";
import { Names } from "./names.ts";
import { attachedNetworkJson } from "./network.ts";
import { genericsJson } from "./resources.ts";
import { taskSpecJson } from "./task-spec.ts";

/** The states of a task, by Docker's words. */
export const TASK_STATES = new Names<TaskState>("State", {
  new: TaskState.NEW,
  pending: TaskState.PENDING,
  assigned: TaskState.ASSIGNED,
  accepted: TaskState.ACCEPTED,
  preparing: TaskState.PREPARING,
  ready: TaskState.READY,
  starting: TaskState.STARTING,
  running: TaskState.RUNNING,
  complete: TaskState.COMPLETE,
  shutdown: TaskState.SHUTDOWN,
  failed: TaskState.FAILED,
  rejected: TaskState.REJECTED,
  remove: TaskState.REMOVE,
  orphaned: TaskState.ORPHANED,
});

function statusJson(status: TaskStatus | null): Json {
  if (!status) return { Timestamp: timeText(0), State: "new", PortStatus: {} };
  const { container } = status;
  return {
    Timestamp: timeText(status.timestampMs),
    State: TASK_STATES.word(status.state),
    Message: some(status.message),
    Err: some(status.err),
    ContainerStatus: container
      ? { ContainerID: container.containerId, PID: container.pid, ExitCode: container.exitCode }
      : undefined,
    PortStatus: { Ports: some(status.ports.map(portJson)) },
  };
}

function attachmentJson(attachment: NetworkAttachment, network: Network | undefined): Json {
  return {
    Network: network ? attachedNetworkJson(network) : { ID: attachment.networkId, Spec: {} },
    Addresses: some(attachment.addresses),
  };
}

/** A task as `GET /tasks/{id}` prints it. `networks` by id, as far as they still exist. */
export function taskJson(task: Task, networks: ReadonlyMap<string, Network>): Json {
  return {
    ID: task.id,
    ...metaJson(task.meta),
    ...annotationsJson(task.annotations),
    Labels: { ...task.annotations?.labels, ...taskExtensionLabels(task) },
    Spec: task.spec ? taskSpecJson(task.spec) : {},
    ServiceID: some(task.serviceId),
    Slot: some(task.slot),
    NodeID: some(task.nodeId),
    Status: statusJson(task.status),
    DesiredState: TASK_STATES.word(task.desiredState),
    NetworksAttachments: some(
      task.networks.map((attachment) =>
        attachmentJson(attachment, networks.get(attachment.networkId)),
      ),
    ),
    GenericResources: genericsJson(task.assignedGenericResources),
    JobIteration: task.jobIteration ? { Index: some(task.jobIteration.index) } : undefined,
    Volumes: task.volumes.map(({ id, source, target }) => ({
      ID: some(id),
      Source: some(source),
      Target: some(target),
    })),
  };
}
