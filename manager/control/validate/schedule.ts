import {
  ScheduleConcurrency,
  ServiceDependencyCondition,
  type Schedule,
  type ServiceDependency,
} from "../../../proto/generated.ts";
import { checkEnum, invalid } from "./check.ts";

/** Five fields, six with seconds, or a nickname such as `@daily`. */
const CRON = /^(?:@[a-z]+|\S+(?:\s+\S+){4,5})$/;

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Checks when a job runs. */
export function checkSchedule(schedule: Schedule): void {
  if (!CRON.test(schedule.cron.trim()))
    throw invalid(`invalid schedule "${schedule.cron}": use five fields, as in "0 3 * * *"`);
  if (schedule.timeZone !== "" && !isTimeZone(schedule.timeZone))
    throw invalid(`unknown time zone "${schedule.timeZone}": use a name like Europe/Zurich`);
  checkEnum(schedule.concurrency, ScheduleConcurrency, "schedule concurrency");
  if (schedule.startingDeadlineNs < 0) throw invalid("a starting deadline cannot be negative");
}

/** Checks what a service waits for before it starts. */
export function checkDependencies(self: string, dependencies: readonly ServiceDependency[]): void {
  for (const { serviceName, condition } of dependencies) {
    checkEnum(condition, ServiceDependencyCondition, "dependency condition");
    if (serviceName === "") throw invalid("a dependency needs the name of a service");
    if (serviceName.toLowerCase() === self.toLowerCase())
      throw invalid(`service ${self} cannot depend on itself`);
  }
}
