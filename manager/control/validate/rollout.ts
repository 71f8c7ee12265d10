import {
  RestartPolicyCondition,
  UpdateConfigFailureAction,
  UpdateConfigOrder,
  type RestartPolicy,
  type UpdateConfig,
} from "../../../proto/generated.ts";
import { checkEnum, invalid } from "./check.ts";

/** Checks a restart policy. */
export function checkRestart(restart: RestartPolicy | null): void {
  if (!restart) return;
  checkEnum(restart.condition, RestartPolicyCondition, "RestartCondition");
  if ((restart.delayNs?.value ?? 0) < 0)
    throw invalid("TaskSpec: restart-delay cannot be negative");
  if ((restart.windowNs?.value ?? 0) < 0)
    throw invalid("TaskSpec: restart-window cannot be negative");
}

/** Checks the options of an update or a rollback. */
export function checkUpdate(update: UpdateConfig | null): void {
  if (!update) return;
  checkEnum(update.failureAction, UpdateConfigFailureAction, "failure action");
  checkEnum(update.order, UpdateConfigOrder, "update order");
  if (update.delayNs < 0) throw invalid("TaskSpec: update-delay cannot be negative");
  if ((update.monitorNs?.value ?? 0) < 0)
    throw invalid("TaskSpec: update-monitor cannot be negative");
  if (!(update.maxFailureRatio >= 0 && update.maxFailureRatio <= 1))
    throw invalid("TaskSpec: update-maxfailureratio cannot be less than 0 or bigger than 1");
}
