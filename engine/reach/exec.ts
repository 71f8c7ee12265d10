import type { Duplex } from "node:stream";
import { isSwarmError, messageOf, SwarmError } from "../../lib/errors.ts";
import {
  encodeFrame,
  EXEC_FRAMES,
  EXEC_PAYLOAD_BYTES_MAX,
  FrameSplitter,
} from "../../lib/frames.ts";
import type { Frame } from "../../lib/frames.ts";
import { write } from "../../lib/write.ts";
import { make } from "../../proto/codec.ts";
import type { ReachInput, ReachOutput } from "../../proto/generated.ts";
import type { Takeover } from "../upgrades.ts";
import { started, type OpenReach } from "./open.ts";

const CONTENT_TYPE = "application/vnd.skep.exec-stream";

function inputOf({ type, payload }: Frame): ReachInput {
  switch (type) {
    case EXEC_FRAMES.stdin:
      return { kind: "data", data: payload };
    case EXEC_FRAMES.end:
      return { kind: "end", end: true };
    case EXEC_FRAMES.resize: {
      const [rows = 0, columns = 0] = payload.toString("latin1").split(" ").map(Number);
      return { kind: "resize", resize: make("TerminalWindow", { rows, columns }) };
    }
    case EXEC_FRAMES.signal:
      return { kind: "signal", signal: payload.toString("latin1") };
    default:
      throw new SwarmError("invalid", `a client sends no frame of type ${type}`);
  }
}

async function* inputsFrom(socket: Duplex): AsyncIterable<ReachInput> {
  const splitter = new FrameSplitter(EXEC_PAYLOAD_BYTES_MAX);
  for await (const chunk of socket.iterator({ destroyOnReturn: false }))
    for (const frame of splitter.push(chunk as Uint8Array)) yield inputOf(frame);
}

function frameOf(output: ReachOutput): Buffer | null {
  switch (output.kind) {
    case "stdout":
      return encodeFrame(EXEC_FRAMES.stdout, output.stdout);
    case "stderr":
      return encodeFrame(EXEC_FRAMES.stderr, output.stderr);
    case "exit":
      return encodeFrame(EXEC_FRAMES.exit, Buffer.from(String(output.exit)));
    default:
      return null;
  }
}

/** Waits until the command runs; then its frames go over the connection, see {@link EXEC_FRAMES}. */
export async function execTakeover(reach: OpenReach): Promise<Takeover> {
  const outputs = await started(reach);
  return {
    contentType: CONTENT_TYPE,
    run: async (socket, signal) => {
      reach.send(inputsFrom(socket));
      try {
        for (let next = await outputs.next(); !next.done; next = await outputs.next()) {
          const frame = frameOf(next.value);
          if (frame) await write(socket, frame, signal);
        }
      } catch (error) {
        if (signal.aborted || !isSwarmError(error)) throw error;
        await write(socket, encodeFrame(EXEC_FRAMES.error, Buffer.from(messageOf(error))), signal);
      } finally {
        await outputs.return?.();
      }
    },
  };
}
