import type { Task } from "../../proto/generated.ts";
import type { Place } from "./task-init.ts";
import { isWanted } from "./task-state.ts";

/** The tasks that follow each other in one place. A plan changes it as it goes. */
export interface Slot extends Place {
  /** Tasks meant to run; more than one only while one takes over from another. */
  readonly wanted: Task[];
  /** Tasks on their way out, and those that are history. */
  readonly past: Task[];
}

/** An empty slot. */
export function emptySlot(place: Place): Slot {
  return { slot: place.slot, nodeId: place.nodeId, wanted: [], past: [] };
}

/** Sorts `tasks` into slots by number: the slots of a replicated service. */
export function groupBySlot(tasks: Iterable<Task>): Map<number, Slot> {
  const slots = new Map<number, Slot>();
  for (const task of tasks) addTo(slots, task.slot, { slot: task.slot, nodeId: "" }, task);
  return slots;
}

/** Sorts `tasks` into slots by node: the slots of a global service. */
export function groupByNode(tasks: Iterable<Task>): Map<string, Slot> {
  const slots = new Map<string, Slot>();
  for (const task of tasks) addTo(slots, task.nodeId, { slot: 0, nodeId: task.nodeId }, task);
  return slots;
}

function addTo<K>(slots: Map<K, Slot>, key: K, place: Place, task: Task): void {
  let slot = slots.get(key);
  if (!slot) slots.set(key, (slot = emptySlot(place)));
  (isWanted(task) ? slot.wanted : slot.past).push(task);
}

/** The task that was made last; of two made together the one still wanted. */
export function newestTask(slot: Slot): Task | undefined {
  return newestOf(slot.wanted) ?? newestOf(slot.past);
}

/** The task of `tasks` that was made last. */
export function newestOf(tasks: readonly Task[]): Task | undefined {
  let newest: Task | undefined;
  for (const task of tasks) if (!newest || isNewer(task, newest)) newest = task;
  return newest;
}

function isNewer(a: Task, b: Task): boolean {
  const [madeA, madeB] = [a.meta?.createdAtMs ?? Infinity, b.meta?.createdAtMs ?? Infinity];
  if (madeA !== madeB) return madeA > madeB;
  const [restartsA, restartsB] = [a.origin?.restarts ?? 0, b.origin?.restarts ?? 0];
  return restartsA === restartsB ? a.id > b.id : restartsA > restartsB;
}
