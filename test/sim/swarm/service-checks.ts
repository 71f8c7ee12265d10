import type { StoreEvent, StoreView } from "../../../manager/store/tables.ts";
import { UpdateStatusState, type Service } from "../../../proto/generated.ts";
import { demand } from "../violation.ts";

const RUNNING: readonly UpdateStatusState[] = [
  UpdateStatusState.UPDATING,
  UpdateStatusState.ROLLBACK_STARTED,
];

/** Whether an update, or rollback, of the service is under way. */
export function isUpdating({ updateStatus }: Service): boolean {
  return RUNNING.includes(updateStatus?.state ?? UpdateStatusState.UNKNOWN);
}

/** What must hold of every service that a commit changes. */
export function checkServices(events: readonly StoreEvent[], view: StoreView): void {
  for (const event of events) {
    if (event.kind !== "service") continue;
    const { object: service, old } = event;
    const name = service.spec?.annotations?.name ?? "";
    const alone = view.service.named(name).size <= 1;
    demand(alone, "unique-name", () => `there are two services ${name}`);
    if (old) checkUpdate(service, old);
  }
}

/** Every update ends in an end state with a reason, and does not begin anew by itself. */
function checkUpdate(service: Service, old: Service): void {
  const { updateStatus: status } = service;
  const before = old.updateStatus;
  const name = service.spec?.annotations?.name ?? "";
  if (!status || status === before) return;
  demand(status.message !== "", "update", () => `the update of ${name} says nothing`);
  const ended = !isUpdating(service) && isUpdating(old);
  if (ended && before)
    demand(
      status.startedAtMs === before.startedAtMs || before.startedAtMs === 0,
      "update",
      () => `the update of ${name} ends as another one`,
    );
  if (!before || !isUpdating(old) || !isUpdating(service)) return;
  // A person's change of the service starts over; a turn to rollback is the only other step.
  const asked = service.specVersion?.index !== old.specVersion?.index;
  const same = status.startedAtMs === before.startedAtMs || before.startedAtMs === 0;
  demand(same || asked, "update", () => `the update of ${name} is begun a second time`);
}
