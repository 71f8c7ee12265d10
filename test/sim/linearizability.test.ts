import assert from "node:assert/strict";
import { SeededRandom } from "../../lib/random.ts";
import { checkRegister, step, type Operation } from "./linearizability.ts";

const HISTORIES = 3000;

/** Tries every order of every subset that holds all operations with a known outcome. */
function bruteForce(operations: readonly Operation[]): boolean {
  const search = (state: string, left: readonly Operation[]): boolean => {
    if (left.every(({ returned }) => returned === Infinity)) return true;
    const firstReturn = Math.min(...left.map(({ returned }) => returned));
    return left.some((operation) => {
      if (operation.called > firstReturn) return false;
      const next = step(state, operation);
      return (
        next !== null &&
        search(
          next,
          left.filter((other) => other !== operation),
        )
      );
    });
  };
  return search("", operations);
}

/** A history of up to 7 calls whose outputs are sometimes what a register would have said. */
function randomHistory(random: SeededRandom): Operation[] {
  const count = 1 + random.int(7);
  const times = Array.from({ length: count * 2 }, (_, at) => at);
  const draw = (): number => times.splice(random.int(Math.min(4, times.length)), 1)[0]!;
  return Array.from({ length: count }, () => {
    const kind = (["get", "put", "append", "cas"] as const)[random.int(4)]!;
    const called = draw();
    const returned = random.int(5) === 0 ? Infinity : draw();
    const word = (): string => ["", "a", "b", "ab"][random.int(4)]!;
    const output = kind === "get" ? word() : kind === "cas" ? String(random.int(2) === 0) : "";
    const known = returned === Infinity || returned > called;
    return {
      kind,
      value: word(),
      expected: word(),
      called: known ? called : returned,
      returned: known ? returned : called,
      output: returned === Infinity ? null : output,
    };
  });
}

const base = { value: "", expected: "", output: "" } as const;

describe("the linearizability checker", () => {
  it("agrees with trying every order", () => {
    const random = new SeededRandom("histories");
    const seen = { linearizable: 0, violation: 0, undecided: 0 };
    for (let i = 0; i < HISTORIES; i++) {
      const history = randomHistory(random);
      const verdict = checkRegister(history);
      seen[verdict]++;
      const expected = bruteForce(history) ? "linearizable" : "violation";
      assert.equal(verdict, expected, JSON.stringify(history));
    }
    assert.ok(seen.linearizable > HISTORIES / 20 && seen.violation > HISTORIES / 20);
  });

  it("finds a read that misses a finished write", () => {
    const put: Operation = { ...base, kind: "put", value: "x", called: 0, returned: 1 };
    const get: Operation = { ...base, kind: "get", called: 2, returned: 3 };
    assert.equal(checkRegister([put, get]), "violation");
    assert.equal(checkRegister([put, { ...get, output: "x" }]), "linearizable");
  });

  it("lets a write of unknown outcome happen late or never", () => {
    const put: Operation = {
      ...base,
      kind: "put",
      value: "x",
      called: 0,
      returned: Infinity,
      output: null,
    };
    const reads = ["", "", "x"].map((output, i): Operation => ({
      ...base,
      kind: "get",
      called: 1 + i * 2,
      returned: 2 + i * 2,
      output,
    }));
    assert.equal(checkRegister([put, ...reads]), "linearizable");
    assert.equal(checkRegister([put, ...reads.slice(0, 2)]), "linearizable");
    const back: Operation = { ...base, kind: "get", called: 9, returned: 10 };
    assert.equal(checkRegister([put, ...reads, back]), "violation");
  });
});
