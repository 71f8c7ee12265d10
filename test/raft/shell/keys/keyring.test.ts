import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { SeededRandom } from "../../../../lib/random.ts";
import { DataCipher } from "../../../../raft/shell/keys/data-cipher.ts";
import {
  isLocked,
  nextKey,
  openKeyring,
  saveKeyring,
} from "../../../../raft/shell/keys/keyring.ts";

const random = new SeededRandom("keys");
const context = Buffer.from("here");

describe("DataCipher", () => {
  const keys = [nextKey([], random)];

  it("gives back what it sealed, in another life too, and nothing that was changed", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(), (plain, at) => {
        const sealed = new DataCipher(keys, random).seal(plain, context);
        const other = new DataCipher(keys, random);
        assert.deepEqual(new Uint8Array(other.open(sealed, context) ?? []), plain);
        const broken = Uint8Array.from(sealed);
        broken[at % broken.length] = (broken[at % broken.length] ?? 0) ^ 1;
        assert.equal(other.open(broken, context), undefined);
        assert.equal(other.open(sealed, Buffer.from("elsewhere")), undefined);
      }),
    );
  });

  it("never seals the same bytes to the same form", () => {
    const cipher = new DataCipher(keys, random);
    const forms = new Set<string>();
    for (let i = 0; i < 100; i++)
      forms.add(Buffer.from(cipher.seal(context, context)).toString("hex"));
    assert.equal(forms.size, 100);
  });

  it("seals with the newest key and opens with any it has", () => {
    const cipher = new DataCipher(keys, random);
    const old = cipher.seal(context, context);
    const newer = [...keys, nextKey(keys, random)];
    cipher.use(newer);
    const fresh = cipher.seal(context, context);
    assert.ok(cipher.open(old, context));
    const without = new DataCipher(keys, random);
    assert.equal(without.open(fresh, context), undefined);
    assert.ok(new DataCipher(newer, random).open(fresh, context));
  });
});

describe("the keyring", () => {
  const kek = random.bytes(32);
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "skep-keys-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("makes a key at first and finds it again", async () => {
    const made = openKeyring(directory, null, random);
    const found = openKeyring(directory, null, random);
    assert.equal(made.keys.length, 1);
    assert.deepEqual(
      found.keys.map(({ key }) => Buffer.from(key)),
      made.keys.map(({ key }) => Buffer.from(key)),
    );
    const file = join(directory, "keyring.json");
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  it("opens a locked one only with its key, and does not show the data keys", async () => {
    const { keys } = openKeyring(directory, null, random);
    saveKeyring(directory, keys, kek, random);
    assert.ok(isLocked(directory));
    const locked = { code: "failed-precondition", details: { locked: "true" } };
    assert.throws(() => openKeyring(directory, null, random), locked);
    const wrong = { code: "unauthenticated" };
    assert.throws(() => openKeyring(directory, random.bytes(32), random), wrong);
    const [key] = openKeyring(directory, kek, random).keys;
    assert.deepEqual(Buffer.from(key?.key ?? []), Buffer.from(keys[0]?.key ?? []));
    const text = await readFile(join(directory, "keyring.json"), "utf8");
    assert.ok(!text.includes(Buffer.from(key?.key ?? []).toString("base64")));
  });

  it("ignores a key it does not need", () => {
    openKeyring(directory, null, random);
    assert.equal(openKeyring(directory, kek, random).locked, false);
  });

  it("refuses a damaged file", async () => {
    const { keys } = openKeyring(directory, kek, random);
    saveKeyring(directory, keys, kek, random);
    const path = join(directory, "keyring.json");
    const text = await readFile(path, "utf8");
    await writeFile(path, text.replace(/"key": "..../, '"key": "AAAA'));
    assert.throws(() => openKeyring(directory, kek, random), /damaged/);
    await writeFile(path, "{");
    assert.throws(() => openKeyring(directory, kek, random), /malformed/);
  });
});
