import type { Message } from "../../raft/core/message.ts";
import type { MemberRecord } from "../../raft/shell/membership.ts";
import type { Snapshot } from "../../raft/shell/snapshots/snapshot-store.ts";
import type { SnapshotIntake, TransportEvents } from "../../raft/shell/transport/transport.ts";

/** A node's end of a transport that writes down what it is told. */
export class RecordedEvents implements TransportEvents {
  readonly messages: Message[] = [];
  readonly reachable = new Set<number>();
  readonly resets: number[] = [];
  readonly hellos: MemberRecord[] = [];
  readonly snapshots: Buffer[] = [];
  removedHere = false;
  /** Members this node knows to be taken out. */
  readonly removedMembers = new Set<number>();
  /** Members this node knows, with their nodes. */
  readonly nodes = new Map<number, string>();
  /** What members have acknowledged to this node. */
  readonly acknowledged = new Map<number, number>();
  /** Where transfers resume. */
  resumeAt = 0;
  /** Breaks the next transfer after this many bytes. */
  breakAfter = Number.POSITIVE_INFINITY;

  readonly onMessages = (_from: number, messages: readonly Message[]): void => {
    this.messages.push(...messages);
  };
  readonly onUnreachable = (id: number): void => {
    this.reachable.delete(id);
  };
  readonly onReachable = (id: number): void => {
    this.reachable.add(id);
  };
  readonly onHello = (peer: MemberRecord): void => {
    this.hellos.push(peer);
  };
  readonly onReset = (id: number): void => {
    this.resets.push(id);
  };
  readonly onRemoved = (): void => {
    this.removedHere = true;
  };
  readonly isRemoved = (id: number): boolean => this.removedMembers.has(id);
  readonly nodeIdOf = (id: number): string | undefined => this.nodes.get(id);
  readonly acknowledgedBy = (id: number): number => this.acknowledged.get(id) ?? 0;
  readonly onSnapshot = (_message: Message, _snapshot: Snapshot): Promise<SnapshotIntake> =>
    Promise.resolve({ offset: this.resumeAt, receive: (chunks) => this.#receive(chunks) });

  async #receive(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of chunks) {
      parts.push(chunk);
      bytes += chunk.length;
      if (bytes > this.breakAfter) throw new Error("broken by the test");
    }
    this.snapshots.push(Buffer.concat(parts));
  }
}
