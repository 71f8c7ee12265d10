import assert from "node:assert/strict";
import fc from "fast-check";
import { parseFields } from "../../cli/flags/fields.ts";
import { splitWords } from "../../cli/flags/words.ts";
import { FrameReader } from "../../cli/logs/frames.ts";
import { progressLines } from "../../cli/progress/render.ts";
import { ellipsis } from "../../cli/render/image.ts";
import { renderTable } from "../../cli/render/table.ts";
import { editCapabilities, editPairs } from "../../cli/spec/edit.ts";
import { compileTemplate } from "../../cli/template/evaluate.ts";

const shellQuote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
const csvQuote = (field: string): string => `"${field.replaceAll('"', '""')}"`;

describe("properties", () => {
  it("words survive a shell's quoting", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        assert.deepEqual(splitWords(words.map(shellQuote).join(" ")), words);
      }),
    );
  });

  it("fields survive CSV quoting", () => {
    const value = fc.string();
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), (values) => {
        const flag = values.map((text) => csvQuote(`key=${text}`)).join(",");
        assert.deepEqual(
          parseFields(flag),
          values.map((text) => ["key", text]),
        );
      }),
    );
  });

  it("frames come out alike however the stream is cut", () => {
    const payloads = fc.array(fc.string());
    fc.assert(
      fc.property(payloads, fc.array(fc.nat(40)), (texts, cuts) => {
        const bytes = Buffer.concat(
          texts.map((text) => {
            const payload = Buffer.from(text);
            const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
            header.writeUInt32BE(payload.length, 4);
            return Buffer.concat([header, payload]);
          }),
        );
        const reader = new FrameReader();
        const read: string[] = [];
        let at = 0;
        for (const size of [...cuts, bytes.length]) {
          const frames = reader.push(bytes.subarray(at, at + size));
          read.push(...frames.map(({ payload }) => payload.toString()));
          at += size;
        }
        assert.deepEqual(
          read,
          texts.map((text) => Buffer.from(text).toString()),
        );
      }),
    );
  });

  it("every column of a table begins at the same place in each row", () => {
    const cell = fc.stringMatching(/^[a-z]{0,20}$/);
    const rows = fc.array(fc.tuple(cell, cell, cell), { minLength: 1 });
    fc.assert(
      fc.property(rows, (cells) => {
        const lines = renderTable(cells.map(([a, b, c]) => [a, b, `|${c}`])).split("\n");
        assert.equal(new Set(lines.slice(0, -1).map((line) => line.indexOf("|"))).size, 1);
      }),
    );
  });

  it("text without actions prints as it is", () => {
    const plain = fc.string().filter((text) => !text.includes("{{"));
    fc.assert(
      fc.property(plain, (text) => {
        assert.equal(compileTemplate(text)({}), text);
      }),
    );
  });

  it("no progress line is wider than the terminal", () => {
    const line = fc.record({ id: fc.string(), text: fc.string(), step: fc.nat(9) });
    fc.assert(
      fc.property(fc.array(line), fc.integer({ min: 2, max: 200 }), (lines, columns) => {
        const view = { overall: "overall progress", lines, note: "why", verify: "verify: x" };
        for (const drawn of progressLines(view, columns))
          assert.ok(Array.from(drawn).length < columns);
      }),
    );
  });

  it("an ellipsis keeps to its columns", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 50 }), (text, columns) => {
        assert.ok(Array.from(ellipsis(text, columns)).length <= columns);
      }),
    );
  });

  it("a variable that was added is there once and last, one removed is gone", () => {
    const key = fc.constantFrom("A", "B", "C");
    const pair = fc.tuple(key, fc.string()).map(([name, value]) => `${name}=${value}`);
    fc.assert(
      fc.property(fc.uniqueArray(pair), pair, key, (before, added, removed) => {
        const after = editPairs(before, [added], [removed]);
        const name = added.slice(0, 1);
        assert.deepEqual(
          after.filter((item) => item.startsWith(`${name}=`)),
          [added],
        );
        if (removed !== name) assert.ok(!after.some((item) => item.startsWith(`${removed}=`)));
      }),
    );
  });

  it("no capability is both added and dropped", () => {
    const names = fc.uniqueArray(fc.constantFrom("CAP_A", "CAP_B", "CAP_C", "CAP_D"));
    fc.assert(
      fc.property(names, names, (first, second) => {
        const added = first.filter((name) => !second.includes(name));
        const before = { add: ["CAP_A", "CAP_B"], drop: ["CAP_C"] };
        const after = editCapabilities(before, added, second);
        assert.ok(!after.add.some((name) => after.drop.includes(name)));
      }),
    );
  });
});
