import type { RaftCore } from "../../core/raft-core.ts";
import type { DropReason, Entry, Id } from "../../core/types.ts";
import type { FreeSpace } from "./free-space.ts";
import type { FromDriver, PortError } from "./port.ts";
import { portError } from "./port-error.ts";

/** What this part needs of its driver. */
export interface ProposalHooks {
  post(message: FromDriver): void;
  /** Control address of a member, for the refusal that names the leader. */
  controlAddr(id: Id): string | undefined;
  readonly space: Pick<FreeSpace, "refusal">;
}

/** Why a proposal was refused, as the proposer is told. */
export function refusal(reason: DropReason, leader: string | undefined): PortError {
  switch (reason) {
    case "uncommitted-limit":
      return portError("exhausted", "too many changes wait to be replicated: try again shortly");
    case "too-large":
      return portError("invalid", "the change is larger than one log entry may be");
    case "transferring":
      return portError("not-leader", "leadership is being handed over: try again");
    case "no-leader":
    case "not-leader":
    case "removed":
    case "conf-pending":
    case "joint-mismatch":
    case "conf-invalid":
      return {
        code: "not-leader",
        message: leader
          ? `this manager is not the leader: ask ${leader}`
          : "this manager is not the leader and knows none: try again shortly",
        details: leader ? { leader } : {},
      };
  }
}

const LEADERSHIP_LOST = portError(
  "aborted",
  "leadership was lost before the change was confirmed: whether it took effect is unknown",
);

/** Follows this node's proposals from the queue to their place in the log. */
export class Proposals {
  readonly #hooks: ProposalHooks;
  readonly #maxEntryBytes: number;
  #waiting: { readonly id: number; readonly data: Uint8Array }[] = [];
  /** Appended and not yet applied, by index. */
  readonly #appended = new Map<number, { readonly id: number; readonly term: number }>();

  constructor(hooks: ProposalHooks, maxEntryBytes: number) {
    this.#hooks = hooks;
    this.#maxEntryBytes = maxEntryBytes;
  }

  add(id: number, data: Uint8Array): void {
    if (data.length > this.#maxEntryBytes)
      this.#hooks.post({ kind: "refused", ids: [id], error: refusal("too-large", undefined) });
    else this.#waiting.push({ id, data });
  }

  /** Proposes everything that waits as one append. */
  flush(core: RaftCore): void {
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    const refuse = (error: PortError): void =>
      this.#hooks.post({ kind: "refused", ids: batch.map(({ id }) => id), error });
    const full = core.role === "leader" ? this.#hooks.space.refusal : null;
    if (full) return refuse(full);
    const result = core.propose(batch.map(({ data }) => data));
    if (!result.ok) return refuse(refusal(result.reason, this.#hooks.controlAddr(result.lead)));
    const first = result.index - batch.length + 1;
    for (const [i, { id }] of batch.entries())
      this.#appended.set(first + i, { id, term: result.term });
  }

  /** The id of the proposal at a committed entry, 0 if it is none of this node's. */
  confirmed(entry: Entry): number {
    const proposal = this.#appended.get(entry.index);
    if (!proposal) return 0;
    this.#appended.delete(entry.index);
    if (proposal.term === entry.term) return proposal.id;
    this.#hooks.post({ kind: "refused", ids: [proposal.id], error: LEADERSHIP_LOST });
    return 0;
  }

  /** Leadership is gone: what is in the log may or may not be committed by the next leader. */
  abort(): void {
    if (this.#appended.size === 0) return;
    const ids = [...this.#appended.values()].map(({ id }) => id);
    this.#appended.clear();
    this.#hooks.post({ kind: "refused", ids, error: LEADERSHIP_LOST });
  }
}
