import type { Duplex } from "node:stream";
import { write } from "../../lib/write.ts";
import type { ReachInput } from "../../proto/generated.ts";
import type { Takeover } from "../upgrades.ts";
import { started, type OpenReach } from "./open.ts";

const CONTENT_TYPE = "application/vnd.docker.raw-stream";

async function* inputsFrom(socket: Duplex): AsyncIterable<ReachInput> {
  for await (const chunk of socket.iterator({ destroyOnReturn: false }))
    yield { kind: "data", data: chunk as Uint8Array };
  yield { kind: "end", end: true };
}

/** Waits until the task's port has taken the connection; then bytes go both ways as they are. */
export async function dialTakeover(reach: OpenReach): Promise<Takeover> {
  const outputs = await started(reach);
  return {
    contentType: CONTENT_TYPE,
    run: async (socket, signal) => {
      reach.send(inputsFrom(socket));
      try {
        for (let next = await outputs.next(); !next.done; next = await outputs.next()) {
          if (next.value.kind === "stdout") await write(socket, next.value.stdout, signal);
          if (next.value.kind === "end") socket.end();
        }
      } finally {
        await outputs.return?.();
      }
    },
  };
}
