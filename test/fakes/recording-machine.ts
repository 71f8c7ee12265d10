import type { CommittedEntry, StateMachine } from "../../raft/index.ts";

/** A state machine that remembers the text of every entry; its snapshot is the list. */
export class RecordingMachine implements StateMachine {
  lines: string[] = [];
  /** Index of the newest snapshot it was restored from. */
  restoredAt = 0;

  apply(entries: readonly CommittedEntry[]): void {
    for (const { data } of entries) this.lines.push(Buffer.from(data).toString());
  }

  snapshot(): AsyncIterable<Uint8Array> {
    const bytes = Buffer.from(JSON.stringify(this.lines));
    return (async function* () {
      for (let at = 0; at < bytes.length; at += 1000)
        yield await Promise.resolve(bytes.subarray(at, at + 1000));
    })();
  }

  async restore(index: number, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    this.lines = JSON.parse(Buffer.concat(parts).toString());
    this.restoredAt = index;
  }
}
