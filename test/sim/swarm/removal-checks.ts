import type { StoreEvent, StoreView } from "../../../manager/store/tables.ts";
import { ChangeKind, TaskState } from "../../../proto/generated.ts";
import { demand } from "../violation.ts";
import { show } from "./describe.ts";

/** With a node go all its tasks: none of them counts as one that may still run. */
export function checkRemovals(events: readonly StoreEvent[], view: StoreView): void {
  for (const { kind, change, object } of events) {
    if (kind !== "node" || change !== ChangeKind.REMOVE) continue;
    const [cluster] = view.cluster.all();
    const refused = cluster?.blacklistedCertificates[object.id] !== undefined;
    demand(refused, "removal", () => `the certificate of ${object.id} is still good`);
    for (const task of view.task.by("node", object.id)) {
      const ended = (task.status?.state ?? TaskState.NEW) > TaskState.RUNNING;
      demand(ended, "removal", () => `${show(task)} is left behind on ${object.id}`);
    }
  }
}
