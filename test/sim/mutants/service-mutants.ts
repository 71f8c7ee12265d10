import { mutant, type Mutant, type Patch } from "./mutant.ts";

/** Whoever is taken out stops leading whether or not the others know. */
const RESIGN_AT_ONCE: Patch = {
  file: "core/resignation.ts",
  find: "if (known >= s.resigning) resign(s);",
  replace: "if (known >= 0) resign(s);",
};

/** Bugs in reads, proposals, snapshots and membership. */
export const SERVICE_MUTANTS: readonly Mutant[] = [
  mutant(
    ["read-before-own-commit", "network", "a new leader reads what it knows committed (etcd 7331)"],
    ["core/reads.ts", "if (!s.committedInTerm) {", "if (false) {"],
  ),
  mutant(
    ["read-unconfirmed", "network", "a leader answers reads without asking anybody (§6.4)"],
    ["core/reads.ts", "if (s.tracker.isLoneVoter(s.id) ||", "if (true ||"],
  ),
  mutant(
    ["read-before-applied", "calm", "a read does not wait for the state machine (tikv 9239)"],
    ["shell/host/raft-host.ts", "    await this.#applier.reached(index, signal);\n", ""],
  ),
  {
    name: "other-entry-confirmed",
    profile: "network",
    about: "a proposal is confirmed by another leader's entry at its index",
    patches: [
      {
        file: "shell/driver/proposals.ts",
        find: "if (proposal.term === entry.term) return proposal.id;",
        replace: "return proposal.id;",
      },
      {
        file: "shell/driver/proposals.ts",
        find: "if (this.#appended.size === 0) return;",
        replace: "if (this.#appended.size >= 0) return;",
      },
    ],
  },
  mutant(
    ["lost-called-refused", "network", "a proposal of unknown outcome is said to be refused"],
    [
      "shell/driver/proposals.ts",
      'portError(\n  "aborted",\n  "leadership was lost before the change was confirmed',
      'portError(\n  "not-leader",\n  "leadership was lost before the change was confirmed',
    ],
  ),
  mutant(
    [
      "conf-change-not-held-back",
      "members",
      "a second change follows an unapplied one (etcd 12359)",
    ],
    ["core/propose.ts", 'if (pendingConfIndex > s.log.applied) return "conf-pending";\n', ""],
  ),
  mutant(
    ["inherited-change-forgotten", "members", "a new leader overlooks a change in its tail (§4.1)"],
    ["core/roles.ts", "  s.pendingConfIndex = last;\n", ""],
  ),
  mutant(
    ["commit-by-one-half", "members", "a joint configuration commits by its new half (§4.3)"],
    ["core/quorum.ts", "outgoing.length === 0 ? reached :", "true ? reached :"],
  ),
  mutant(
    ["joint-never-left", "members", "only the leader that entered leaves a joint one (etcd 12136)"],
    [
      "core/apply.ts",
      "if (due && s.log.applied >= s.pendingConfIndex) {",
      "if (due && s.log.applied === s.pendingConfIndex && s.log.applied < s.log.lastIndex()) {",
    ],
  ),
  mutant(
    ["demoted-at-once", "members", "a voter of the old half becomes a learner too early (§4.3)"],
    [
      "core/conf-change.ts",
      "(this.outgoing.has(id) ? this.learnersNext : this.learners).add(id);",
      "this.learners.add(id);",
    ],
  ),
  mutant(
    [
      "snapshot-without-configuration",
      "members",
      "a snapshot leaves the old configuration (openraft 1808)",
    ],
    [
      "core/membership.ts",
      "  s.tracker.clear();\n  s.tracker.adopt(config, s.log.lastIndex());\n",
      "  s.tracker.adopt(config.voters.length === 0 ? config : s.tracker.config, s.log.lastIndex());\n",
    ],
  ),
  mutant(
    [
      "snapshot-of-later-members",
      "members",
      "a snapshot carries a later configuration (scylla 9551)",
    ],
    [
      "shell/driver/snapshotting.ts",
      "await this.#keep(key, taken.membership, content);",
      "await this.#keep(key, this.#modules.group.membership, content);",
    ],
  ),
  mutant(
    ["stuck-in-snapshot", "snapshots", "a failed transfer is not reported (dgraph 2707)"],
    [
      "core/leader.ts",
      'if (s.role !== "leader" || peer?.state !== "snapshot") return;',
      "if (peer) return;",
    ],
  ),
  mutant(
    ["older-snapshot-wins", "snapshots", "a snapshot of its own replaces a newer received one"],
    [
      "shell/log/memory-log-store.ts",
      "write.snapshot && write.snapshot.index > disk.snapshot.index",
      "write.snapshot",
    ],
  ),
  mutant(
    [
      "contradicted-log-kept",
      "snapshots",
      "entries that a snapshot contradicts stay (openraft 753)",
    ],
    [
      "shell/log/memory-log-store.ts",
      "if (this.#window.term(index) !== term) {",
      "if (this.#window.term(index) === undefined) {",
    ],
  ),
  {
    name: "leader-gone-too-early",
    profile: "pairs",
    about: "a leader takes itself out and is gone before it is known (etcd 12359)",
    patches: [
      {
        file: "shell/driver/changes.ts",
        find: "if (id === status.id) {",
        replace: "if (id === 0) {",
      },
      RESIGN_AT_ONCE,
    ],
  },
  {
    name: "demoted-leader-in-the-way",
    profile: "pairs",
    about: "a demoted leader with the longer log refuses the only candidate (etcd 12359)",
    patches: [
      RESIGN_AT_ONCE,
      { file: "core/election.ts", find: "if (m.commit > s.log.committed", replace: "if (false" },
    ],
  },
];
