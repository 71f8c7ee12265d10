/** Run by a test under a file size limit: writes until the store fails, then says how far it got. */
import { isSwarmError, messageOf } from "../../../../lib/errors.ts";
import { LevelLogStore } from "../../../../raft/shell/log/level-log-store.ts";
import { appendOf, run } from "../log-store-compliance.ts";

const store = await LevelLogStore.open({ directory: process.argv[2] ?? "" });
let failure: unknown;
while (failure === undefined) {
  const next = store.lastIndex + 1;
  await store.write(appendOf(run(next, next, 1, 5000))).catch((error: unknown) => {
    failure = error;
  });
}
const again = await store.write(appendOf(run(1, 1, 2))).then(
  () => "accepted",
  (error: unknown) => (error === failure ? "refused" : messageOf(error)),
);
const code = isSwarmError(failure) ? failure.code : messageOf(failure);
process.stdout.write(JSON.stringify({ code, again, lastIndex: store.lastIndex }));
