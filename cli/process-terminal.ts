import type { Terminal } from "./terminal.ts";

const ROWS_UNKNOWN = 24;
const COLUMNS_UNKNOWN = 80;

/**
 * The terminal of this process. `defaults` say what SIGINT and SIGTERM do as long as no command
 * takes them over; where it does not, a second one ends the process as usual.
 */
export function processTerminal(defaults: Readonly<Record<"SIGINT" | "SIGTERM", () => void>>) {
  let taken: ((signal: NodeJS.Signals) => void) | undefined;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    const listener = (): void => {
      if (taken) return taken(name);
      process.off(name, listener);
      defaults[name]();
    };
    process.on(name, listener);
  }
  const terminal: Terminal = {
    get input() {
      return process.stdin;
    },
    get isInputTTY() {
      return process.stdin.isTTY === true;
    },
    output: process.stdout,
    errors: process.stderr,
    setRaw: (raw) => void process.stdin.setRawMode(raw),
    size: () => ({
      rows: process.stdout.rows || ROWS_UNKNOWN,
      columns: process.stdout.columns || COLUMNS_UNKNOWN,
    }),
    onResize: (listener) => {
      process.stdout.on("resize", listener);
      return () => process.stdout.off("resize", listener);
    },
    onInterrupt: (listener) => {
      taken = listener;
      return () => {
        taken = undefined;
      };
    },
  };
  return terminal;
}
