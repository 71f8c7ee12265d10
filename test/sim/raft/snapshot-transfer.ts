import { SwarmError } from "../../../lib/errors.ts";
import { onAbort } from "../../../lib/abort.ts";
import type { SnapshotSource } from "../../../raft/shell/transport/transport.ts";
import type { Network } from "./network.ts";
import type { SimTransport } from "./transport.ts";

/** A transfer that has not ended after this long is given up by its sender, µs. */
const TRANSFER_MAX_US = 8_000_000;

export interface Transfer {
  readonly from: SimTransport;
  readonly to: SimTransport;
  readonly source: SnapshotSource;
}

/** Moves a snapshot in chunks; each takes its time, and the way may break between two. */
export async function transferSnapshot(
  network: Network,
  transfer: Transfer,
  signal: AbortSignal,
): Promise<void> {
  let release: () => void = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      release = onAbort(signal, () => reject(signal.reason));
      begin(network, transfer, { resolve, reject, signal });
    });
  } finally {
    release();
  }
}

interface Course {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal;
}

function begin(network: Network, transfer: Transfer, { resolve, reject, signal }: Course): void {
  const { from, to } = transfer;
  from.lane.after(TRANSFER_MAX_US, ["transfer times out"], () =>
    reject(new SwarmError("deadline", "the snapshot took too long")),
  );
  to.lane.after(network.latency(), ["snapshot offered", from.name], () => {
    receive(network, transfer, signal).then(
      () => from.lane.after(network.latency(), ["snapshot taken"], resolve),
      (error: unknown) =>
        from.lane.after(network.latency(), ["snapshot refused"], () => reject(error)),
    );
  });
}

async function receive(
  network: Network,
  { from, to, source }: Transfer,
  signal: AbortSignal,
): Promise<void> {
  const { events } = to;
  if (!events) throw new SwarmError("unavailable", "the member does not take part yet");
  const intake = await events.onSnapshot(source.message, source.snapshot);
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.read(intake.offset)) {
      await to.lane.sleep(network.latency(), "chunk");
      const broken = !from.alive || signal.aborted || !network.connects(from.name, to.name);
      if (broken || network.random.int(1000) < network.weather.loss)
        throw new SwarmError("unavailable", "the transfer broke");
      yield chunk;
    }
  };
  await intake.receive(chunks());
}
