import type { StoreView } from "../../../manager/store/tables.ts";
import type { Service, Task } from "../../../proto/generated.ts";

/** A task, for messages. */
export function show(task: Task): string {
  const { id, serviceAnnotations, slot, nodeId, desiredState, status } = task;
  const name = `${serviceAnnotations?.name ?? "?"}.${slot === 0 ? `@${nodeId}` : slot}`;
  const why = status?.err || status?.message || "";
  return `${name} ${id.slice(0, 5)} on ${nodeId || "-"} (${status?.state}→${desiredState}: ${why})`;
}

/** The nodes, services and tasks of a store, one a line. */
export function describeObjects(view: StoreView): readonly string[] {
  const nodes = [...view.node.all()].map(({ id, spec, status }) => {
    const { availability, annotations } = spec ?? {};
    return `node ${id}: state ${status?.state}, availability ${availability}, ${JSON.stringify(annotations?.labels)}`;
  });
  const services = [...view.service.all()].map(describeService);
  const tasks = [...view.task.all()].map((task) => {
    const { origin, specVersion, meta } = task;
    return `${show(task)} ${JSON.stringify({ spec: specVersion?.index, made: meta?.createdAtMs, origin })}`;
  });
  return [...nodes, ...services, ...tasks];
}

function describeService(service: Service): string {
  const { spec, specVersion, updateStatus, jobStatus } = service;
  const { update, rollback, task, annotations, dependsOn, schedule } = spec!;
  const mode = spec!.mode === "replicated" ? spec!.replicated : spec!.mode;
  const { restart, placement, resources, container } = task as typeof task & {
    container: { image: string };
  };
  const image = container.image;
  const fields = {
    mode,
    version: specVersion?.index,
    image,
    updateStatus,
    jobStatus,
    update,
    rollback,
  };
  const rest = { restart, placement, resources, dependsOn, schedule };
  return `service ${annotations?.name}: ${JSON.stringify({ ...fields, ...rest })}`;
}
