import { SwarmError } from "../../lib/errors.ts";

/** Keys by which the engine says where a line comes from. */
const NODE_KEY = "com.docker.swarm.node.id";
const SERVICE_KEY = "com.docker.swarm.service.id";
const TASK_KEY = "com.docker.swarm.task.id";

/** A log line with the details that `details=1` puts in front of it. */
export interface LogLine {
  readonly timestamp: string | undefined;
  readonly nodeId: string;
  readonly serviceId: string;
  readonly taskId: string;
  /** What the log driver adds, `key=value,…`, still escaped; empty when nothing. */
  readonly details: string;
  readonly text: string;
}

/** Reads `[timestamp ]details text`. Throws `internal` when the details are not there. */
export function parseLogLine(line: string, hasTimestamp: boolean): LogLine {
  const [timestamp, rest] = hasTimestamp ? cut(line) : [undefined, line];
  const [details, text] = cut(rest);
  const pairs = details.split(",").map((pair) => {
    const at = pair.indexOf("=");
    return [decode(pair.slice(0, Math.max(at, 0))), decode(pair.slice(at + 1)), pair] as const;
  });
  const valueOf = (key: string): string => {
    const value = pairs.find(([name]) => name === key)?.[1];
    if (value === undefined)
      throw new SwarmError("internal", `missing ${key} in the details of a log line`);
    return value;
  };
  const own = [NODE_KEY, SERVICE_KEY, TASK_KEY];
  return {
    timestamp,
    nodeId: valueOf(NODE_KEY),
    serviceId: valueOf(SERVICE_KEY),
    taskId: valueOf(TASK_KEY),
    details: pairs
      .filter(([name]) => !own.includes(name))
      .map(([, , pair]) => pair)
      .join(","),
    text,
  };
}

function cut(line: string): readonly [string, string] {
  const at = line.indexOf(" ");
  return at < 0 ? [line.trimEnd(), "\n"] : [line.slice(0, at), line.slice(at + 1)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // Not escaped by the engine's rules: show it as it is.
    return text;
  }
}
