import pino, { type DestinationStream, type Logger } from "pino";

export type { Logger };

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";
export type LogFormat = "json" | "text";

export interface LogOptions {
  /** @default "info" */
  readonly level?: LogLevel;
  /** `text` prints one readable line an entry; `json` is pino's own. @default "json" */
  readonly format?: LogFormat;
  /** Where lines go. @default standard error */
  readonly destination?: DestinationStream;
}

/** Field names whose values never reach a log, at any of the depths our records have. */
const SECRET_FIELDS = [
  "token",
  "joinToken",
  "key",
  "unlockKey",
  "data",
  "password",
  "registryAuth",
];

const LEVEL_NAMES: Readonly<Record<number, string>> = {
  10: "TRACE",
  20: "DEBUG",
  30: "INFO",
  40: "WARN",
  50: "ERROR",
  60: "FATAL",
};

/** Lines from this level on show where an error came from, not only what it says. */
const STACK_LEVEL = 50;

interface LoggedError {
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
}

function fieldText(key: string, value: unknown): string {
  if (key !== "err") return ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`;
  const { code, message } = value as LoggedError;
  return ` err=${JSON.stringify(code ? `${code}: ${message}` : message)}`;
}

/** Renders pino's JSON lines as `time LEVEL module: message key=value …`. */
function textStream(out: DestinationStream): DestinationStream {
  return {
    write(line: string) {
      const { time, level, module, msg, pid: _pid, hostname: _host, ...rest } = JSON.parse(line);
      const fields = Object.entries(rest)
        .map(([key, value]) => fieldText(key, value))
        .join("");
      const stamp = new Date(time).toISOString();
      const name = (LEVEL_NAMES[level] ?? String(level)).padEnd(5);
      const stack = level >= STACK_LEVEL && rest.err?.stack ? `\n${rest.err.stack}` : "";
      out.write(`${stamp} ${name} ${module ? `${module}: ` : ""}${msg ?? ""}${fields}${stack}\n`);
    },
  };
}

/** Opens the process's root logger. Secrets are redacted by field name. */
export function openLog(options: LogOptions = {}): Logger {
  const out = options.destination ?? pino.destination({ fd: 2, sync: true });
  const paths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
  return pino(
    { level: options.level ?? "info", redact: { paths, censor: "[redacted]" }, base: undefined },
    options.format === "text" ? textStream(out) : out,
  );
}

/** A logger that says nothing; for tests and for tools that print their own output. */
export const silentLog: Logger = pino({ level: "silent" });
