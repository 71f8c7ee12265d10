import type { Move } from "../api/move-types.ts";
import type { Listing, Row } from "./listing.ts";

/** `service rebalance`. */
export const MOVE_LISTING: Listing = {
  table: "{{.Name}}\t{{.From}}\t{{.To}}\t{{.State}}\t{{.Reason}}",
  headers: {
    ID: "ID",
    Name: "NAME",
    Service: "SERVICE",
    From: "FROM",
    To: "TO",
    State: "STATE",
    Reason: "REASON",
    Successor: "SUCCESSOR",
  },
  quiet: "{{.ID}}",
};

/** What people call the task. */
export const moveName = ({ ServiceName, Slot }: Move): string => `${ServiceName}.${Slot}`;

/** A row for each move. */
export function moveRows(moves: readonly Move[]): readonly Row[] {
  return moves.map((move) => ({
    ID: move.TaskID,
    Name: moveName(move),
    Service: move.ServiceName,
    From: move.FromHostname,
    To: move.ToHostname,
    State: move.State,
    Reason: move.Reason,
    Successor: move.SuccessorID,
  }));
}
