/** One call of a client on one register, with what came back. */
export interface Operation {
  readonly kind: "get" | "put" | "append" | "cas";
  /** What to write: "put", "append" and "cas". */
  readonly value: string;
  /** What "cas" expects to find. */
  readonly expected: string;
  /** Position of the call among all calls and returns of the run. */
  readonly called: number;
  /** Position of the return; Infinity when the outcome is unknown. */
  readonly returned: number;
  /** What was read, or "true" or "false" of a cas; null when the outcome is unknown. */
  readonly output: string | null;
}

/** "undecided": the search was given up at its limit. */
export type Verdict = "linearizable" | "violation" | "undecided";

/** States visited before a search is given up. */
const STEPS_MAX = 2_000_000;

/** A call or a return in the doubly linked list that the search takes from and puts back to. */
interface Mark {
  readonly id: number;
  /** The mark of the return, of a call; null of a return. */
  readonly end: Mark | null;
  readonly at: number;
  previous: Mark | null;
  next: Mark | null;
}

/** The register after `operation`, or null when it cannot have had this output. */
export function step(state: string, operation: Operation): string | null {
  const { kind, value, expected, output } = operation;
  if (kind === "get") return output === null || output === state ? state : null;
  if (kind === "put") return value;
  if (kind === "append") return state + value;
  const swapped = state === expected;
  if (output !== null && output !== String(swapped)) return null;
  return swapped ? value : state;
}

/**
 * Whether some order of the calls of one register, in which each takes effect between its call and
 * its return, explains every output. Wing and Gong's search with Lowe's memory of what was tried:
 * a set of operations done and the state they led to. The register starts empty.
 */
export function checkRegister(operations: readonly Operation[]): Verdict {
  const head = listOf(operations);
  const done = new Done(operations.length);
  const seen = new Set<string>();
  const stack: { readonly call: Mark; readonly state: string }[] = [];
  let state = "";
  let mark = head.next;
  for (let steps = 0; mark; steps++) {
    if (steps > STEPS_MAX) return "undecided";
    if (mark.end) {
      const next = step(state, operations[mark.id]!);
      if (next !== null && remember(seen, done, mark.id, next)) {
        stack.push({ call: mark, state });
        state = next;
        take(mark);
        mark = head.next;
      } else mark = mark.next;
      continue;
    }
    // Returns of unknown outcome come last: whatever is left may never have happened.
    if (mark.at === Infinity) return "linearizable";
    const last = stack.pop();
    if (!last) return "violation";
    state = last.state;
    done.clear(last.call.id);
    putBack(last.call);
    mark = last.call.next;
  }
  return "linearizable";
}

/** Adds `id` to what is done if that, with `state`, was not tried yet. */
function remember(seen: Set<string>, done: Done, id: number, state: string): boolean {
  done.set(id);
  const key = `${done.key}|${state}`;
  if (seen.has(key)) {
    done.clear(id);
    return false;
  }
  seen.add(key);
  return true;
}

/** A set of small numbers whose contents make a key. */
class Done {
  readonly #words: Uint16Array;

  constructor(size: number) {
    this.#words = new Uint16Array((size >> 4) + 1);
  }

  set(id: number): void {
    this.#words[id >> 4]! |= 1 << (id & 15);
  }

  clear(id: number): void {
    this.#words[id >> 4]! &= ~(1 << (id & 15));
  }

  get key(): string {
    return String.fromCharCode(...this.#words);
  }
}

function listOf(operations: readonly Operation[]): Mark {
  const marks: Mark[] = [];
  for (const [id, { called, returned }] of operations.entries()) {
    const end: Mark = { id, end: null, at: returned, previous: null, next: null };
    marks.push({ id, end, at: called, previous: null, next: null }, end);
  }
  marks.sort((a, b) => (a.at === b.at ? 0 : a.at - b.at));
  const head: Mark = { id: -1, end: null, at: -1, previous: null, next: null };
  let previous = head;
  for (const mark of marks) {
    previous.next = mark;
    mark.previous = previous;
    previous = mark;
  }
  return head;
}

function unlink(mark: Mark): void {
  mark.previous!.next = mark.next;
  if (mark.next) mark.next.previous = mark.previous;
}

function relink(mark: Mark): void {
  mark.previous!.next = mark;
  if (mark.next) mark.next.previous = mark;
}

function take(call: Mark): void {
  unlink(call);
  unlink(call.end!);
}

function putBack(call: Mark): void {
  relink(call.end!);
  relink(call);
}
