import { isDeepStrictEqual } from "node:util";
import { make } from "../../proto/codec.ts";
import type { EndpointSpec, Service, Task, TaskSpec } from "../../proto/generated.ts";
import type { StoreView } from "./tables.ts";

const NO_ENDPOINT = make("EndpointSpec");

/**
 * A task spec without what no running task need be replaced for: credentials for a pull that is
 * over, and placement, which the orchestrator enforces by replacing tasks that no longer fit.
 */
function essence(spec: TaskSpec | null): TaskSpec | null {
  if (!spec) return null;
  if (spec.runtime !== "container") return { ...spec, placement: null };
  return { ...spec, placement: null, container: { ...spec.container, registryAuth: "" } };
}

function endpointOf(spec: EndpointSpec | null | undefined): EndpointSpec {
  return spec ?? NO_ENDPOINT;
}

/** Whether `task` runs what `service` asks for. */
export function isCurrent(service: Service, task: Task): boolean {
  if (service.specVersion?.index === task.specVersion?.index) return true;
  return (
    isDeepStrictEqual(essence(task.spec), essence(service.spec?.task ?? null)) &&
    isDeepStrictEqual(endpointOf(task.endpoint?.spec), endpointOf(service.spec?.endpoint))
  );
}

/**
 * Tests whether tasks run what their service now asks for. Progress displays count on it: a change
 * of replicas or labels leaves every task up to date, a change of the image none.
 */
export function upToDate(view: StoreView): (task: Task) => boolean {
  // Tasks of one service and one spec version are all alike: compare one of each.
  const known = new Map<string, Map<number, boolean>>();
  return (task) => {
    const service = view.service.get(task.serviceId);
    if (!service) return false;
    let versions = known.get(service.id);
    if (!versions) known.set(service.id, (versions = new Map()));
    const version = task.specVersion?.index ?? 0;
    let current = versions.get(version);
    if (current === undefined) versions.set(version, (current = isCurrent(service, task)));
    return current;
  };
}
