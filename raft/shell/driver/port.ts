import type { ErrorCode, ErrorDetails } from "../../../lib/errors.ts";
import type { CommittedEntry, RaftMember, RaftStatus } from "../../index.ts";
import type { TlsMaterial } from "../../../proto/node-tls.ts";
import type { DataKey } from "../keys/data-cipher.ts";
import type { SnapshotContent, SnapshotKey } from "../snapshots/snapshot-store.ts";

/** A SwarmError in a form that survives structured cloning. */
export interface PortError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

/** An operation on the group that ends with one answer. */
export type GroupCall =
  | {
      readonly method: "add-member";
      readonly member: Omit<RaftMember, "id" | "learner">;
    }
  | { readonly method: "remove-member"; readonly id: number }
  /** `to` 0 = the best follower. */
  | { readonly method: "transfer"; readonly to: number };

/** The answer of "add-member"; the other calls answer null. */
export interface MemberAdded {
  readonly id: number;
  readonly members: readonly RaftMember[];
}

/** What the host, which has the state machine, tells the driver. */
export type ToDriver =
  | { readonly kind: "propose"; readonly id: number; readonly data: Uint8Array }
  | { readonly kind: "read"; readonly id: number }
  /** Everything up to `through` is in the state machine. */
  | { readonly kind: "applied"; readonly through: number }
  /** The state after `key.index` was captured and is being written. */
  | { readonly kind: "captured"; readonly key: SnapshotKey }
  | { readonly kind: "saved"; readonly key: SnapshotKey; readonly content: SnapshotContent }
  /** There was no room for the snapshot that was captured last. */
  | { readonly kind: "not-saved"; readonly reason: string }
  | { readonly kind: "restored"; readonly key: SnapshotKey }
  | { readonly kind: "call"; readonly id: number; readonly call: GroupCall }
  | { readonly kind: "tls"; readonly tls: TlsMaterial }
  /** What is written from now on is sealed by the newest of these keys. */
  | { readonly kind: "keys"; readonly keys: readonly DataKey[] }
  /** Take a snapshot now, whatever was applied since the last one. */
  | { readonly kind: "snapshot" }
  /** The host's event loop is alive. */
  | { readonly kind: "ping" }
  | { readonly kind: "stop" }
  /** End at once, as a crash would: no handing over, nothing that was not written is written. */
  | { readonly kind: "halt" };

/** What the driver tells the host; in order. */
export type FromDriver =
  | {
      readonly kind: "apply";
      readonly entries: readonly CommittedEntry[];
      /** Per entry, the id of the proposal it confirms; 0 = somebody else's. */
      readonly proposals: readonly number[];
      /** Last index and its term, entries that are not the state machine's included. */
      readonly through: SnapshotKey;
      /** The acknowledgement must not wait for company. */
      readonly prompt: boolean;
    }
  | { readonly kind: "restore"; readonly key: SnapshotKey; readonly content: SnapshotContent }
  | { readonly kind: "take-snapshot" }
  | { readonly kind: "refused"; readonly ids: readonly number[]; readonly error: PortError }
  | { readonly kind: "readable"; readonly ids: readonly number[]; readonly index: number }
  | { readonly kind: "unreadable"; readonly ids: readonly number[]; readonly error: PortError }
  | { readonly kind: "status"; readonly status: RaftStatus }
  | {
      readonly kind: "called";
      readonly id: number;
      readonly result: MemberAdded | null;
      readonly error: PortError | null;
    }
  /** The member ended and must not be used any more. */
  | { readonly kind: "failed"; readonly error: PortError }
  | { readonly kind: "stopped" };

/** One end of the way between host and driver: ordered, lossless, delivered in later turns. */
export interface Port<In, Out> {
  post(message: Out): void;
  /** Sends what was posted in this turn at once, for somebody waits for it. */
  flush(): void;
  /** Called with everything that arrived in one turn. */
  onMessages(listener: (messages: readonly In[]) => void): void;
}

export type DriverPort = Port<ToDriver, FromDriver>;
export type HostPort = Port<FromDriver, ToDriver>;
