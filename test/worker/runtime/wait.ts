import assert from "node:assert/strict";
import { sleep, systemClock } from "../../../lib/clock.ts";
import type { LogRead, TaskController } from "../../../worker/runtime/runtime.ts";

const DEADLINE_MS = 10_000;
const POLL_MS = 5;

/** Resolves when `condition` holds; fails when it does not within the deadline. */
export async function eventually(condition: () => Promise<boolean> | boolean): Promise<void> {
  const { signal } = new AbortController();
  const deadline = systemClock.monotonic() + DEADLINE_MS;
  while (!(await condition())) {
    assert.ok(
      systemClock.monotonic() < deadline,
      `not within ${DEADLINE_MS} ms: ${String(condition)}`,
    );
    await sleep(systemClock, POLL_MS, signal);
  }
}

/** A task's log as `stream text` lines. */
export async function linesOf(
  controller: TaskController,
  read: Partial<LogRead> = {},
): Promise<string[]> {
  const all = { follow: false, tail: null, sinceMs: 0, stdout: true, stderr: true };
  const lines: string[] = [];
  for await (const line of controller.logs({ ...all, ...read }, new AbortController().signal))
    lines.push(`${line.stream} ${Buffer.from(line.data).toString("utf8")}`);
  return lines;
}
