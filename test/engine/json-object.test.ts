import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonObject } from "../../engine/json-object.ts";

const of = (value: object): JsonObject => JsonObject.parse(JSON.stringify(value));

describe("request JSON", () => {
  it("matches keys without regard to case and takes null as absent", () => {
    const json = of({ listenADDR: "x", Flag: null, nested: { DEEP: 1 } });
    assert.equal(json.text("ListenAddr"), "x");
    assert.equal(json.flag("flag"), undefined);
    assert.equal(json.has("Flag"), false);
    assert.equal(json.object("Nested")?.integer("deep"), 1);
    assert.deepEqual(json.texts("None"), []);
    assert.deepEqual(json.list("None"), []);
    assert.deepEqual(json.map("None"), {});
    assert.equal(json.object("None"), undefined);
  });

  it("takes an empty body, or null, as an empty object", () => {
    for (const text of ["", "  \n", "null", "{}"])
      assert.equal(JsonObject.parse(text).has("a"), false);
    for (const text of ["[]", "7", '"x"', "{"])
      assert.throws(() => JsonObject.parse(text), { status: 400 });
  });

  it("names the field that has the wrong type", () => {
    const json = of({ a: { b: [{ c: 1 }, { c: "x" }] } });
    const [, second] = json.object("a")?.list("b") ?? [];
    assert.throws(() => second?.integer("C"), {
      message: "invalid JSON: a.b[1].C must be an integer below 2^53",
    });
    assert.throws(() => of({ n: 1.5 }).integer("n"), { status: 400 });
    assert.throws(() => of({ n: -1 }).unsigned("n"), /must be a number that is not negative/);
    assert.throws(() => of({ n: 2 ** 53 }).integer("n"), { status: 400 });
    assert.throws(() => of({ l: [1] }).texts("l"), /must be a list of strings/);
    assert.throws(() => of({ m: { a: 1 } }).map("m"), /must be an object of strings/);
    assert.throws(() => of({ o: [] }).object("o"), /must be an object/);
  });

  it("keeps labels with any name as they are", () => {
    const labels = JSON.parse('{"__proto__":"p","Constructor":"c","A":"1","a":"2"}') as object;
    assert.deepEqual(JsonObject.parse(JSON.stringify({ labels })).map("Labels"), labels);
  });

  it("reads exactly what base64 encodes, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        assert.deepEqual(new Uint8Array(of({ data: text }).bytes("Data")), bytes);
      }),
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (text) => {
        const canonical = Buffer.from(text, "base64").toString("base64") === text;
        if (canonical) return;
        let read: Uint8Array | undefined;
        try {
          read = of({ data: text }).bytes("data");
        } catch {
          return;
        }
        // Only line breaks and unused bits of the last digit may differ from the canonical form.
        const again = Buffer.from(read).toString("base64");
        assert.equal(again.length, text.replace(/[\r\n]/g, "").length);
      }),
    );
  });
});
