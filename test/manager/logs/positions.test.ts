import assert from "node:assert/strict";
import { LogPositions, TASKS_MAX } from "../../../manager/logs/positions.ts";
import { make } from "../../../proto/codec.ts";
import type { LogMessage } from "../../../proto/generated.ts";

const line = (taskId: string): LogMessage =>
  make("LogMessage", {
    context: make("LogContext", { taskId }),
    timestamp: "2026-01-02T03:04:05.5Z",
  });

describe("how far logs have been read", () => {
  it("is known of the last tasks only, however many there were", () => {
    const positions = new LogPositions();
    for (let i = 0; i < TASKS_MAX + 5; i++) assert.ok(positions.take(line(`t${i}`)));
    const resumed = positions.resume();
    assert.equal(resumed.length, TASKS_MAX);
    assert.equal(resumed[0]?.taskId, "t5");
    assert.equal(positions.take(line("t5")), false);
    // Better twice than never.
    assert.equal(positions.take(line("t4")), true);
  });
});
