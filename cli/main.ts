#!/usr/bin/env node
import { once, setMaxListeners } from "node:events";
import { readFile } from "node:fs/promises";
import { homedir, hostname, userInfo } from "node:os";
import { createInterface } from "node:readline/promises";
import { cancelled } from "../lib/abort.ts";
import { systemClock } from "../lib/clock.ts";
import { defaultPaths } from "../lib/default-paths.ts";
import { SwarmError } from "../lib/errors.ts";
import { systemRandom } from "../lib/random.ts";
import { openEngine } from "./api/engine.ts";
import type { Context, Output } from "./context.ts";
import { daemonStarter, SWARMD } from "./daemon/start.ts";
import { processTerminal } from "./process-terminal.ts";
import { runProgram } from "./program.ts";

const COLUMNS_UNKNOWN = 80;

/** Standard output or error. A reader that went away (`| head`) ends the command quietly. */
function output(stream: NodeJS.WriteStream): Output {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  return {
    write: (text) => void stream.write(text),
    drained: async () => {
      if (stream.writableNeedDrain) await once(stream, "drain");
    },
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns || COLUMNS_UNKNOWN;
    },
  };
}

async function readInput(path: string): Promise<Buffer> {
  if (path !== "-")
    return readFile(path).catch((cause: NodeJS.ErrnoException) => {
      const reason = cause.code === "ENOENT" ? "no such file" : cause.message;
      throw new SwarmError("invalid", `cannot read ${path}: ${reason}`, { cause });
    });
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question, { signal });
  } finally {
    lines.close();
  }
}

const interrupt = new AbortController();
// Every call waits on it.
setMaxListeners(0, interrupt.signal);
const terminal = processTerminal({
  SIGINT: () => interrupt.abort(cancelled("interrupted")),
  SIGTERM: () => interrupt.abort(cancelled("terminated")),
});

const context: Context = {
  out: output(process.stdout),
  err: output(process.stderr),
  env: process.env,
  clock: systemClock,
  random: systemRandom,
  paths: defaultPaths({ uid: process.getuid?.() ?? 0, home: homedir(), env: process.env }),
  signal: interrupt.signal,
  readFile: readInput,
  ask,
  connect: openEngine,
  daemon: daemonStarter(SWARMD, systemClock),
  terminal,
  client: `${userInfo().username}@${hostname()}`,
};

process.exitCode = await runProgram(process.argv.slice(2), context);
