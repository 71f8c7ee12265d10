import { createRequire } from "node:module";
import { PassThrough, Readable, type Writable } from "node:stream";
import type { Clock } from "../../lib/clock.ts";
import { systemClock } from "../../lib/clock.ts";
import { SwarmError } from "../../lib/errors.ts";
import { SeededRandom } from "../../lib/random.ts";
import { openEngine } from "../../cli/api/engine.ts";
import type { Context } from "../../cli/context.ts";
import type { DaemonStarter } from "../../cli/daemon/start.ts";
import type { Terminal } from "../../cli/terminal.ts";
import { runProgram } from "../../cli/program.ts";
import type { FakeDockerApi } from "../fakes/docker-api.ts";

/** What a test may change of the world around a command. */
export interface World {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  readonly isTTY?: boolean;
  readonly signal?: AbortSignal;
  readonly answer?: string;
  readonly daemon?: DaemonStarter;
  readonly socket?: string;
  readonly terminal?: Partial<Terminal>;
}

/** What a command did. */
export interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** The flag of node that lets a process of its own, anywhere, run TypeScript. */
export const RUN_TYPESCRIPT = `--import=${createRequire(import.meta.url).resolve("tsx")}`;

/** A terminal without a person: no input, output to `write`. */
function terminalOf(write: (stream: "out" | "err", text: string) => void): Terminal {
  const sink = (stream: "out" | "err"): Writable =>
    new PassThrough().on("data", (chunk: Buffer) => write(stream, chunk.toString()));
  return {
    input: Readable.from([]),
    isInputTTY: false,
    output: sink("out"),
    errors: sink("err"),
    setRaw: () => {},
    size: () => ({ rows: 24, columns: 80 }),
    onResize: () => () => {},
    onInterrupt: () => () => {},
  };
}

/** Runs `swarm ARGS` in this process against `api`, its output kept in memory. */
export async function runSwarm(
  args: readonly string[],
  api: FakeDockerApi | undefined,
  world: World = {},
): Promise<Run> {
  let out = "";
  let err = "";
  const context: Context = {
    out: {
      write: (text) => void (out += text),
      drained: () => Promise.resolve(),
      isTTY: world.isTTY ?? false,
      columns: 80,
    },
    err: {
      write: (text) => void (err += text),
      drained: () => Promise.resolve(),
      isTTY: false,
      columns: 80,
    },
    env: { ...(api ? { SWARM_HOST: api.host } : {}), ...world.env },
    clock: world.clock ?? systemClock,
    random: new SeededRandom("cli"),
    paths: { stateDir: "/nowhere/state", socket: world.socket ?? "/nowhere/swarm.sock" },
    signal: world.signal ?? new AbortController().signal,
    readFile: async (path) => {
      const text = world.files?.[path];
      if (text === undefined) throw new SwarmError("invalid", `cannot read ${path}: no such file`);
      return Buffer.from(text);
    },
    ask: async () => world.answer ?? "",
    connect: openEngine,
    client: "tester@here",
    terminal: {
      ...terminalOf((stream, text) => {
        if (stream === "out") out += text;
        else err += text;
      }),
      ...world.terminal,
    },
    daemon: world.daemon ?? (() => Promise.reject(new SwarmError("internal", "not in this test"))),
  };
  const status = await runProgram(args, context);
  return { status, out, err };
}

/** Splits a test's command line at blanks; `"…"` and `'…'` hold words together. */
export function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? "",
  );
}
