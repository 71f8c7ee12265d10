import { make } from "../../proto/codec.ts";
import {
  LogStream,
  type LogOptions,
  type LogSelector,
  type SubscribeLogsMessage,
  type TaskSpec,
} from "../../proto/generated.ts";
import type { ApiRequest } from "../api-request.ts";
import { looseFlag } from "../query.ts";
import { badRequest, toHttpError } from "../request-error.ts";
import { param, type Reply, type Route } from "../route.ts";
import { optional } from "../translate/common.ts";
import { logError, logLines, type LogFormat } from "../translate/log-lines.ts";
import { findService } from "./services.ts";
import { findTask } from "./tasks.ts";

/** First version that says in a header whether a log is framed. */
const VERSION_WITH_LOG_TYPES = 1042;

function readTail(text: string): number | undefined {
  if (text === "" || text === "all") return undefined;
  const tail = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(tail))
    throw badRequest(`tail value must be a positive integer or "all"`);
  return tail;
}

/** Seconds since the epoch, with a fraction or without; in whole milliseconds. */
function readSince(text: string): number {
  if (text === "") return 0;
  const ms = Math.floor(Number(text) * 1000);
  if (!/^\d+(\.\d+)?$/.test(text) || !Number.isSafeInteger(ms))
    throw badRequest(`invalid value for "since": "${text}"`);
  return ms;
}

function readOptions(query: URLSearchParams): LogOptions {
  const streams = [
    ...(looseFlag(query, "stdout") ? [LogStream.STDOUT] : []),
    ...(looseFlag(query, "stderr") ? [LogStream.STDERR] : []),
  ];
  if (streams.length === 0) throw badRequest("Bad parameters: you must choose at least one stream");
  return make("LogOptions", {
    streams,
    follow: looseFlag(query, "follow"),
    tail: optional(readTail(query.get("tail") ?? "")),
    sinceMs: readSince(query.get("since") ?? ""),
  });
}

/**
 * The log as chunks; what goes wrong on the way is told in the log, as its headers are out. Docker's
 * clients leave at the first such frame, so it is the last one, unless the client says with
 * `warnings=1` that it reads on: then it hears at once what a follower would never hear else.
 */
async function* print(
  source: AsyncIterable<SubscribeLogsMessage>,
  format: LogFormat,
  { query, call }: ApiRequest,
): AsyncGenerator<Buffer> {
  const readsOn = looseFlag(query, "warnings") && !format.raw;
  let warning = "";
  try {
    for await (const batch of source) {
      if (batch.messages.length > 0) yield logLines(batch.messages, format);
      if (batch.warning !== "" && readsOn) yield logError(batch.warning, format);
      else warning ||= batch.warning;
    }
  } catch (error) {
    if (call.signal.aborted) throw error;
    warning = toHttpError(error).message;
  }
  if (warning) yield logError(warning, format);
}

function follow(request: ApiRequest, selector: LogSelector, task: TaskSpec | null): Reply {
  const { query, call } = request;
  const raw = task?.runtime === "container" && task.container.tty;
  const format: LogFormat = {
    timestamps: looseFlag(query, "timestamps"),
    details: looseFlag(query, "details"),
    raw,
  };
  const source = request.logs().subscribeLogs({ selector, options: readOptions(query) }, call);
  const type = raw ? "raw-stream" : "multiplexed-stream";
  const typed = request.version >= VERSION_WITH_LOG_TYPES;
  return {
    kind: "stream",
    headers: typed ? { "Content-Type": `application/vnd.docker.${type}` } : {},
    chunks: print(source, format, request),
  };
}

async function serviceLogs(request: ApiRequest): Promise<Reply> {
  readOptions(request.query);
  const { id, spec } = await findService(request, param(request, "id"));
  return follow(request, make("LogSelector", { serviceIds: [id] }), spec?.task ?? null);
}

async function taskLogs(request: ApiRequest): Promise<Reply> {
  readOptions(request.query);
  const { id, spec } = await findTask(request, param(request, "id"));
  return follow(request, make("LogSelector", { taskIds: [id] }), spec);
}

export const logRoutes: readonly Route[] = [
  { method: "GET", path: "/services/:id/logs", streams: true, handle: serviceLogs },
  { method: "GET", path: "/tasks/:id/logs", streams: true, handle: taskLogs },
];
