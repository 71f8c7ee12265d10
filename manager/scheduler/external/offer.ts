import { make } from "../../../proto/codec.ts";
import {
  NodeAvailability,
  NodeState,
  type GenericResource,
  type NodeOffer,
  type PendingTask,
  type Task,
} from "../../../proto/generated.ts";
import { genericKind } from "../../resources/reservation.ts";
import { runtimeOf } from "../filters/runtime.ts";
import type { NodeInfo } from "../node-info.ts";

/** What an external scheduler is told of a task. No secrets: those are the node's business. */
export function pendingTask(task: Task): PendingTask {
  return make("PendingTask", {
    id: task.id,
    serviceId: task.serviceId,
    serviceName: task.serviceAnnotations?.name ?? "",
    serviceLabels: task.serviceAnnotations?.labels ?? {},
    slot: task.slot,
    nodeId: task.nodeId,
    reservations: task.spec?.resources?.reservations ?? null,
    placement: task.spec?.placement ?? null,
    ports: task.endpoint?.spec?.ports ?? [],
    runtime: runtimeOf(task) ?? "",
  });
}

/** What an external scheduler is told of a node. */
export function nodeOffer(info: NodeInfo): NodeOffer {
  const { node } = info;
  const { description, spec, status } = node;
  return make("NodeOffer", {
    id: node.id,
    hostname: description?.hostname ?? "",
    role: node.role,
    addr: status?.addr ?? "",
    available: status?.state === NodeState.READY && spec?.availability === NodeAvailability.ACTIVE,
    labels: spec?.annotations?.labels ?? {},
    engineLabels: description?.engine?.labels ?? {},
    platform: description?.platform ?? null,
    runtimes: description?.runtimes ?? [],
    total: description?.resources ?? null,
    free: make("Resources", {
      nanoCpus: info.freeCpu,
      memoryBytes: info.freeMemory,
      generic: freeGeneric(info),
    }),
    services: servicesOf(info),
  });
}

function freeGeneric(info: NodeInfo): readonly GenericResource[] {
  const offered = info.node.description?.resources?.generic ?? [];
  const kinds = [...new Set(offered.map(genericKind))];
  return kinds.map((kind) => ({
    resource: "discrete",
    discrete: { kind, value: info.freeGeneric(kind) },
  }));
}

function servicesOf(info: NodeInfo): NodeOffer["services"] {
  return [...info.serviceCounts()].map(([serviceId, tasks]) => ({ serviceId, tasks }));
}
