import { isDeepStrictEqual as same } from "node:util";
import { TaskState, type Service, type Task, type TaskSpec } from "../../proto/generated.ts";
import { nodeFits } from "../constraint/constraint.ts";
import { wantedEndpoint } from "../resources/endpoint.ts";
import { indexOf, stateOf, type NodeLookup } from "./task-state.ts";

/** In what a task's specification differs from its service's, from nothing to everything. */
type Difference = "none" | "pull" | "placement" | "spec";

/** Whether one task has to be replaced to match its service. */
export interface IsDirty {
  (task: Task): boolean;
  /** The same for all tasks of its specification; undefined where it depends on the task. */
  readonly alike: (task: Task) => boolean | undefined;
}

/**
 * The test of whether a task is out of date (swarm mode's rules): tasks of the service's own spec
 * version never are; a change of the placement alone matters only where the node no longer fits;
 * registry credentials do not matter to a task whose image is already there. The result serves
 * one plan: it remembers what it compared.
 */
export function dirtyTest(service: Service, node: NodeLookup): IsDirty {
  const current = indexOf(service.specVersion);
  const known = new Map<number, Difference>();
  const differenceOf = (task: Task): Difference => {
    const version = indexOf(task.specVersion);
    if (version === current && current >= 0) return "none";
    // Tasks of one service and spec version carry one specification.
    let difference = known.get(version);
    if (difference === undefined) {
      difference = compare(task, service);
      if (version >= 0) known.set(version, difference);
    }
    return difference;
  };
  const isDirty = (task: Task): boolean => isDirtyBy(differenceOf(task), task, service, node);
  const alike = (task: Task): boolean | undefined => {
    const difference = indexOf(task.specVersion) < 0 ? undefined : differenceOf(task);
    if (difference === "none") return false;
    return difference === "spec" ? true : undefined;
  };
  return Object.assign(isDirty, { alike });
}

function isDirtyBy(
  difference: Difference,
  task: Task,
  service: Service,
  node: NodeLookup,
): boolean {
  switch (difference) {
    case "none":
      return false;
    case "pull": {
      const state = stateOf(task);
      return state < TaskState.READY || state > TaskState.RUNNING;
    }
    case "placement": {
      const host = task.nodeId === "" ? undefined : node(task.nodeId);
      const constraints = service.spec?.task?.placement?.constraints ?? [];
      return !host || !nodeFits(host, constraints);
    }
    case "spec":
      return true;
  }
}

function compare(task: Task, service: Service): Difference {
  const wanted = service.spec?.task ?? null;
  // A service that asks for no endpoint is given the plain one, and so are its tasks.
  const given = task.endpoint?.spec ?? wantedEndpoint(null);
  if (!same(given, wantedEndpoint(service.spec))) return "spec";
  if (same(task.spec, wanted)) return "none";
  if (!task.spec || !wanted) return "spec";
  if (same({ ...task.spec, placement: null }, { ...wanted, placement: null })) return "placement";
  return same(withoutPull(task.spec), withoutPull(wanted)) ? "pull" : "spec";
}

function withoutPull(spec: TaskSpec): TaskSpec {
  if (spec.runtime !== "container") return spec;
  return { ...spec, container: { ...spec.container, registryAuth: "" } };
}
