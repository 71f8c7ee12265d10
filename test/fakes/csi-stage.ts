import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../lib/clock.ts";
import { CsiPlugin } from "../../proto/csi-plugin.ts";
import { FakeCsiPlugin } from "./csi-plugin.ts";
import { CsiStorage } from "./csi-storage.ts";

/** A storage, its CSI plugin on a socket in a directory of its own, and a client of it. */
export class CsiStage implements AsyncDisposable {
  readonly storage: CsiStorage;
  readonly plugin: FakeCsiPlugin;
  readonly client: CsiPlugin;
  readonly #dir: string;

  private constructor(dir: string, plugin: FakeCsiPlugin, storage: CsiStorage) {
    this.#dir = dir;
    this.plugin = plugin;
    this.storage = storage;
    this.client = new CsiPlugin({ name: "disks", endpoint: plugin.endpoint }, systemClock);
  }

  static async open(): Promise<CsiStage> {
    const dir = await mkdtemp(join(tmpdir(), "skep-csi-"));
    const storage = new CsiStorage();
    const backend = { controller: storage.controller(), node: storage.node("n1") };
    return new CsiStage(dir, await FakeCsiPlugin.open(join(dir, "csi.sock"), backend), storage);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    this.plugin.crash();
    await rm(this.#dir, { recursive: true });
  }
}
