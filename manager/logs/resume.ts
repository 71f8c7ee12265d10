import { sleep, type Clock } from "../../lib/clock.ts";
import { isSwarmError, SwarmError } from "../../lib/errors.ts";
import { backoffMs, type Backoff } from "../../lib/retry.ts";
import type { Random } from "../../lib/random.ts";
import type { Call } from "../../proto/call.ts";
import { make } from "../../proto/codec.ts";
import type {
  LogMessage,
  LogOptions,
  LogPosition,
  LogsApi,
  SubscribeLogsMessage,
  SubscribeLogsRequest,
} from "../../proto/generated.ts";

/** How long a reader waits for the next leader before the stream ends. */
export const RESUME_WAIT_MS = 10_000;
/** Tasks whose last line is known; of more, those that were met first may show lines twice. */
export const TASKS_MAX = 10_000;
const LOOK_AGAIN: Backoff = { firstMs: 50, maxMs: 500, factor: 2 };

/** How far one task's log was read. */
interface Mark {
  /** Time of the last line, comparable as text. */
  readonly at: string;
  /** Lines of that time. */
  readonly lines: number;
}

/** RFC 3339 in UTC with nine digits of fraction, so that texts compare as times do. */
function comparable(timestamp: string): string {
  const [, seconds = timestamp, fraction = ""] = /^([^.Z]*)(?:\.(\d*))?Z$/.exec(timestamp) ?? [];
  return `${seconds}.${fraction.padEnd(9, "0")}`;
}

/** What was read of every task, and which lines of a later reading come again. */
class Progress {
  readonly #marks = new Map<string, Mark>();
  /** Lines at a mark that were met again since the last interruption. */
  readonly #again = new Map<string, number>();
  #read = { text: "", at: "" };

  interrupted(): void {
    this.#again.clear();
    for (const taskId of this.#marks.keys()) this.#again.set(taskId, 0);
  }

  /** Whether the line is new; notes it then. */
  take({ context, timestamp }: LogMessage): boolean {
    const taskId = context?.taskId ?? "";
    // Most lines have the time of the one before.
    if (timestamp !== this.#read.text) this.#read = { text: timestamp, at: comparable(timestamp) };
    const { at } = this.#read;
    const mark = this.#marks.get(taskId);
    const again = this.#again.get(taskId);
    if (mark && again !== undefined) {
      if (at < mark.at) return false;
      if (at === mark.at && again < mark.lines) {
        this.#again.set(taskId, again + 1);
        return false;
      }
    }
    this.#note(taskId, { at, lines: mark?.at === at ? mark.lines + 1 : 1 });
    return true;
  }

  /** Where to read on: of each task its last line, whole milliseconds. */
  get positions(): readonly LogPosition[] {
    return [...this.#marks].map(([taskId, { at }]) =>
      make("LogPosition", { taskId, sinceMs: Date.parse(`${at.slice(0, 23)}Z`) }),
    );
  }

  #note(taskId: string, mark: Mark): void {
    if (this.#marks.size >= TASKS_MAX && !this.#marks.has(taskId)) {
      const [first = ""] = this.#marks.keys();
      this.#marks.delete(first);
      this.#again.delete(first);
    }
    this.#marks.set(taskId, mark);
    this.#again.delete(taskId);
  }
}

/** What to ask the next leader for, when `options` were asked for and `positions` were reached. */
function resumed(options: LogOptions, positions: readonly LogPosition[]): LogOptions {
  if (positions.length === 0) return options;
  // Whoever wrote nothing so far has nothing to show that is older than all of these.
  const sinceMs = positions.reduce(
    (least, position) => Math.min(least, position.sinceMs),
    Infinity,
  );
  return { ...options, tail: null, sinceMs, positions };
}

function isInterruption(error: unknown): boolean {
  return isSwarmError(error, "not-leader", "no-leader", "unavailable", "aborted");
}

/**
 * Logs that go on when the leader changes: the stream is opened anew from the last lines that were
 * read, and what comes twice is left out.
 */
export function resumingLogs(
  logs: LogsApi,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
): LogsApi {
  async function* subscribe(
    request: SubscribeLogsRequest,
    call: Call,
  ): AsyncGenerator<SubscribeLogsMessage> {
    const progress = new Progress();
    let next = request;
    let missedSince: number | undefined;
    for (let attempt = 0; ; attempt++) {
      try {
        for await (const batch of logs.subscribeLogs(next, call)) {
          missedSince = undefined;
          attempt = 0;
          const messages = batch.messages.filter((message) => progress.take(message));
          if (messages.length > 0 || batch.warning !== "") yield { ...batch, messages };
        }
        return;
      } catch (error) {
        if (!isInterruption(error) || call.signal.aborted) throw error;
        missedSince ??= clock.monotonic();
        if (clock.monotonic() - missedSince > RESUME_WAIT_MS)
          throw new SwarmError("unavailable", "no leader took the stream of logs over", {
            cause: error,
          });
      }
      progress.interrupted();
      const options = request.options ?? make("LogOptions");
      next = { ...request, options: resumed(options, progress.positions) };
      await sleep(clock, backoffMs(LOOK_AGAIN, attempt, random), call.signal);
    }
  }
  return { subscribeLogs: subscribe };
}
