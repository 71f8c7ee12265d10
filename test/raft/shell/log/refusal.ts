import assert from "node:assert/strict";
import { LevelLogStore } from "../../../../raft/shell/log/level-log-store.ts";

/** Why the store in `directory` does not open; its message names the next step. */
export async function refusalOf(directory: string): Promise<string> {
  const failure = await LevelLogStore.open({ directory }).then(
    async (store) => {
      await store.close();
      return assert.fail(`opened with last index ${store.lastIndex}`);
    },
    (error: Error) => error,
  );
  assert.match(failure.message, /join it again/);
  return failure.message;
}
