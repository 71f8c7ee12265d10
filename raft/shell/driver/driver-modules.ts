import type { Clock } from "../../../lib/clock.ts";
import type { Logger } from "../../../lib/log.ts";
import type { Random } from "../../../lib/random.ts";
import type { Config } from "../../core/config.ts";
import type { Message } from "../../core/message.ts";
import type { RaftCore } from "../../core/raft-core.ts";
import type { Entry, SnapshotMeta } from "../../core/types.ts";
import type { DataCipher } from "../keys/data-cipher.ts";
import type { LogStore } from "../log/log-store.ts";
import type { MemberRecord } from "../membership.ts";
import type { SnapshotStore } from "../snapshots/snapshot-store.ts";
import type { Transport } from "../transport/transport.ts";
import type { Defer } from "./local-port.ts";
import type { DriverPort } from "./port.ts";
import type { SnapshotSettings } from "./snapshotting.ts";

/** What can be chosen for a member. */
export interface DriverOptions {
  readonly self: MemberRecord;
  /** Members told to a joiner, to answer before the log names them. */
  readonly peers: readonly MemberRecord[];
  readonly tickMs: number;
  readonly electionTicks: number;
  readonly snapshots: SnapshotSettings;
  /** Settings of the core other than its defaults: limits and modes. */
  readonly core?: Partial<Config>;
}

/** What a member works with. */
export interface DriverModules {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly store: LogStore;
  readonly snapshots: SnapshotStore;
  readonly transport: Transport;
  readonly port: DriverPort;
  /** Of store and snapshots; null when they are kept in clear. */
  readonly cipher: DataCipher | null;
  /** Bytes left for the store and the snapshots; undefined = nobody looks. */
  readonly freeBytes?: () => Promise<number>;
  /** Runs a task in a later turn of the event loop, after what has arrived was handled. */
  readonly defer: Defer;
  /** Is shown the core before it takes part, for simulations that check its state. */
  readonly onCore?: (core: RaftCore) => void;
}

/** What the driver's parts ask of it. */
export interface DriverHooks {
  /** Hands on what a storage worker has released, in order. */
  readonly deliver: (messages: readonly Message[]) => void;
  /** Puts a received snapshot in force. */
  readonly install: (meta: SnapshotMeta) => Promise<void>;
  readonly applyConfChange: (entry: Entry) => void;
  /** Gives the core a message that came beside the stream of messages. */
  readonly step: (message: Message) => void;
  /** Asks for a turn. */
  readonly wake: () => void;
  /** Ends the member. */
  readonly fail: (error: unknown) => void;
  /** Runs a task that feeds the core, unless the member has ended; then takes a turn. */
  readonly later: (task: () => void) => void;
}
