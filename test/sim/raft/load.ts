import { isSwarmError } from "../../../lib/errors.ts";
import type { Checker } from "./checker.ts";
import type { Histories } from "./client.ts";
import type { SimMember } from "./member.ts";

/** The register that bursts write to; nobody reads it. */
const KEY = "burst";

/** Proposals that nobody waits for: they make the tails of logs long. */
export class Load {
  readonly #checker: Checker;
  readonly #histories: Histories;

  constructor(checker: Checker, histories: Histories) {
    this.#checker = checker;
    this.#histories = histories;
  }

  /** Proposes `count` writes at `member` at once. */
  burst(member: SimMember, count: number): void {
    for (let i = 0; i < count; i++) this.#propose(member);
  }

  #propose({ host }: SimMember): void {
    const attempt = this.#histories.attempt();
    const session = this.#histories.session();
    const command = { session, seq: 1, attempt, kind: "put", key: KEY, value: "", expected: "" };
    host?.propose(Buffer.from(JSON.stringify(command))).catch((error: unknown) => {
      if (isSwarmError(error, "not-leader", "exhausted")) this.#checker.refused.add(attempt);
      else if (!isSwarmError(error)) throw error;
    });
  }
}
