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
} from "../../proto/generated.ts";

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

/**
 * A task of `service` as it stands now: state NEW, with copies of the specification. Its id is
 * empty until it is written (ids are chance, and plans have none).
 */
export function newTask(
  { service, cluster, now }: TaskSource,
  place: Place,
  desiredState: TaskState,
  origin: TaskOrigin | null = null,
): Task {
  const { spec } = service;
  assert(spec?.task, "a service has a task specification");
  return make("Task", {
    spec: spec.task,
    specVersion: service.specVersion,
    serviceId: service.id,
    slot: place.slot,
    nodeId: place.nodeId,
    serviceAnnotations: spec.annotations,
    status: make("TaskStatus", { state: TaskState.NEW, timestampMs: now, message: "created" }),
    desiredState,
    endpoint: spec.endpoint && endpointOf(spec.endpoint),
    jobIteration: service.jobStatus?.jobIteration ?? null,
    logDriver: spec.task.logDriver ?? cluster?.spec?.taskDefaults?.logDriver ?? null,
    origin,
  });
}
