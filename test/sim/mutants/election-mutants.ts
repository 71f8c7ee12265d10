import { mutant, type Mutant } from "./mutant.ts";

/** Bugs in elections, terms, votes and leases. */
export const ELECTION_MUTANTS: readonly Mutant[] = [
  mutant(
    ["vote-cleared-on-step-down", "network", "the vote is forgotten within its term (eliben 27)"],
    ["core/roles.ts", "  s.heartbeatElapsed = 0;\n", "  s.heartbeatElapsed = 0;\n  s.vote = 0;\n"],
  ),
  mutant(
    ["vote-given-twice", "network", "a vote is given to whoever asks while no leader is known"],
    [
      "core/election.ts",
      "s.vote === m.from || (s.vote === 0 && s.lead === 0)",
      "s.vote === m.from || s.lead === 0",
    ],
  ),
  mutant(
    ["log-compared-by-index", "network", "the longer log wins whatever its terms (liferaft 8)"],
    [
      "core/log.ts",
      "return term > lastTerm || (term === lastTerm && index >= this.lastIndex());",
      "return index >= this.lastIndex();",
    ],
  ),
  mutant(
    ["log-not-compared", "network", "votes go to candidates with shorter logs (§5.4.1)"],
    [
      "core/log.ts",
      "return term > lastTerm || (term === lastTerm && index >= this.lastIndex());",
      "return term >= lastTerm;",
    ],
  ),
  mutant(
    ["vote-before-durable", "crash", "a grant leaves before the vote is on disk (ahnlich 387)"],
    ["core/election.ts", "  s.sendAfterAppend(answer);\n}", "  s.send(answer);\n}"],
  ),
  mutant(
    ["vote-request-before-durable", "crash", "a candidate asks before its own vote is on disk"],
    ["core/election.ts", "if (!survey && s.config.durableVoteRequests)", "if (false)"],
  ),
  mutant(
    ["vote-not-written", "crash", "a vote without entries is not written (cockroach 145423)"],
    [
      "shell/driver/append-worker.ts",
      "entries.length > 0 || snapshot !== null || voted",
      "entries.length > 0 || snapshot !== null",
    ],
  ),
  mutant(
    ["stale-answers-count", "network", "answers of an earlier term are taken for the present one"],
    ["core/step.ts", "m.term < s.term && m.term !== 0", "m.term < 0"],
  ),
  mutant(
    [
      "higher-term-is-stuck",
      "network",
      "nobody tells a leader of a member's higher term (etcd 8243)",
    ],
    ["core/step.ts", "if ((checkQuorum || preVote) &&", "if (false &&"],
  ),
  mutant(
    [
      "leader-remembered",
      "network",
      "a pre-candidate refuses others for a dead leader (etcd 8334)",
    ],
    ["core/roles.ts", '  s.lead = 0;\n  s.role = "pre-candidate";', '  s.role = "pre-candidate";'],
  ),
  mutant(
    ["promise-broken", "lease", "a vote is given while the leader may hold a lease (§6.4.1)"],
    [
      "core/state.ts",
      'if (readMode === "lease" && this.contactElapsed < electionTicks) return true;\n    return this.lead !== 0 && this.electionElapsed < electionTicks;',
      "return false;",
    ],
  ),
  mutant(
    ["lease-too-long", "lease", "a lease outlasts the promise that it rests on (§6.4.1)"],
    [
      "core/lease.ts",
      "this.#tracker.reached(this) + this.#durationMs",
      "this.#tracker.reached(this) + 2 * this.#durationMs",
    ],
  ),
  {
    name: "lease-during-transfer",
    profile: "lease",
    about: "a lease outlives the TimeoutNow that lets others break their promise (tikv 4680)",
    patches: [
      { file: "core/transfer.ts", find: "  s.lease.void();\n", replace: "" },
      { file: "core/reads.ts", find: " && s.transferee === 0;", replace: ";" },
    ],
  },
];
