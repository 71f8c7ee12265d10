import { MemoryDisk, MemoryLogStore } from "../../../../raft/shell/log/memory-log-store.ts";
import { complyAsLogStore } from "../log-store-compliance.ts";

complyAsLogStore("MemoryLogStore", () => {
  const disk = new MemoryDisk();
  return Promise.resolve({
    open: (cacheBytes) => MemoryLogStore.open(disk, cacheBytes),
    remove: () => Promise.resolve(),
  });
});
