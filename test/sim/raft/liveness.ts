import { Violation } from "../violation.ts";
import type { Client } from "./client.ts";
import type { Group } from "./group.ts";

/** Virtual time without faults within which a group must be at rest, µs: many elections long. */
export const RECOVERY_US = 60_000_000;

/** Why the group is not at rest yet; null when it is. */
export function unrest(group: Group): string | null {
  const { leader } = group;
  const status = leader?.status();
  if (!leader || !status) return "nobody leads";
  if (leader.host?.status().leading !== status.term) return `${leader.name} does not lead yet`;
  const { config, commit, lastIndex, progress, id } = status;
  if (config.votersOutgoing.length > 0) return "the configuration is joint";
  if (config.learners.length > 0) return `learner ${config.learners[0]} is not promoted`;
  if (commit !== lastIndex) return `${commit} of ${lastIndex} entries are committed`;
  for (const voter of config.voters) {
    const member = group.active.find((other) => other.id === voter);
    if (member && group.isResting(member)) continue;
    if (!member) return `lost member ${voter} is not taken out`;
    const applied = member.host?.status().applied ?? 0;
    if (applied !== commit) return `${member.name} has applied ${applied} of ${commit}`;
    const view = progress.find((peer) => peer.id === voter)?.view;
    if (voter !== id && view?.state !== "replicate")
      return `${member.name} is in state ${view?.state}`;
  }
  return null;
}

/** Follows the recovery of a group: its clients write something, then it comes to rest. */
export class Recovery {
  readonly #group: Group;
  readonly #clients: readonly Client[];
  readonly #written: readonly number[];
  readonly #deadline: number;

  constructor(group: Group, clients: readonly Client[], now: number) {
    this.#group = group;
    this.#clients = clients;
    this.#written = clients.map(({ written }) => written);
    this.#deadline = now + RECOVERY_US;
  }

  /** Whether the run can end. Fails when the group had time enough and is not at rest. */
  check(now: number): boolean {
    const idle = this.#clients.findIndex((client, i) => client.written === this.#written[i]);
    if (idle < 0) for (const client of this.#clients) client.stopped = true;
    const problem = idle < 0 ? unrest(this.#group) : `client ${idle + 1} writes nothing`;
    if (problem !== null && now > this.#deadline) {
      const why = unrest(this.#group);
      throw new Violation("liveness", why && why !== problem ? `${problem}; ${why}` : problem);
    }
    return problem === null;
  }
}
