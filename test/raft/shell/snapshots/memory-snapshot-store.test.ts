import { MemorySnapshotStore } from "../../../../raft/shell/snapshots/memory-snapshot-store.ts";
import { complyAsSnapshotStore } from "../snapshot-store-compliance.ts";

complyAsSnapshotStore("MemorySnapshotStore", () => {
  const store = new MemorySnapshotStore();
  return Promise.resolve({
    open: () => Promise.resolve(store),
    remove: () => Promise.resolve(),
  });
});
