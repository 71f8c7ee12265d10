import { messageOf } from "../../lib/errors.ts";
import { ChangeKind, type Service } from "../../proto/generated.ts";
import { runController, type Controller } from "../store/controller.ts";
import type { StoreEvent, StoreView } from "../store/tables.ts";
import type { Transaction } from "../store/transaction.ts";
import { Backlog } from "./backlog.ts";
import { TRANSACTION_CHANGES_MAX } from "./draft.ts";
import type { Modules } from "./modules.ts";
import { planSchedule, type SchedulePlan } from "./plan-schedule.ts";
import { nextRunAt } from "./schedule-times.ts";
import { BY_NODE, BY_NUMBER } from "./slot.ts";
import { hasEnded } from "./task-state.ts";
import { workOff } from "./work-off.ts";

/** Longest wait in one go: timers do not reach further than some 24 days. */
const WAIT_MAX_MS = 3_600_000;

/** Begins the runs of jobs that have a schedule; the controllers of jobs do the rest. */
class Schedules implements Controller {
  readonly name = "schedules";
  readonly kinds = ["service", "task"] as const;
  readonly #modules: Modules;
  readonly #dirty = new Backlog<true>();
  /** When each scheduled job has to be looked at. */
  readonly #wakeAt = new Map<string, number>();

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  init(view: StoreView): void {
    for (const service of view.service.all()) this.#note(service);
  }

  mark(event: StoreEvent): void {
    if (event.kind === "service") {
      if (event.change === ChangeKind.REMOVE) this.#wakeAt.delete(event.object.id);
      else this.#note(event.object);
    } else if (event.kind === "task") {
      const { serviceId } = event.object;
      if (this.#wakeAt.has(serviceId) && hasEnded(event.object)) this.#dirty.add(serviceId, true);
    }
  }

  async act(signal: AbortSignal): Promise<number | undefined> {
    const now = this.#modules.clock.now();
    for (const [id, at] of this.#wakeAt) if (at <= now) this.#dirty.add(id, true);
    const retryMs = await workOff(this.#dirty, this.#modules, (tx) => this.#plan(tx), signal);
    if (retryMs !== undefined || this.#wakeAt.size === 0) return retryMs;
    const next = Math.min(...this.#wakeAt.values()) - this.#modules.clock.now();
    return Math.min(Math.max(0, next), WAIT_MAX_MS);
  }

  #note(service: Service): void {
    if (service.spec?.schedule) this.#dirty.add(service.id, true);
    else this.#wakeAt.delete(service.id);
  }

  #plan(tx: Transaction): void {
    for (const [id] of this.#dirty) {
      if (tx.size >= TRANSACTION_CHANGES_MAX) return;
      this.#dirty.take(id);
      const service = tx.view.service.get(id);
      if (!service?.spec?.schedule || service.pendingDelete) continue;
      const { begun, wakeAt } = this.#planOne(service, tx.view);
      if (begun) tx.update("service", begun);
      this.#wakeAt.set(id, wakeAt);
    }
  }

  #planOne(service: Service, view: StoreView): SchedulePlan {
    const tasks = view.task.by("service", service.id);
    const rule = service.spec?.mode === "globalJob" ? BY_NODE : BY_NUMBER;
    const { clock, log } = this.#modules;
    try {
      return planSchedule(service, { tasks, rule, now: clock.now() }, nextRunAt);
    } catch (error) {
      // One service's bad schedule must not keep the others from running.
      log.warn({ serviceId: service.id, reason: messageOf(error) }, "schedule cannot be read");
      return { begun: undefined, wakeAt: Infinity };
    }
  }
}

/** Begins the runs of scheduled jobs at their times, until `signal` aborts. */
export function runSchedules(modules: Modules, signal: AbortSignal): Promise<void> {
  return runController(new Schedules(modules), modules, signal);
}
