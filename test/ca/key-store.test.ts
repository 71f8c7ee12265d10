import assert from "node:assert/strict";
import { mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KeyStore } from "../../ca/key-store.ts";
import { systemClock } from "../../lib/clock.ts";
import { isSwarmError } from "../../lib/errors.ts";
import type { TlsMaterial } from "../../proto/node-tls.ts";
import { createTestCa, type TestCa } from "../fakes/certificates.ts";

describe("key store", () => {
  let ca: TestCa;
  let stateDirectory: string;
  let store: KeyStore;
  let first: TlsMaterial;
  let second: TlsMaterial;
  let now: number;
  const path = (name: string): string => join(stateDirectory, "certificates", name);

  async function refused(text: RegExp): Promise<void> {
    await assert.rejects(store.load(), (error) => {
      assert.ok(isSwarmError(error, "failed-precondition"), String(error));
      assert.match(error.message, text);
      assert.doesNotMatch(error.message, /PRIVATE/);
      return true;
    });
  }

  before(async () => {
    ca = await createTestCa();
    first = await ca.issue();
    second = await ca.issue();
  });

  beforeEach(async () => {
    stateDirectory = await mkdtemp(join(tmpdir(), "skep-keys-"));
    now = systemClock.now();
    store = new KeyStore({ stateDirectory }, { clock: { now: () => now } });
  });

  afterEach(() => rm(stateDirectory, { recursive: true }));

  it("has nothing at first, then what was saved last, then nothing again", async () => {
    assert.equal(await store.load(), null);
    await store.save(first);
    assert.deepEqual(await store.load(), first);
    await store.save(second);
    assert.deepEqual(await store.load(), second);
    await store.clear();
    assert.equal(await store.load(), null);
  });

  it("keeps the key to its owner, under swarm mode's file names", async () => {
    await store.save(first);
    const names = ["swarm-node.crt", "swarm-node.key", "swarm-root-ca.crt"];
    assert.deepEqual((await readdir(join(stateDirectory, "certificates"))).sort(), names);
    const modes = await Promise.all(
      names.map(async (name) => (await stat(path(name))).mode & 0o777),
    );
    assert.deepEqual(modes, [0o644, 0o600, 0o644]);
  });

  it("completes a renewal that a crash stopped between certificate and key", async () => {
    await store.save(first);
    await store.save(second);
    await rename(path("swarm-node.key"), path("swarm-node.key.next"));
    await writeFile(path("swarm-node.key"), first.key);
    assert.deepEqual(await store.load(), second);
    assert.deepEqual(await store.load(), second);
    assert.ok(
      !(await readdir(join(stateDirectory, "certificates"))).includes("swarm-node.key.next"),
    );
  });

  it("keeps the old pair when a crash came before the new certificate", async () => {
    await store.save(first);
    await writeFile(path("swarm-node.key.next"), second.key);
    assert.deepEqual(await store.load(), first);
    await store.save(second);
    assert.deepEqual(await store.load(), second);
  });

  it("has nothing when a crash came before the first certificate", async () => {
    await store.save(first);
    await rename(path("swarm-node.key"), path("swarm-node.key.next"));
    await rm(path("swarm-node.crt"));
    assert.equal(await store.load(), null);
  });

  it("names the file that is missing, and what to do", async () => {
    for (const name of ["swarm-node.crt", "swarm-node.key", "swarm-root-ca.crt"]) {
      await store.save(first);
      await rm(path(name));
      await refused(new RegExp(`${name} is missing.*swarm leave --force`));
    }
  });

  it("refuses a key, a certificate and roots that do not belong together", async () => {
    await store.save(first);
    await writeFile(path("swarm-node.key"), second.key);
    await refused(/swarm-node.key is not the key of swarm-node.crt/);
    await writeFile(path("swarm-node.key"), "nonsense");
    await refused(/swarm-node.key is not the key/);
    await store.save(first);
    await writeFile(path("swarm-node.crt"), "nonsense");
    await refused(/swarm-node.crt is damaged/);
    await store.save({ ...first, roots: (await createTestCa()).root.certificate });
    await refused(/does not lead to a root/);
  });

  it("refuses an expired certificate, unless told to accept it", async () => {
    await store.save(first);
    now += 25 * 3_600_000;
    await refused(/expired at .* while the node was off.*swarm leave --force/);
    assert.deepEqual(await store.load("accept"), first);
  });

  it("says that the clock is wrong when the certificate is from the future", async () => {
    await store.save(first);
    now -= 2 * 3_600_000;
    await refused(/this machine's clock says .* Set the clock/);
  });

  it("tells why a file cannot be read", async () => {
    await writeFile(join(stateDirectory, "certificates"), "");
    await refused(/cannot read .*swarm/);
  });
});
