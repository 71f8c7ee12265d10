import type { Duplex } from "node:stream";
import { linked } from "../../lib/abort.ts";
import { SwarmError } from "../../lib/errors.ts";
import {
  encodeFrame,
  EXEC_FRAMES,
  EXEC_PAYLOAD_BYTES_MAX,
  FrameSplitter,
} from "../../lib/frames.ts";
import { write } from "../../lib/write.ts";
import type { Terminal } from "../terminal.ts";

/** How the user's terminal takes part. */
export interface ExecMode {
  readonly stdin: boolean;
  readonly tty: boolean;
}

/** Copies what is typed, until it ends or the command has. */
async function sendInput(socket: Duplex, { input }: Terminal, signal: AbortSignal): Promise<void> {
  try {
    for await (const chunk of input)
      await write(socket, encodeFrame(EXEC_FRAMES.stdin, chunk as Uint8Array), signal);
    await write(socket, encodeFrame(EXEC_FRAMES.end, Buffer.alloc(0)), signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Copies what the command prints; returns its exit status. */
async function receive(socket: Duplex, terminal: Terminal, signal: AbortSignal): Promise<number> {
  const splitter = new FrameSplitter(EXEC_PAYLOAD_BYTES_MAX);
  for await (const chunk of socket) {
    for (const { type, payload } of splitter.push(chunk as Uint8Array)) {
      const text = (): string => payload.toString();
      if (type === EXEC_FRAMES.stdout) await write(terminal.output, payload, signal);
      else if (type === EXEC_FRAMES.stderr) await write(terminal.errors, payload, signal);
      else if (type === EXEC_FRAMES.exit) return Number(text());
      else if (type === EXEC_FRAMES.error) throw new SwarmError("aborted", text());
    }
  }
  throw new SwarmError("unavailable", "the connection was cut before the command ended");
}

function sendSize(socket: Duplex, terminal: Terminal): void {
  const { rows, columns } = terminal.size();
  socket.write(encodeFrame(EXEC_FRAMES.resize, Buffer.from(`${rows} ${columns}`)));
}

/**
 * Makes the user's terminal that of the command at the other end of `socket`, and returns the
 * command's exit status. The first Ctrl-C goes to the command, the second ends the session, and the
 * command with it; with a terminal of its own it gets every key.
 */
export async function runExec(
  socket: Duplex,
  mode: ExecMode,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  using link = linked(signal);
  let interrupts = 0;
  const releases = [
    terminal.onInterrupt((name) => {
      if (interrupts++ > 0) socket.destroy();
      else socket.write(encodeFrame(EXEC_FRAMES.signal, Buffer.from(name)));
    }),
  ];
  if (mode.tty) {
    if (terminal.isInputTTY) terminal.setRaw(true);
    releases.push(terminal.onResize(() => sendSize(socket, terminal)));
  }
  const sending = mode.stdin ? sendInput(socket, terminal, link.signal) : Promise.resolve();
  // A broken input ends the session; its error comes out of the reading side's end.
  sending.catch(() => socket.destroy());
  try {
    return await receive(socket, terminal, link.signal);
  } finally {
    link.abort();
    for (const release of releases) release();
    if (mode.tty && terminal.isInputTTY) terminal.setRaw(false);
    if (mode.stdin) terminal.input.destroy();
    socket.destroy();
  }
}
