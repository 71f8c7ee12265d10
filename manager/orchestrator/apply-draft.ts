import { newId } from "../../lib/ids.ts";
import type { Random } from "../../lib/random.ts";
import type { Transaction } from "../store/transaction.ts";
import type { Draft } from "./draft.ts";

/** Puts the changes of `draft` into `tx`; new tasks get their ids here. */
export function applyDraft(draft: Draft, tx: Transaction, random: Random): void {
  for (const service of draft.services) tx.update("service", service);
  for (const task of draft.updates) tx.update("task", task);
  for (const task of draft.creates) tx.create("task", { ...task, id: newId(random) });
  for (const task of draft.removals) tx.remove("task", task);
  for (const service of draft.goneServices) tx.remove("service", service);
}
