import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../../../../lib/log.ts";
import { ImageBook } from "../../../../../worker/runtime/docker/images/image-book.ts";

describe("the list of pulled images", () => {
  let dir: string;
  const open = (): ImageBook => new ImageBook(join(dir, "images.json"), silentLog);

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "skep-book-"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it("is on disk as soon as an image was pulled", () => {
    open().pulled("a", "app:1", 7);
    assert.deepEqual(open().all(), [{ id: "a", references: ["app:1"], usedAtMs: 7 }]);
  });

  it("lets a tag name one image only: that which was pulled last", () => {
    const book = open();
    book.pulled("a", "app:1", 1);
    book.pulled("a", "app:2", 2);
    book.pulled("b", "app:1", 3);
    assert.deepEqual(book.all(), [
      { id: "a", references: ["app:2"], usedAtMs: 2 },
      { id: "b", references: ["app:1"], usedAtMs: 3 },
    ]);
  });

  it("notes the use of what it holds, and of nothing else", () => {
    const book = open();
    book.pulled("a", "app:1", 1);
    for (const id of ["a", "b"]) book.used(id, 9);
    book.save();
    assert.deepEqual(open().all(), [{ id: "a", references: ["app:1"], usedAtMs: 9 }]);
  });

  it("starts anew where its file is damaged or gone: no image is taken for ours by mistake", () => {
    open().pulled("a", "app:1", 1);
    writeFileSync(join(dir, "images.json"), '{"images": [{"id"');
    assert.deepEqual(open().all(), []);
  });

  it("is bounded, and then forgets what was unused longest", () => {
    const book = open();
    for (let i = 0; i < 1_005; i++) book.pulled(`i${i}`, `app:${i}`, i);
    assert.equal(book.all().length, 1_000);
    assert.equal(book.has("i4"), false);
    assert.equal(book.has("i5"), true);
  });
});
