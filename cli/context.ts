import type { Clock } from "../lib/clock.ts";
import type { DefaultPaths } from "../lib/default-paths.ts";
import type { Random } from "../lib/random.ts";
import type { Endpoint } from "./api/endpoint.ts";
import type { Engine } from "./api/engine.ts";
import type { DaemonStarter } from "./daemon/start.ts";
import type { Terminal } from "./terminal.ts";

/** Where a command writes. */
export interface Output {
  write(text: string): void;
  /** Resolves when the reader has caught up; streams without end wait for it between writes. */
  drained(): Promise<void>;
  /** Whether a person watches, so that lines may be redrawn. */
  readonly isTTY: boolean;
  /** Width in characters; 80 when unknown. */
  readonly columns: number;
}

/** Reads files by name; `-` is standard input. */
export type ReadFile = (path: string) => Promise<Buffer>;

/** The world as commands see it; tests give their own. */
export interface Context {
  readonly out: Output;
  readonly err: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: Random;
  /** The socket and the state directory that need no flag. */
  readonly paths: DefaultPaths;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  readonly readFile: ReadFile;
  /** One line typed by the user after `question`; empty when standard input has ended. */
  readonly ask: (question: string, signal: AbortSignal) => Promise<string>;
  /** Opens a client; its calls end when `signal` aborts. */
  readonly connect: (endpoint: Endpoint, signal: AbortSignal) => Promise<Engine>;
  readonly daemon: DaemonStarter;
  readonly terminal: Terminal;
  /** Who uses the command and where, `user@host`; for the audit log. */
  readonly client: string;
}
