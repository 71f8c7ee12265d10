/** A task that is moved: of `POST /skep/v1/services/rebalance` and `GET /skep/v1/moves`. */
export interface Move {
  readonly TaskID: string;
  readonly ServiceID: string;
  readonly ServiceName: string;
  readonly Slot: number;
  readonly FromHostname: string;
  readonly ToHostname: string;
  readonly RequestedAt: string;
  readonly State: "waiting" | "starting" | "done" | "given-up";
  /** Why it was given up, or what its successor waits for. */
  readonly Reason: string;
  readonly SuccessorID: string;
}

/** What both calls answer. */
export interface Moves {
  readonly Moves: readonly Move[];
}
