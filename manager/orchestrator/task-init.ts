import { assert } from "../../lib/assert.ts";
import { make } from "../../proto/codec.ts";
import {
  TaskState,
  type Cluster,
  type Endpoint,
  type EndpointSpec,
  type Service,
  type Task,
  type TaskOrigin,
  type TaskStatus,
} from "../../proto/generated.ts";
import { isAllocated, PENDING_MESSAGE } from "../resources/endpoint.ts";

/** Where a task belongs: a slot of its service, or for global services a node (slot 0). */
export interface Place {
  readonly slot: number;
  readonly nodeId: string;
}

/** What a new task is made from. */
export interface TaskSource {
  readonly service: Service;
  /** Gives the default log driver. */
  readonly cluster: Cluster | undefined;
  readonly now: number;
}

/** Tasks of one specification share one endpoint: it is written, and held, once. */
const endpoints = new WeakMap<EndpointSpec, Endpoint>();

function endpointOf(spec: EndpointSpec): Endpoint {
  let endpoint = endpoints.get(spec);
  if (!endpoint) endpoints.set(spec, (endpoint = make("Endpoint", { spec })));
  return endpoint;
}

function firstStatus(isReady: boolean, timestampMs: number): TaskStatus {
  return isReady
    ? make("TaskStatus", { state: TaskState.PENDING, timestampMs, message: PENDING_MESSAGE })
    : make("TaskStatus", { state: TaskState.NEW, timestampMs, message: "created" });
}

/**
 * A task of `service` as it stands now, with copies of the specification: PENDING when the service
 * has its endpoint, NEW when the allocator is yet to give it one. Its id is empty until it is
 * written (ids are chance, and plans have none).
 */
export function newTask(
  { service, cluster, now }: TaskSource,
  place: Place,
  desiredState: TaskState,
  origin: TaskOrigin | null = null,
): Task {
  const { spec } = service;
  assert(spec?.task, "a service has a task specification");
  const isReady = isAllocated(service);
  return make("Task", {
    spec: spec.task,
    specVersion: service.specVersion,
    serviceId: service.id,
    slot: place.slot,
    nodeId: place.nodeId,
    serviceAnnotations: spec.annotations,
    status: firstStatus(isReady, now),
    desiredState,
    endpoint: isReady ? service.endpoint : spec.endpoint && endpointOf(spec.endpoint),
    jobIteration: service.jobStatus?.jobIteration ?? null,
    logDriver: spec.task.logDriver ?? cluster?.spec?.taskDefaults?.logDriver ?? null,
    origin,
  });
}
