import { eventually as eventuallyNamed } from "../../fakes/eventually.ts";
import type { LogRead, TaskController } from "../../../worker/runtime/runtime.ts";

/** Resolves when `condition` holds; fails, with its text, when it does not within the deadline. */
export async function eventually(condition: () => Promise<boolean> | boolean): Promise<void> {
  await eventuallyNamed(String(condition), condition);
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
