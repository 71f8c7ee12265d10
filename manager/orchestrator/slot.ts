import type { Task } from "../../proto/generated.ts";
import type { SteadyGroup } from "./steady.ts";
import type { Place } from "./task-init.ts";
import { isWanted } from "./task-state.ts";

/** The tasks that follow each other in one place. A plan changes it as it goes, see `Draft`. */
export interface Slot extends Place {
  /** Tasks meant to run; more than one only while one takes over from another. */
  wanted: readonly Task[];
  /** Tasks on their way out, and those that are history. */
  past: readonly Task[];
  /** Kept by {@link SlotTable}; undefined too when nobody looked, and once a plan touched the slot. */
  steady: SteadyGroup | undefined;
}

/** Where a slot is found: by its number in replicated services, by its node in global ones. */
export type SlotKey = number | string;

/** The slots of one service. */
export type Slots = ReadonlyMap<SlotKey, Slot>;

/** How the tasks of a service fall into slots. */
export interface SlotRule {
  keyOf(task: Task): SlotKey;
  placeOf(key: SlotKey): Place;
}

/** Slots by number, for replicated services. */
export const BY_NUMBER: SlotRule = {
  keyOf: (task) => task.slot,
  placeOf: (key) => ({ slot: Number(key), nodeId: "" }),
};

/** Slots by node, for global services. */
export const BY_NODE: SlotRule = {
  keyOf: (task) => task.nodeId,
  placeOf: (key) => ({ slot: 0, nodeId: String(key) }),
};

/** An empty slot. */
export function emptySlot(place: Place): Slot {
  return { ...place, wanted: [], past: [], steady: undefined };
}

/** The slot at `key`, or an empty one that is not in `slots` yet. */
export function slotAt(slots: Slots, rule: SlotRule, key: SlotKey): Slot {
  return slots.get(key) ?? emptySlot(rule.placeOf(key));
}

/** Sorts `tasks` into slots. */
export function groupTasks(tasks: Iterable<Task>, rule: SlotRule): Map<SlotKey, Slot> {
  const groups = new Map<SlotKey, Slot & { wanted: Task[]; past: Task[] }>();
  for (const task of tasks) {
    const key = rule.keyOf(task);
    let slot = groups.get(key);
    if (!slot) groups.set(key, (slot = { ...emptySlot(rule.placeOf(key)), wanted: [], past: [] }));
    (isWanted(task) ? slot.wanted : slot.past).push(task);
  }
  return groups;
}

/** The task that was made last; of two made together the one still wanted. */
export function newestTask(slot: Slot): Task | undefined {
  return newestOf(slot.wanted) ?? newestOf(slot.past);
}

/** The task of `tasks`, of those that `accepts` lets through, that was made last. */
export function newestOf(
  tasks: readonly Task[],
  accepts: (task: Task) => boolean = () => true,
): Task | undefined {
  let newest: Task | undefined;
  for (const task of tasks) if (accepts(task) && (!newest || isNewer(task, newest))) newest = task;
  return newest;
}

function isNewer(a: Task, b: Task): boolean {
  const [madeA, madeB] = [a.meta?.createdAtMs ?? Infinity, b.meta?.createdAtMs ?? Infinity];
  if (madeA !== madeB) return madeA > madeB;
  const [restartsA, restartsB] = [a.origin?.restarts ?? 0, b.origin?.restarts ?? 0];
  return restartsA === restartsB ? a.id > b.id : restartsA > restartsB;
}
