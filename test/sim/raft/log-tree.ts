import type { Entry } from "../../../raft/core/types.ts";
import { demand } from "../violation.ts";

/** One entry in one place of one history. Two logs agree up to it iff they hold this very object. */
export interface LogNode {
  readonly index: number;
  readonly term: number;
  readonly entry: Entry | null;
  readonly parent: LogNode | null;
  /** Index of the newest configuration change up to here. */
  readonly confIndex: number;
}

const TERMS = 2 ** 20;

/**
 * Every entry that any disk ever held, as a tree of histories: a hash chain whose hashes are
 * identities. Log matching (Raft §5.3) is checked when an entry is added, at constant cost.
 */
export class LogTree {
  readonly root: LogNode = { index: 0, term: 0, entry: null, parent: null, confIndex: 0 };
  readonly #byPosition = new Map<number, LogNode>();
  /** The one history of what is committed; element i is the entry with index i. */
  readonly committed: LogNode[] = [this.root];

  get committedIndex(): number {
    return this.committed.length - 1;
  }

  find(index: number, term: number): LogNode | undefined {
    return index === 0 ? this.root : this.#byPosition.get(index * TERMS + term);
  }

  /** The node of `entry` behind `parent`; fails when (index, term) is known with another past. */
  put(parent: LogNode, entry: Entry): LogNode {
    const { index, term } = entry;
    const known = this.find(index, term);
    if (known) {
      const same = known.parent === parent && sameEntry(known.entry, entry);
      demand(same, "log-matching", () => `entry ${index}@${term} exists with two histories`);
      return known;
    }
    const confIndex = entry.type === "conf-change" ? index : parent.confIndex;
    const node = { index, term, entry, parent, confIndex };
    this.#byPosition.set(index * TERMS + term, node);
    return node;
  }

  /** Declares everything up to `node` committed; fails when another history was. */
  commit(node: LogNode): void {
    const known = this.committed[node.index];
    if (known) {
      demand(known === node, "state-machine-safety", () => `${show(known)} or ${show(node)}?`);
      return;
    }
    const fresh: LogNode[] = [];
    let at = node;
    for (; at.index > this.committedIndex; at = at.parent!) fresh.push(at);
    const base = this.committed[at.index]!;
    const message = (): string => `${show(node)} is committed on a past without ${show(base)}`;
    demand(base === at, "leader-completeness", message);
    for (const next of fresh.toReversed()) this.committed.push(next);
  }

  /** The ancestor of `node`, itself included, at `index`. */
  static ancestor(node: LogNode, index: number): LogNode {
    let at = node;
    while (at.index > index) at = at.parent!;
    return at;
  }
}

function sameEntry(a: Entry | null, b: Entry): boolean {
  if (a === null || a.type !== b.type) return false;
  return a.data === b.data || Buffer.compare(a.data, b.data) === 0;
}

/** `index@term`, for messages. */
export function show({ index, term }: { readonly index: number; readonly term: number }): string {
  return `${index}@${term}`;
}
