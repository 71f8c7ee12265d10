/** What the benchmark says to a member's process and hears from it, over the IPC channel. */
import type { RaftMember } from "../../raft/index.ts";
import type { JoinTicket } from "../../raft/shell/open-raft.ts";
import type { TlsMaterial } from "../../proto/node-tls.ts";
import type { LoadOptions, LoadResult } from "../load.ts";

/** How a member is to run. */
export interface MemberConfig {
  readonly stateDir: string;
  readonly clusterId: string;
  readonly nodeId: string;
  /** `host:port` of the Raft port. */
  readonly raftAddr: string;
  /** `host:port` where proposals are taken. */
  readonly clientAddr: string;
  /** Null for the first member, and for one that was there before. */
  readonly ticket: JoinTicket | null;
  readonly tls: TlsMaterial;
}

/** What a member tells of itself. */
export interface MemberFacts {
  readonly id: number;
  readonly term: number;
  readonly leading: boolean;
  readonly leaderId: number;
  readonly applied: number;
  readonly members: readonly (RaftMember & { readonly reachable: boolean })[];
  /** Bytes. */
  readonly rss: number;
  readonly heap: number;
}

/** Requests with their answers. */
export interface Calls {
  open: { readonly input: MemberConfig; readonly output: MemberFacts };
  facts: { readonly input: null; readonly output: MemberFacts };
  add: {
    readonly input: Pick<RaftMember, "nodeId" | "addr" | "controlAddr">;
    readonly output: JoinTicket;
  };
  /** Proposals from the member's own process. */
  load: { readonly input: LoadOptions; readonly output: LoadResult };
  /** Proposes so many entries, `inFlight` at a time. */
  fill: {
    readonly input: { readonly entries: number; readonly inFlight: number };
    readonly output: MemberFacts;
  };
  /** Blocks the member's main thread. */
  block: { readonly input: { readonly ms: number }; readonly output: MemberFacts };
  /** Which of these numbers were never applied, after a read barrier. */
  missing: { readonly input: readonly number[]; readonly output: readonly number[] };
}

export type CallName = keyof Calls;

/** One request; answered by a {@link CallAnswer} with the same id. */
export interface CallRequest<K extends CallName = CallName> {
  readonly id: number;
  readonly name: K;
  readonly input: Calls[K]["input"];
}

export type CallAnswer =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: string };
