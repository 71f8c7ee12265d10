import { assert } from "../../../lib/assert.ts";
import type { LogView, SnapshotMeta } from "../../core/types.ts";
import type { LogStore } from "../log/log-store.ts";

/** The log store as the core reads it. `snapshot` gives the newest one that can be sent. */
export function logViewOf(store: LogStore, snapshot: () => SnapshotMeta | null): LogView {
  return {
    firstIndex: () => store.firstIndex,
    lastIndex: () => store.lastIndex,
    term(index) {
      const term = store.term(index);
      assert(term !== undefined, `the term of entry ${index} is asked for inside the log`);
      return term;
    },
    entries: (lo, hi, maxBytes) => store.entries(lo, hi, maxBytes) ?? null,
    snapshot,
  };
}
