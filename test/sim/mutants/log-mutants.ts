import { mutant, type Mutant } from "./mutant.ts";

/** Bugs in replication, commitment, durability and flow control. */
export const LOG_MUTANTS: readonly Mutant[] = [
  mutant(
    ["old-term-committed", "network", "entries of older terms are committed by counting (§5.4.2)"],
    [
      "core/replication.ts",
      "if (index <= s.log.committed || s.log.term(index) !== s.term) return false;",
      "if (index <= s.log.committed) return false;",
    ],
  ),
  mutant(
    [
      "commit-beyond-message",
      "network",
      "a follower commits entries nobody compared (copycat 265)",
    ],
    [
      "core/follower.ts",
      "  const agreed = log.merge(m.index, m.logTerm, m.entries);",
      "  log.commitTo(Math.min(m.commit, log.lastIndex()));\n" +
        "  const agreed = log.merge(m.index, m.logTerm, m.entries);",
    ],
  ),
  mutant(
    ["heartbeat-commits-all", "network", "a heartbeat tells a commit the follower does not hold"],
    [
      "core/replication.ts",
      "message.commit = Math.min(peer.match, s.log.committed);",
      "message.commit = s.log.committed;",
    ],
  ),
  mutant(
    ["late-append-truncates", "network", "a repeated append cuts off what came after it (§5.3)"],
    ["core/log.ts", "if (this.term(index) === term) continue;", ""],
  ),
  mutant(
    ["ack-before-durable", "crash", "entries are acknowledged before they are on disk"],
    [
      "core/follower.ts",
      "    answer.index = agreed;\n  }\n  sayCommit(s, answer);\n  s.sendAfterAppend(answer);",
      "    answer.index = agreed;\n  }\n  sayCommit(s, answer);\n  s.send(answer);",
    ],
  ),
  mutant(
    [
      "repeated-ack-before-durable",
      "crash",
      "a repeated append is acknowledged too early (yugabyte 32875)",
    ],
    [
      "core/follower.ts",
      "    answer.index = log.committed;\n    sayCommit(s, answer);\n    s.sendAfterAppend(answer);",
      "    answer.index = log.lastIndex();\n    s.send(answer);",
    ],
  ),
  mutant(
    [
      "write-not-awaited",
      "crash",
      "responses are released while the write is under way (etcd 14370)",
    ],
    [
      "shell/driver/append-worker.ts",
      "if (this.#mustWrite(merged)) await this.#write(merged);",
      "if (this.#mustWrite(merged)) void this.#write(merged);",
    ],
  ),
  mutant(
    ["own-log-counted-early", "crash", "a leader counts its entries before they are on its disk"],
    [
      "core/append.ts",
      "  ack.index = index;\n",
      "  ack.index = index;\n  s.tracker.progress(s.id)?.acknowledged(index);\n",
    ],
  ),
  mutant(
    ["rewritten-not-handed-out", "network", "what replaces a tail is not written again"],
    ["core/unstable.ts", "    this.handedOut = Math.min(this.handedOut, first);\n", ""],
  ),
  mutant(
    ["applied-before-durable", "crash", "the state machine is ahead of the member's own log"],
    [
      "core/log.ts",
      "return allowUnstable ? this.committed : Math.min(this.committed, this.unstable.offset - 1);",
      "return this.committed;",
    ],
  ),
  mutant(
    ["merged-writes-lose-entries", "crash", "of two writes that wait only the second is made"],
    [
      "shell/driver/append-worker.ts",
      "entries.length = Math.max(0, Math.min(entries.length, first.index - kept.index));",
      "entries.length = 0;",
    ],
  ),
  mutant(
    [
      "cache-not-truncated",
      "network",
      "the entry cache keeps what the log has dropped (cockroach 63473)",
    ],
    [
      "shell/log/log-window.ts",
      "for (const entry of this.#entries.splice(this.#head + kept)) this.#bytes -= entryBytes(entry);",
      "this.#entries.length -= this.#last - from + 1;",
    ],
  ),
  mutant(
    ["window-never-freed", "calm", "acknowledged appends stay in the window"],
    ["core/leader.ts", "    peer.inflights.freeUpTo(index);\n", ""],
  ),
  mutant(
    ["window-not-kept", "calm", "appends are sent into a full window (etcd 14633)"],
    [
      "core/inflights.ts",
      "return this.#count >= this.#maxCount || this.#bytes >= this.#maxBytes;",
      "return this.#bytes >= this.#maxBytes;",
    ],
  ),
  mutant(
    ["lost-append-never-repeated", "network", "a heartbeat's answer does not resume a paused peer"],
    [
      "core/leader.ts",
      "  peer.recentActive = true;\n  peer.flowPaused = false;\n",
      "  peer.recentActive = true;\n",
    ],
  ),
  mutant(
    ["quota-never-returned", "calm", "the uncommitted limit fills up for good (etcd 10167)"],
    [
      "core/apply.ts",
      "s.uncommittedBytes = Math.max(0, s.uncommittedBytes - payloadBytes(entries));",
      "payloadBytes(entries);",
    ],
  ),
];
