/**
 * The objects that the conformance runner exchanges with a core; its contract, restated as types.
 * They differ from the core's own where the runner prints what the core does not keep (two kinds
 * of configuration change) or names things otherwise.
 */

export type Target = number | "AppendThread" | "ApplyThread";

export interface RunnerEntry {
  readonly type: "EntryNormal" | "EntryConfChange" | "EntryConfChangeV2";
  readonly term: number;
  readonly index: number;
  readonly data: Uint8Array;
}

export interface RunnerConfState {
  readonly voters: readonly number[];
  readonly learners: readonly number[];
  readonly votersOutgoing: readonly number[];
  readonly learnersNext: readonly number[];
  readonly autoLeave: boolean;
}

export interface RunnerSnapshot {
  readonly data: Uint8Array;
  readonly metadata: {
    readonly index: number;
    readonly term: number;
    readonly confState: RunnerConfState;
  };
}

/** Absent numbers mean 0, absent lists mean empty: the runner builds some messages itself. */
export interface RunnerMessage {
  readonly type: string;
  readonly from: Target;
  readonly to: Target;
  readonly term?: number;
  readonly logTerm?: number;
  readonly index?: number;
  readonly commit?: number;
  readonly vote?: number;
  readonly entries?: readonly RunnerEntry[];
  readonly reject?: boolean;
  readonly rejectHint?: number;
  readonly context?: Uint8Array;
  readonly snapshot?: RunnerSnapshot;
  readonly responses?: readonly RunnerMessage[];
}

export interface RunnerHardState {
  readonly term: number;
  readonly vote: number;
  readonly commit: number;
}

export interface RunnerReady {
  readonly softState?: { readonly lead: number; readonly state: string };
  readonly hardState?: RunnerHardState;
  readonly readStates: readonly { readonly index: number; readonly requestCtx: Uint8Array }[];
  readonly entries: readonly RunnerEntry[];
  readonly snapshot?: RunnerSnapshot;
  readonly committedEntries: readonly RunnerEntry[];
  readonly messages: readonly RunnerMessage[];
  readonly mustSync: boolean;
}

export interface RunnerConfChange {
  readonly v1: boolean;
  readonly transition: "auto" | "implicit" | "explicit";
  readonly changes: readonly { readonly type: RunnerStepType; readonly nodeId: number }[];
  readonly context: Uint8Array;
}

export type RunnerStepType =
  | "ConfChangeAddNode"
  | "ConfChangeRemoveNode"
  | "ConfChangeUpdateNode"
  | "ConfChangeAddLearnerNode";

export interface RunnerProgress {
  readonly state: string;
  readonly match: number;
  readonly next: number;
  readonly isLearner: boolean;
  readonly paused: boolean;
  readonly pendingSnapshot: number;
  readonly recentActive: boolean;
  readonly inflight: number;
  readonly inflightFull: boolean;
}

export interface RunnerStorage {
  initialState(): { readonly hardState: RunnerHardState; readonly confState: RunnerConfState };
  firstIndex(): number;
  lastIndex(): number;
  term(index: number): number;
  entries(lo: number, hi: number, maxSize: number): readonly RunnerEntry[];
  snapshot(): RunnerSnapshot;
}

export interface NodeOptions {
  readonly id: number;
  readonly electionTick: number;
  readonly heartbeatTick: number;
  readonly maxSizePerMsg: number;
  readonly maxInflightMsgs: number;
  readonly applied: number;
  readonly asyncStorageWrites: boolean;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly maxCommittedSizePerReady?: number;
  readonly disableConfChangeValidation: boolean;
  readonly stepDownOnRemoval: boolean;
  readonly readOnlyOption: "safe" | "lease-based";
  readonly storage: RunnerStorage;
}
