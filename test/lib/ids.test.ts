import assert from "node:assert/strict";
import fc from "fast-check";
import { base36, ID_LENGTH, newId } from "../../lib/ids.ts";
import { SeededRandom, systemRandom } from "../../lib/random.ts";

describe("ids", () => {
  it("are base 36 of a big-endian integer, padded", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        let value = 0n;
        for (const byte of bytes) value = value * 256n + BigInt(byte);
        assert.equal(base36(bytes, 40), value.toString(36).padStart(40, "0"));
      }),
    );
  });

  it("have 25 characters whatever chance gives, and never come twice", () => {
    const zero = { ...systemRandom, bytes: (count: number) => new Uint8Array(count) };
    assert.match(newId(zero), /^[0-9a-z]{25}$/);
    assert.equal(newId(new SeededRandom("x")), newId(new SeededRandom("x")));
    const ids = new Set(Array.from({ length: 10_000 }, () => newId(systemRandom)));
    assert.equal(ids.size, 10_000);
    assert.ok([...ids].every((id) => id.length === ID_LENGTH));
  });

  it("are drawn from bytes of any count", () => {
    for (const count of [0, 1, 17, 64, 65, 5000])
      assert.equal(systemRandom.bytes(count).length, count);
    const a = systemRandom.bytes(32);
    const kept = Uint8Array.from(a);
    for (let i = 0; i < 1000; i++) systemRandom.bytes(17);
    assert.deepEqual(a, kept, "what was handed out is the caller's alone");
  });
});
